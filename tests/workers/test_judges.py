"""A scoring worker with optional judges: real HTTP to a loopback endpoint, a real cross-encoder, and failures typed."""

from pathlib import Path

import pytest

from app import storage
from app.scoring.entailment import JudgeNotConfigured
from app.scoring.plan import load
from app.settings import Settings, settings
from app.submissions.models import Evaluation
from tests.llm.endpoint_server import Answer, serve
from tests.scoring.nli import make_nli
from tests.scoring.standin import HashEmbed
from workers import engine, judges, tasks

ANSWERS = (
    b'{"id": "p_000", "answer": "A", "explanation": "Image A keeps more skin."}\n'
    b'{"id": "s_000", "answer": "A", "explanation": "Image A is cleaner."}\n'
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The operator's folder of judge models, with one."""
    make_nli(tmp_path / "models" / "tiny")
    return tmp_path / "models"


@pytest.fixture
def ready(session, world, monkeypatch):
    """Makes an evaluation under a plan that waits for scoring."""
    monkeypatch.setattr(engine, "embedder", HashEmbed)

    def make(**plan: object) -> Evaluation:
        world.phase.plan = load(plan).model_dump(mode="json")
        evaluation = world.submit(world.entrant(), content=ANSWERS).evaluation
        session.commit()
        tasks.validate_submission(evaluation.id)
        session.expire_all()
        assert evaluation.state == "ready"
        return evaluation

    return make


def offer(monkeypatch: pytest.MonkeyPatch, folder: Path, url: str = "", models: Path | None = None) -> None:
    """Let the operator's settings be these."""
    given = Settings(data_dir=folder, llm_url=url, judge_models_path=models, device="cpu")
    monkeypatch.setattr(judges, "settings", lambda: given)


def test_a_plan_without_optional_judges_gets_none() -> None:
    assert judges.judges_of(load()) == {"entail": None, "rate": None}


def test_what_is_not_offered_is_refused(monkeypatch, tmp_path) -> None:
    offer(monkeypatch, tmp_path)
    for plan in ({"cross_encoder": "tiny"}, {"llm_judge": {"model": "m"}}):
        with pytest.raises(JudgeNotConfigured):
            judges.judges_of(load(plan))


def test_the_model_is_loaded_once(monkeypatch, tmp_path, models) -> None:
    offer(monkeypatch, tmp_path, models=models)
    plan = load({"cross_encoder": "tiny"})
    assert judges.judges_of(plan)["entail"] is judges.judges_of(plan)["entail"]


def test_an_evaluation_is_scored_with_both(ready, session, monkeypatch, tmp_path, models) -> None:
    evaluation = ready(cross_encoder="tiny", llm_judge={"model": "tiny-1", "rounds": 2})
    with serve() as script:
        offer(monkeypatch, tmp_path, script.url, models)
        tasks.score_submission(evaluation.id)
    session.expire_all()
    assert evaluation.state == "scored"
    assert evaluation.report["explanation.llm"]["value"] == 0.25
    assert 0 <= evaluation.report["explanation.nli"]["value"] <= 1
    assert "|nli:" in evaluation.signature
    assert "|llm:tiny-1#" in evaluation.signature
    assert b'"explanation.llm.spread": 0.0' in storage.get(evaluation.items_sha256)
    assert len(script.requests) == 2


def test_an_llm_that_is_away_is_our_fault_and_never_a_score(ready, session, monkeypatch, tmp_path) -> None:
    evaluation = ready(llm_judge={"model": "tiny-1", "rounds": 1, "retries": 0})
    with serve() as script:
        script.rest = Answer(status=500)
        offer(monkeypatch, tmp_path, script.url)
        for tried in range(1, settings().attempts + 1):
            tasks.score_submission(evaluation.id)
            session.expire_all()
            assert evaluation.state == ("failed" if tried == settings().attempts else "ready")
    assert evaluation.problem["code"] == "llm_judge_unavailable"
    assert "status 500" in evaluation.problem["detail"]
    assert evaluation.final is None
    assert evaluation.report is None


def test_after_an_outage_only_what_is_missing_is_asked(ready, session, monkeypatch, tmp_path) -> None:
    evaluation = ready(llm_judge={"model": "tiny-1", "rounds": 2, "retries": 0})
    with serve(Answer(), Answer(status=500)) as script:
        offer(monkeypatch, tmp_path, script.url)
        tasks.score_submission(evaluation.id)
        tasks.score_submission(evaluation.id)
    session.expire_all()
    assert evaluation.state == "scored"
    assert len(script.requests) == 3
