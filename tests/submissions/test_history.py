"""A history holds one's own and one's team's, in order, and of scores no more than a submission's page."""

import pytest

from app.db import now
from app.submissions.history import history_of
from app.submissions.models import Evaluation, Mark


def score(value: float) -> dict:
    return {"final": {"value": value, "ci95": [value - 0.1, value + 0.1]}}


@pytest.fixture
def scored(session, world):
    """A submission with a whole and a public score."""

    def make(who, value: float):
        row = world.submit(who, content=str(value).encode())
        found = session.get_one(Evaluation, row.evaluation.id)
        found.report, found.public_report = score(value), score(value / 2)
        found.state, found.final, found.finished_at = "scored", value, now(session)
        session.flush()
        return row

    return make


def test_in_order_with_marks_and_without_others(session, world, scored):
    ada, ben = world.entrant(), world.entrant()
    first, second = scored(ada, 0.25), scored(ada, 0.5)
    scored(ben, 0.75)
    world.submit(ada, content=b"waits")
    session.add(Mark(submission_id=first.id, withdrawn_at=now(session), reason=""))
    session.flush()
    found = history_of(session, ada, world.phase)
    assert [point.final for point in found.items] == [0.25, 0.5, None]
    assert [point.withdrawn for point in found.items] == [True, False, False]
    assert (found.items[1].ref, found.items[1].ci95) == (second.ref, (0.4, 0.6))


@pytest.mark.parametrize(("ladder", "final"), [(False, 0.25), (True, None)])
def test_hidden_items_and_ladders_stay_hidden(session, world, scored, ladder, final):
    ada = world.entrant()
    world.phase.split, world.phase.board = {"share": 0.5, "seed": 1}, {"ladder": ladder}
    scored(ada, 0.5)
    found = history_of(session, ada, world.phase)
    assert ([point.final for point in found.items], found.shown) == ([final], not ladder)


def test_a_preview_of_a_rescoring_is_not_seen(session, world, scored):
    ada = world.entrant()
    row = scored(ada, 0.5)
    first = row.evaluation
    session.add(
        Evaluation(
            submission_id=row.id, version=2, truth_id=first.truth_id, plan=first.plan, state="scored", final=0.9,
            report=score(0.9), queued_at=now(session), announce_at=now(session), finished_at=now(session),
        )
    )  # fmt: skip
    session.flush()
    assert [point.final for point in history_of(session, ada, world.phase).items] == [0.5]
