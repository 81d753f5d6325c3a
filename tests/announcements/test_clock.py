"""A phase's beginning and end are told once to each participant, late if need be, but nothing that is long past."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text

from app.announcements import clock
from app.db import now
from app.messages.models import Mail
from tests.messages.server import mail_on


@pytest.fixture(autouse=True)
def mail(monkeypatch):
    mail_on(monkeypatch)


def told(session) -> list[tuple[str, int]]:
    clock.tell(session)
    rows = session.execute(select(Mail.kind, Mail.account_id).order_by(Mail.kind.desc(), Mail.account_id))
    return [(row.kind, row.account_id) for row in rows]


def test_each_is_told_once_when_it_opens_and_once_when_it_closes(session, world):
    ada, ben = world.entrant().account_id, world.entrant().account_id
    world.phase.starts_at = now(session) + timedelta(hours=1)
    assert told(session) == []
    world.phase.starts_at = now(session) - timedelta(seconds=1)
    opened = [("phase_opened", ada), ("phase_opened", ben)]
    assert told(session) == opened
    late = world.entrant().account_id
    assert told(session) == opened, "who comes later is not told of what he sees"
    world.phase.ends_at = now(session) - timedelta(milliseconds=1)
    closed = [("phase_closed", ada), ("phase_closed", ben), ("phase_closed", late)]
    assert told(session) == opened + closed
    world.phase.ends_at = now(session) - timedelta(microseconds=1)
    assert told(session) == opened + closed
    texts = session.scalars(select(Mail.text).where(Mail.kind == "phase_closed")).all()
    assert "https://palmares.example.org/competitions/pairs?phase=main" in texts[0]


def test_of_a_deleted_competition_nothing_is_told(session, world):
    world.entrant()
    world.phase.starts_at = now(session) - timedelta(hours=1)
    world.competition.deleted_at = now(session)
    session.flush()
    assert told(session) == []
    world.competition.deleted_at = None
    session.flush()
    assert [kind for kind, _ in told(session)] == ["phase_opened"]


@pytest.mark.parametrize(
    ("started", "ended", "kinds"),
    [
        (timedelta(hours=23), None, ["phase_opened"]),
        (timedelta(hours=25), None, []),
        (timedelta(days=9), timedelta(hours=23), ["phase_closed"]),
        (timedelta(days=9), timedelta(hours=25), []),
        (timedelta(hours=3), timedelta(hours=2), ["phase_closed"]),
    ],
)
def test_after_a_time_without_scheduler_only_fresh_news_are_told(session, world, started, ended, kinds):
    world.entrant()
    world.phase.starts_at = now(session) - started
    world.phase.ends_at = now(session) - ended if ended else None
    assert [kind for kind, _ in told(session)] == kinds


def test_only_the_approved_are_told_and_nothing_while_mail_is_off(session, world, monkeypatch):
    from app.competitions import people
    from app.settings import settings

    people.decide(session, world.organizer, "pairs", world.entrant().username, {"status": "denied"})
    session.query(Mail).delete()
    monkeypatch.setattr(settings(), "smtp_url", None)
    assert told(session) == []
    mail_on(monkeypatch)
    assert told(session) == []


def test_two_schedulers_tell_it_once(servers):
    from app.accounts.models import Account
    from app.competitions.models import Competition, Participation, Phase
    from app.db import Session

    with Session.begin() as session:
        ada = Account(username="ada", email="ada@example.org", password_hash="-")
        session.add(ada)
        session.flush()
        competition = Competition(slug="twice", title="Twice", organizer_id=ada.id, pages=[])
        session.add(competition)
        session.flush()
        session.add(Participation(competition_id=competition.id, account_id=ada.id, status="approved"))
        session.add(Phase(competition_id=competition.id, slug="a", name="A", index=0, starts_at=now(session), plan={}))
    try:
        with Session.begin() as first, ThreadPoolExecutor(1) as pool:
            assert told(first) == [("phase_opened", ada.id)]
            second = pool.submit(_tell_in_own_transaction)
            while not _somebody_waits():
                assert not second.done(), "the second one must wait for the first"
            first.commit()
            second.result(20)
        with Session.begin() as session:
            assert session.scalars(select(Mail.account_id)).all() == [ada.id]
    finally:
        with Session.begin() as session:
            session.execute(delete(Mail))
            session.execute(delete(Participation).where(Participation.account_id == ada.id))
            session.execute(delete(Competition).where(Competition.slug == "twice"))
            session.execute(delete(Account).where(Account.id == ada.id))


def _tell_in_own_transaction() -> None:
    from app.db import Session

    with Session.begin() as session:
        clock.tell(session)


def _somebody_waits() -> bool:
    from app.db import Session

    with Session.begin() as session:
        waits = text("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
        return session.execute(waits).scalar_one()
