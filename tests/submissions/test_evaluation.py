"""The state machine: who may take what, and that a late worker changes nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.exc import IntegrityError

from app.broker import SCORE, VALIDATE
from app.settings import settings
from app.submissions import evaluation as machine
from app.submissions import service
from app.submissions.errors import ScoringFailed
from app.submissions.models import Evaluation


def fresh(session, world) -> Evaluation:
    return world.submit(world.entrant()).evaluation


def expire(session, evaluation) -> None:
    past = func.clock_timestamp() - timedelta(seconds=1)
    session.execute(update(Evaluation).where(Evaluation.id == evaluation.id).values(lease_until=past, announce_at=past))
    session.expire_all()


def test_only_one_claims_and_only_its_stage(session, world):
    evaluation = fresh(session, world)
    assert machine.claim(session, evaluation.id, "score") is None
    assert machine.claim(session, evaluation.id, "validate") == 1
    assert machine.claim(session, evaluation.id, "validate") is None
    session.expire_all()
    assert evaluation.state == "validating"
    assert evaluation.validating_at is not None


def test_a_worker_that_outlived_its_lease_is_fenced_out(session, world):
    evaluation = fresh(session, world)
    first = machine.claim(session, evaluation.id, "validate")
    expire(session, evaluation)
    second = machine.claim(session, evaluation.id, "validate")
    assert (first, second) == (1, 2)
    assert not machine.finish(session, evaluation.id, "validate", first, "invalid")
    assert machine.finish(session, evaluation.id, "validate", second, "ready")
    assert machine.release(session, evaluation.id, "validate", first, ScoringFailed()) is None
    session.expire_all()
    assert evaluation.state == "ready"


def test_failures_of_ours_are_tried_again_then_failed_with_a_reason(session, world):
    evaluation = fresh(session, world)
    for round_ in range(1, settings().attempts + 1):
        attempt = machine.claim(session, evaluation.id, "validate")
        assert attempt == round_
        state = machine.release(session, evaluation.id, "validate", attempt, ScoringFailed("x"))
        assert state == ("failed" if round_ == settings().attempts else "queued")
    session.expire_all()
    assert evaluation.problem["code"] == "scoring_failed"
    assert evaluation.finished_at is not None


def test_the_sweeper_returns_what_was_lost_and_fails_what_is_lost_for_ever(session, world):
    evaluation = fresh(session, world)
    for _ in range(settings().attempts - 1):
        machine.claim(session, evaluation.id, "validate")
        expire(session, evaluation)
        assert (VALIDATE, evaluation.id) in machine.sweep(session)
        session.expire_all()
        assert evaluation.state == "queued"
    machine.claim(session, evaluation.id, "validate")
    expire(session, evaluation)
    machine.sweep(session)
    session.expire_all()
    assert evaluation.state == "failed"
    assert evaluation.problem["code"] == "worker_lost"


def test_the_sweeper_rings_with_growing_pauses_and_leaves_the_living_alone(session, world):
    evaluation = fresh(session, world)
    assert machine.sweep(session) == []  # the first ring is on its way
    expire(session, evaluation)
    assert machine.sweep(session) == [(VALIDATE, evaluation.id)]
    assert machine.sweep(session) == []
    attempt = machine.claim(session, evaluation.id, "validate")
    assert machine.sweep(session) == []
    machine.finish(session, evaluation.id, "validate", attempt, "ready")
    expire(session, evaluation)
    assert machine.sweep(session) == [(SCORE, evaluation.id)]


def test_a_renewed_lease_is_left_alone_and_a_lost_one_cannot_be_renewed(session, world):
    evaluation = fresh(session, world)
    attempt = machine.claim(session, evaluation.id, "validate")
    expire(session, evaluation)
    assert machine.renew(session, evaluation.id, "validate", attempt)
    assert machine.sweep(session) == []
    expire(session, evaluation)
    machine.sweep(session)
    assert not machine.renew(session, evaluation.id, "validate", attempt)


def test_cancelling_fences_the_worker_out(session, world):
    evaluation = fresh(session, world)
    attempt = machine.claim(session, evaluation.id, "validate")
    assert machine.cancel(session, evaluation.id)
    assert not machine.cancel(session, evaluation.id)
    assert not machine.finish(session, evaluation.id, "validate", attempt, "ready")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evaluations SET state = 'queued', finished_at = NULL",
        "UPDATE evaluations SET problem = '{}'",
        "UPDATE submissions SET message = 'other'",
    ],
)
def test_the_database_itself_keeps_what_is_final(session, world, change):
    evaluation = fresh(session, world)
    machine.cancel(session, evaluation.id)
    with pytest.raises(IntegrityError, match="is final"):
        session.execute(text(change))


@pytest.mark.parametrize("value", ["'NaN'", "'Infinity'", "1.1", "-0.1"])
def test_no_number_beyond_its_range_is_ever_a_score(session, world, value):
    evaluation = fresh(session, world)
    change = f"UPDATE evaluations SET state = 'scored', finished_at = now(), final = {value} WHERE id = {evaluation.id}"  # noqa: S608
    with pytest.raises(IntegrityError, match="final_in_range"):
        session.execute(text(change))


def served(session, stage: str = "validate") -> int:
    """Take the next in turn; its id."""
    taken = machine.next_in_turn(session, stage)
    assert machine.claim(session, taken, stage) is not None
    return taken


def sent(session, world, who, count: int) -> list[int]:
    return [world.submit(who, content=f"{who.username} {number}".encode()).evaluation.id for number in range(count)]


def test_many_of_one_stand_behind_the_first_of_another(session, world):
    ada, ben, eve = (world.entrant() for _ in range(3))
    many = sent(session, world, ada, 8)
    assert [served(session) for _ in range(3)] == many[:3]
    for ended in many[:2]:
        machine.finish(session, ended, "validate", 1, "invalid")
    one, two = sent(session, world, ben, 1), sent(session, world, eve, 3)
    order = [served(session) for _ in range(9)]
    assert order == [one[0], two[0], many[3], two[1], many[4], two[2], *many[5:]]
    assert machine.next_in_turn(session, "validate") is None


def test_who_has_much_at_work_waits_for_who_has_nothing(session, world):
    ada, ben = world.entrant(), world.entrant()
    sent(session, world, ada, 4)
    for _ in range(4):
        served(session)
    late, first = sent(session, world, ada, 1), sent(session, world, ben, 1)
    assert [served(session), served(session)] == first + late


def test_a_place_in_the_queue_is_the_place_by_turn(session, world):
    ada, ben = world.entrant(), world.entrant()
    many = sent(session, world, ada, 3)
    one = sent(session, world, ben, 1)
    places = {number: service.queue_place(session, session.get_one(Evaluation, number)) for number in many + one}
    assert places == {many[0]: (1, 4), one[0]: (2, 4), many[1]: (3, 4), many[2]: (4, 4)}


def test_pauses_are_kept_and_re_scorings_are_not_in_turn(session, world):
    ada = world.entrant()
    first, second = sent(session, world, ada, 2)
    attempt = machine.claim(session, first, "validate")
    machine.release(session, first, "validate", attempt, ScoringFailed("x"))
    assert served(session) == second
    assert machine.next_in_turn(session, "validate") is None, "the first one rests after its failure"
    expire(session, session.get_one(Evaluation, first))
    session.execute(update(Evaluation).where(Evaluation.id == first).values(lease_until=None))
    assert machine.next_in_turn(session, "validate") == first
    session.execute(update(Evaluation).where(Evaluation.id == first).values(priority=1))
    assert machine.next_in_turn(session, "validate") is None
