"""The clock's round: a start that was missed is made up for, once, and the rings go out after the commit."""

from datetime import timedelta

from sqlalchemy import select

from app.broker import VALIDATE
from app.competitions.models import Competition
from app.db import now
from tests.leaderboards.test_carrying import carried_into, next_phase, scored
from workers import phases


def test_a_start_that_the_scheduler_slept_through_is_made_up_for_once(session, world, monkeypatch):
    rung = []
    monkeypatch.setattr(phases, "nudge", lambda task, evaluation_id: rung.append((task, evaluation_id)) or True)
    scored(session, world, world.entrant(), 0.5)
    final = next_phase(session, world, timedelta(days=-2))
    final.ends_at = now(session) - timedelta(days=1)
    session.commit()
    phases.by_the_clock()
    phases.by_the_clock()
    [carried] = carried_into(session, final)
    assert rung == [(VALIDATE, carried.evaluation.id)]


def test_a_deleted_competition_carries_nothing_and_goes_after_the_grace(session, world):
    scored(session, world, world.entrant(), 0.5)
    final = next_phase(session, world)
    world.competition.deleted_at = now(session)
    session.commit()
    phases.by_the_clock()
    assert carried_into(session, final) == []
    world.competition.deleted_at = now(session) - timedelta(days=31)
    session.commit()
    phases.by_the_clock()
    assert session.scalar(select(Competition.id)) is None
