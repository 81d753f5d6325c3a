"""Rank intervals and ties on a real board: who is compared, what is kept, and what incomparable entries do."""

import json
import struct

import pytest
from sqlalchemy import func, select, update

from app import storage
from app.competitions.models import Truth
from app.leaderboards import ranking, service
from app.leaderboards.routes import as_csv
from app.leaderboards.showing import Asked, board_of
from app.submissions.models import Evaluation

N = 100


def score(session, world, who, right: int | list[bool], **more):
    """A scored submission with so many right choices of 100, from the first item on, or with these."""
    marks = right if isinstance(right, list) else [number < right for number in range(N)]
    finals = [float(mark) for mark in marks]
    submission = world.submit(who)
    lines = [
        {"item_id": f"p_{number:03d}", "category": "person", "answer_correct": bool(value), "explanation": value,
         "final": value}
        for number, value in enumerate(finals)
    ]  # fmt: skip
    one = {"value": sum(finals) / N, "ci95": [0.0, 1.0]}
    values = {
        "state": "scored", "final": sum(finals) / N, "finished_at": func.clock_timestamp(),
        "report": {"final": one, "accuracy": one, "explanation": one},
        "items_sha256": storage.put("".join(json.dumps(line) + "\n" for line in lines).encode()),
        "item_finals": struct.pack(f"<{N}d", *finals), "item_categories": ["person"] * N, **more,
    }  # fmt: skip
    session.execute(update(Evaluation).where(Evaluation.id == submission.evaluation.id).values(**values))
    service.place(session, submission.evaluation.id)
    session.commit()
    session.expire_all()
    return submission


@pytest.fixture(autouse=True)
def forgotten():
    ranking._known.clear()


def told(board) -> list[tuple]:
    return [(row.rank, row.shown_rank, row.rank_ci95 and tuple(row.rank_ci95)) for row in board.rows]


def test_neighbours_one_item_apart_are_tied_and_a_clear_last_is_not(session, world):
    for right in (90, 91, 40):
        score(session, world, world.entrant(), right)
    board = board_of(None, Asked("pairs", "main"))
    assert told(board) == [(1, "1-2", (1, 1)), (2, "1-2", (1, 2)), (3, "3", (3, 3))]
    assert board.rows[0].p_first == 1.0
    head, first, *_ = as_csv(board).splitlines()
    assert head.startswith("rank,participant,final,")
    assert head.endswith(",ref,shown_rank,rank_low,rank_high,p_first,baseline")
    assert first.endswith(",1-2,1,1,1.0,False")


@pytest.mark.parametrize("why", ["no values", "other truth", "other plan"])
def test_what_cannot_be_compared_has_no_interval_and_keeps_its_place(session, world, why):
    more = {"item_finals": None, "item_categories": None} if why == "no values" else {}
    if why == "other truth":
        old = Truth(
            phase_id=world.phase.id, number=9, sha256="0" * 64, item_ids=[], created_by=world.organizer.account_id
        )
        session.add(old)
        session.flush()
        more = {"truth_id": old.id}
    if why == "other plan":
        more = {"plan": {**world.phase.plan, "gate": False}}
    score(session, world, world.entrant(), 95)
    score(session, world, world.entrant(), 70, **more)
    score(session, world, world.entrant(), 30)
    assert told(board_of(None, Asked("pairs", "main"))) == [(1, "1", (1, 1)), (2, None, None), (3, "3", (3, 3))]


def test_only_a_change_of_what_counts_is_computed_again(session, world, monkeypatch):
    computed = []
    real = ranking._computed
    monkeypatch.setattr(ranking, "_computed", lambda *asked: computed.append(asked) or real(*asked))
    who = world.entrant()
    score(session, world, who, 80)
    board_of(None, Asked("pairs", "main"))
    score(session, world, who, 20)  # another version of the board, the same entry counts
    board_of(None, Asked("pairs", "main"))
    assert len(computed) == 1
    score(session, world, who, 85)
    board_of(None, Asked("pairs", "main"))
    assert len(computed) == 2


def test_the_number_of_entries_is_bounded(session, world, monkeypatch):
    monkeypatch.setattr(ranking, "TOP", 2)
    for right in (90, 60, 30):
        score(session, world, world.entrant(), right)
    assert [place for _, place, _ in told(board_of(None, Asked("pairs", "main")))] == ["1", "2", None]


def test_evaluations_are_read_without_their_items(session, world):
    submission = score(session, world, world.entrant(), 50)
    session.expire_all()
    evaluation = session.scalars(select(Evaluation).where(Evaluation.submission_id == submission.id)).one()
    assert "item_finals" not in evaluation.__dict__
