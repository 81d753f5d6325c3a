"""The canaries: what is expected is what the metrics give today, and a difference is told."""

import json

import pytest

from app.scoring.embedding import Embedder
from app.settings import settings
from tests.scoring.standin import HashEmbed
from workers import canaries


@pytest.fixture(scope="module")
def model() -> Embedder:
    return Embedder.load(device="cpu")


def test_the_expected_scores_were_made_by_the_metrics_of_today():
    assert canaries.expected()["metrics"] == canaries.versions(), f"stale: run {canaries.REMAKE}"


def test_this_machine_scores_them_as_expected(model):
    found = canaries.differences(model)
    assert not found, f"{found}; if a metric was meant to change, raise its version and run {canaries.REMAKE}"


@pytest.mark.parametrize("step", [2e-6, 0.5, float("nan")])
def test_a_value_beyond_the_tolerance_is_told(step):
    known = {"p_good": {"final": 0.5, "explanation": 0.25}}
    found = {"p_good": {"final": 0.5 + step, "explanation": 0.25}}
    told = canaries.compare(known, found)
    assert told[0] == "1 of 2 canary values differ:"
    assert told[1].startswith("p_good final is ")


def test_the_last_digit_is_not_a_difference():
    assert canaries.compare({"a": {"b": 0.123456}}, {"a": {"b": 0.123457}}) == []


def test_a_value_that_is_missing_is_told():
    assert canaries.compare({"a": {"b": 0.1}}, {}) == ["1 of 1 canary values differ:", "a b is None instead of 0.1."]


def test_another_model_goes_untried():
    assert canaries.differences(HashEmbed()) == []


def test_stale_expectations_say_what_to_run(monkeypatch, tmp_path):
    old = canaries.expected() | {"metrics": {"accuracy": 0}, "model": HashEmbed.model_hash}
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old))
    monkeypatch.setattr(settings(), "canaries", file)
    (told,) = canaries.differences(HashEmbed())
    assert told.endswith("run python -m workers.canaries.")


def test_they_hold_what_has_broken_scorers_before():
    answers = (canaries.GOLDEN / "answers.jsonl").read_text().splitlines()
    texts = {row["id"]: row["explanation"] for row in map(json.loads, answers)}
    assert texts["p_empty"] == ""
    assert not texts["s_unicode"].isascii()
    assert len(texts["s_long"].split()) > 256
    assert "s_missing" not in texts
