"""A bundle's optional judges: only what the operator offers, told when the bundle is applied."""

from pathlib import Path

import pytest

from app.competitions import judges
from app.scoring.entailment import JudgeNotConfigured
from app.scoring.plan import load
from app.settings import Settings
from tests.competitions.test_routes import YAML, apply, bundle  # noqa: F401

LLM = {"llm_judge": {"model": "tiny-1"}}
OFFERED = {"llm_url": "https://llm.example.org/v1", "llm_api_key": "k", "llm_model_allow": "tiny-1,tiny-2"}


def offer(monkeypatch: pytest.MonkeyPatch, **given: object) -> None:
    """Let the operator's settings be these."""
    monkeypatch.setattr(judges, "settings", lambda: Settings(**given))


def test_what_is_offered_may_be_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nli" / "small").mkdir(parents=True)
    offer(monkeypatch, judge_models_path=tmp_path, **OFFERED)
    judges.require(load(LLM | {"cross_encoder": "nli/small"}))
    judges.require(load())


@pytest.mark.parametrize("plan", [LLM, {"cross_encoder": "small"}])
def test_nothing_is_offered_by_default(monkeypatch: pytest.MonkeyPatch, plan: dict[str, object]) -> None:
    offer(monkeypatch)
    with pytest.raises(JudgeNotConfigured):
        judges.require(load(plan))


def test_other_models_and_folders_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(monkeypatch, judge_models_path=tmp_path, **OFFERED)
    for plan in ({"llm_judge": {"model": "big-1"}}, {"cross_encoder": "../x"}, {"cross_encoder": str(tmp_path)}):
        with pytest.raises(JudgeNotConfigured):
            judges.require(load(plan))


def test_the_key_is_shown_by_no_settings() -> None:
    given = Settings(**OFFERED | {"llm_api_key": "sk-very-secret"})
    assert "sk-very-secret" not in f"{given!r} {given} {given.model_dump_json()}"


@pytest.mark.parametrize("judge", ["cross_encoder: /etc", "llm_judge: {model: m}"])
def test_a_bundle_that_asks_for_what_is_not_offered_is_refused(apply, judge: str) -> None:  # type: ignore[no-untyped-def]  # noqa: F811
    answer = apply(bundle(YAML.replace("explained}", f"explained, {judge}}}")))
    assert (answer.status_code, answer.json()["code"]) == (422, "bundle_invalid")
    (finding,) = answer.json()["findings"]
    assert (finding["code"], finding["line"]) == ("judge_not_configured", 7)
    assert finding["fix"]
