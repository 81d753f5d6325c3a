"""Submitting: a key is one submission, however often and at once it is sent."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, update

from app import db
from app.submissions import service
from app.submissions.errors import IdempotencyConflict
from app.submissions.models import Evaluation


def finish(session, submission, state, **values) -> None:
    session.execute(
        update(Evaluation)
        .where(Evaluation.submission_id == submission.id)
        .values(state=state, finished_at=func.clock_timestamp(), **values)
    )
    session.expire_all()


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


def test_one_key_fifty_times_at_once_is_one_submission(committed):
    from tests.conftest import World

    with db.Session.begin() as session:
        who = World(session).entrant()

    def one(_: int) -> str:
        with db.Session.begin() as session:
            return service.submit(session, who, "pairs", "main", service.Received("0" * 64, 1, "x"), "", "k")[0].ref

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(one, range(50)))) == 1
