"""The service's own record: numbers of what waits, took and failed, and none of what a preview does."""

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from app.db import now
from app.submissions import evaluation as machine
from app.submissions.errors import ScoringFailed
from app.submissions.models import Evaluation, Heartbeat
from app.submissions.record import record


def ago(session, seconds: float):
    return now(session) - timedelta(seconds=seconds)


def stamped(session, world, state: str = "scored", **seconds: float) -> Evaluation:
    """An evaluation of which each stamp is so many seconds ago."""
    found = world.submit(world.entrant()).evaluation
    values = {f"{name}_at": ago(session, back) for name, back in seconds.items()}
    more = {"final": 0.5} if state == "scored" else {"problem": ScoringFailed("x").as_problem()}
    session.execute(update(Evaluation).where(Evaluation.id == found.id).values(state=state, **values, **more))
    return found


def test_an_empty_server_says_nothing_it_does_not_know(session, world):
    told = record(session)
    assert [(one["stage"], one["waiting"], one["oldest_seconds"]) for one in told["stages"]] == [
        ("validate", 0, 0.0), ("score", 0, 0.0)
    ]  # fmt: skip
    assert told["to_score"] == {"count": 0, "p50": None, "p95": None, "max": None}
    assert (told["ended"], told["failures"]) == ({}, {})


def test_spans_are_those_of_the_stages(session, world):
    for extra in (0, 0, 8):
        stamped(session, world, queued=20 + extra, validating=18, ready=17, scoring=15, finished=10)
    old = timedelta(hours=25).total_seconds()
    stamped(session, world, queued=old + 999, validating=old + 9, ready=old + 8, scoring=old + 7, finished=old)
    stamped(session, world, "failed", queued=50, validating=40, finished=5)
    told = record(session)
    validate, score = told["stages"]
    assert validate["wait"]["max"] == pytest.approx(10, abs=1e-2)
    assert (score["wait"]["p50"], score["work"]["p50"]) == (pytest.approx(2, abs=1e-2), pytest.approx(5, abs=1e-2))
    assert told["to_score"]["count"] == 3
    assert (told["to_score"]["p50"], told["to_score"]["max"]) == (
        pytest.approx(10, abs=1e-2),
        pytest.approx(18, abs=1e-2),
    )
    assert told["ended"] == {"scored": 3, "failed": 1}
    assert told["failures"] == {"scoring_failed": 1}


def test_what_waits_and_who_works(session, world):
    waiting, running = (world.submit(world.entrant()).evaluation for _ in range(2))
    session.execute(update(Evaluation).where(Evaluation.id == waiting.id).values(queued_at=ago(session, 90)))
    machine.claim(session, running.id, "validate")
    hidden = world.submit(world.entrant()).evaluation
    session.execute(update(Evaluation).where(Evaluation.id == hidden.id).values(priority=1))
    for name, queue, state, back in (
        ("a", "validate", "ready", 1), ("b", "score", "ready", 1), ("c", "score", "drained", 1),
        ("d", "score", "ready", 90),
    ):  # fmt: skip
        session.add(Heartbeat(worker=name, queue=queue, state=state, seen_at=ago(session, back)))
    session.flush()
    told = record(session)
    first = told["stages"][0]
    assert (first["running"], first["oldest_seconds"]) == (1, pytest.approx(90, abs=1))
    assert told["workers"] == {"validate": 1, "score": 1, "drained": 1}
    assert session.scalar(func.count(Heartbeat.worker)) == 4
