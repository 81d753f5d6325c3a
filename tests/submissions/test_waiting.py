"""The expected time: from what the last ones took, the workers that were heard of, and the place; else nothing."""

from datetime import timedelta

import pytest

from app.db import now
from app.submissions.models import Evaluation, Heartbeat
from app.submissions.waiting import expected_seconds


@pytest.fixture
def judged(session, world):
    """Leaves so many submissions whose check took 1 s and whose scoring 4 s, ended `ago`."""

    def leave(count: int, ago: timedelta = timedelta(minutes=5)) -> None:
        who = world.entrant()
        for number in range(count):
            found = session.get_one(Evaluation, world.submit(who, content=b"%d" % number).evaluation.id)
            end = now(session) - ago
            found.validating_at, found.ready_at = end - timedelta(seconds=9), end - timedelta(seconds=8)
            found.scoring_at, found.finished_at = end - timedelta(seconds=4), end
            found.state, found.final = "scored", 0.5
        session.flush()

    return leave


@pytest.fixture
def heard(session):
    """Heartbeats of so many workers of each queue."""

    def hear(checkers: int, scorers: int) -> None:
        for queue, count in (("validate", checkers), ("score", scorers)):
            for number in range(count):
                session.add(
                    Heartbeat(worker=f"{queue}{number}", queue=queue, seen_at=now(session), device="cpu", model="")
                )
        session.flush()

    return hear


def waiting(session, world, state: str = "queued") -> Evaluation:
    found = session.get_one(Evaluation, world.submit(world.entrant()).evaluation.id)
    found.state = state
    session.flush()
    return found


@pytest.mark.parametrize(
    ("state", "place", "scorers", "seconds"),
    [("ready", 1, 1, 4), ("ready", 5, 1, 20), ("ready", 5, 2, 12), ("queued", 1, 1, 5), ("queued", 10, 1, 41)],
)
def test_the_work_ahead_over_the_workers(session, world, judged, heard, state, place, scorers, seconds):
    judged(5)
    heard(1, scorers)
    assert expected_seconds(session, waiting(session, world, state), (place, 10)) == seconds


@pytest.mark.parametrize(
    ("count", "ago", "scorers", "place", "priority"),
    [
        (4, timedelta(minutes=5), 1, (1, 1), 0),
        (5, timedelta(days=2), 1, (1, 1), 0),
        (5, timedelta(minutes=5), 0, (1, 1), 0),
        (5, timedelta(minutes=5), 1, None, 0),
        (5, timedelta(minutes=5), 1, (1, 1), 1),
    ],
)
def test_where_nobody_can_tell_nothing_is_said(session, world, judged, heard, count, ago, scorers, place, priority):
    judged(count, ago)
    heard(1, scorers)
    found = waiting(session, world)
    found.priority = priority
    assert expected_seconds(session, found, place) is None
