"""Limits: never exceeded by parallel posts, never lost after a failure of ours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import db
from app.submissions import service
from app.submissions.errors import IdempotencyConflict, LimitReached
from app.submissions.models import Evaluation, Submission


def finish(session, submission, state, **values) -> None:
    session.execute(
        update(Evaluation)
        .where(Evaluation.submission_id == submission.id)
        .values(state=state, finished_at=func.clock_timestamp(), **values)
    )
    session.expire_all()


def test_failed_and_cancelled_cost_nothing_and_invalid_ones_have_their_own_allowance(session, world):
    world.phase.max_submissions_per_day, world.phase.max_submissions = 2, 3
    who = world.entrant()
    finish(session, world.submit(who), "failed", problem={"code": "worker_lost"})
    finish(session, world.submit(who), "cancelled")
    finish(session, world.submit(who), "invalid")
    one = world.submit(who)
    participation = one.participation
    limits = service.limits_of(session, world.phase, participation)
    assert (limits.day_used, limits.day_left, limits.total_left, limits.invalid_used) == (1, 1, 2, 1)
    assert limits.next_possible_at == limits.moment
    world.submit(who)
    with pytest.raises(LimitReached) as refused:
        world.submit(who)
    midnight = limits.moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert refused.value.extra["next_possible_at"] == midnight.isoformat()


def test_the_total_says_never_again(session, world):
    world.phase.max_submissions = 1
    who = world.entrant()
    world.submit(who)
    with pytest.raises(LimitReached) as refused:
        world.submit(who)
    assert refused.value.extra["next_possible_at"] is None


def test_a_key_is_one_submission(session, world):
    who = world.entrant()
    first = world.submit(who, key="k", content=b"one")
    assert world.submit(who, key="k", content=b"one").ref == first.ref
    with pytest.raises(IdempotencyConflict):
        world.submit(who, key="k", content=b"two")
    assert world.submit(world.entrant(), key="k", content=b"two").ref != first.ref


@pytest.mark.parametrize(("state", "again"), [("failed", True), ("cancelled", True), ("invalid", False)])
def test_after_a_failure_of_ours_the_key_is_free(session, world, state, again):
    who = world.entrant()
    first = world.submit(who, key="k", content=b"one")
    finish(session, first, state, problem={"code": "x"})
    assert (world.submit(who, key="k", content=b"one").ref != first.ref) is again


@pytest.mark.parametrize("limit", [1, 5])
def test_forty_at_once_never_exceed_the_limit(committed, limit):
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        world.phase.max_submissions_per_day = limit
        who = world.entrant()

    def one(number: int) -> bool:
        try:
            with db.Session.begin() as session:
                service.submit(session, who, "pairs", "main", service.Received("0" * 64, 1, "x"), "", str(number))
        except LimitReached:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        accepted = sum(pool.map(one, range(40)))
    with db.Session.begin() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == accepted == limit


def test_one_key_forty_times_at_once_is_one_submission(committed):
    from tests.conftest import World

    with db.Session.begin() as session:
        who = World(session).entrant()

    def one(_: int) -> str:
        with db.Session.begin() as session:
            return service.submit(session, who, "pairs", "main", service.Received("0" * 64, 1, "x"), "", "k")[0].ref

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(one, range(40)))) == 1
