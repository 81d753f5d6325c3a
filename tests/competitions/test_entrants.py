"""The entrant's lock: it is the right one also where somebody changes teams while it is waited for."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep

import pytest
from sqlalchemy import select, text, update

from app import db
from app.competitions import entrants
from app.competitions.models import Participation, Team

NAMES = (None, "one", "two")


@pytest.mark.parametrize("after", NAMES)
@pytest.mark.parametrize("before", NAMES)
def test_the_lock_follows_the_membership(committed, before, after):
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        ids = [joined(session, world) for _ in range(3)]
        made = {}
        for name, lead in zip(("one", "two"), ids[1:], strict=True):
            made[name] = Team(ref=name, competition_id=world.competition.id, name=name, lead_id=lead)
        session.add_all(made.values())
        session.flush()
        teams = {None: None} | {name: team.id for name, team in made.items()}
        move(session, ids[0], teams[before])
    with ThreadPoolExecutor(1) as pool, db.Session() as other:
        lock(other, teams[before], ids[0])
        waiting = pool.submit(held_rows, ids[0], teams)
        wait_for_a_lock(other)
        move(other, ids[0], teams[after])
        other.commit()
        assert waiting.result() == {after} - {None}


def joined(session, world) -> int:
    who = world.entrant()
    return session.scalars(select(Participation.id).where(Participation.account_id == who.account_id)).one()


def move(session, participation_id: int, team_id: int | None) -> None:
    session.execute(update(Participation).where(Participation.id == participation_id).values(team_id=team_id))


def lock(session, team_id: int | None, participation_id: int) -> None:
    """As a change of teams does."""
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update())
    session.execute(select(Participation.id).where(Participation.id == participation_id).with_for_update())


def wait_for_a_lock(session) -> None:
    """Until somebody waits for what this session holds."""
    end = monotonic() + 5
    while not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
        assert monotonic() < end, "nobody waits"
        sleep(0.01)


def held_rows(participation_id: int, teams: dict[str | None, int | None]) -> set[str]:
    """The teams that nobody else can lock while the entrant is held; its participation must be among the locked."""
    with db.Session.begin() as session:
        mine = session.get_one(Participation, participation_id)
        entrants.hold(session, mine)
        with others() as session_2:
            free = set(session_2.scalars(select(Team.ref).with_for_update(skip_locked=True)))
            rows = select(Participation.id).where(Participation.id == participation_id)
            assert session_2.scalar(rows.with_for_update(skip_locked=True)) is None
        return {name for name in teams if name is not None} - free


@contextmanager
def others() -> Iterator[db.OrmSession]:
    with db.Session() as session:
        yield session
        session.rollback()
