"""The tasks in this process: a split phase is judged once, and its parts are kept and placed."""

import pytest

from app.leaderboards.board import rows_of
from app.leaderboards.models import Standing
from app.submissions.models import Evaluation
from tests.scoring.standin import HashEmbed
from workers import engine, tasks

ANSWERS = (
    b'{"id": "p_000", "answer": "A", "explanation": "Face Texture: Image A keeps more skin detail."}\n'
    b'{"id": "s_000", "answer": "A", "explanation": "Global Noise: Image A is cleaner in the sky."}\n'
)


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(engine, "condition", lambda: engine.Condition("ready"))
    monkeypatch.setattr(engine, "embedder", HashEmbed)


@pytest.mark.parametrize("split", [None, {"items": ["p_000"], "seed": 0}])
def test_a_split_phase_is_judged_once_and_placed_by_its_parts(session, world, model, split):
    world.phase.split = split
    session.flush()
    evaluation_id = world.submit(world.entrant(), content=ANSWERS).evaluation.id
    tasks.validate_submission(evaluation_id)
    tasks.score_submission(evaluation_id)
    session.expire_all()
    found = session.get_one(Evaluation, evaluation_id)
    assert (found.state, found.report["accuracy"]["value"], found.report["n_items"]) == ("scored", 0.5, 2)
    boards = {board: rows_of(session, world.phase, board) for board in ("main", "public", "late")}
    accuracy = {board: [row["scores"]["accuracy"]["value"] for row in rows] for board, rows in boards.items()}
    if split is None:
        assert (found.public_report, found.private_report) == (None, None)
        assert accuracy == {"main": [0.5], "public": [], "late": []}
    else:
        assert (found.public_report["accuracy"]["value"], found.private_report["accuracy"]["value"]) == (1.0, 0.0)
        assert accuracy == {"main": [0.0], "public": [1.0], "late": []}
        assert session.query(Standing).count() == 2
