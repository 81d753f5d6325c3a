"""validate and score: findings, warnings, exit codes, and the same numbers as the core's."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.client.server import GOOD, Answer, Fake, Palmares
from tests.llm.endpoint_server import Answer as LlmAnswer
from tests.llm.endpoint_server import serve
from tests.scoring.nli import make_nli

TRUTH = (
    '{"id": "p_000", "answer": "A", "explanation": "The face is sharper."}\n'
    '{"id": "s_000", "answer": "B", "explanation": "The sky has no cast."}\n'
)
VALID: dict[str, Any] = {"version": 1, "valid": True, "findings": [], "findings_total": 0, "warnings": []}
UNKNOWN: dict[str, Any] = {
    "version": 1,
    "valid": False,
    "findings": [
        {"code": "unknown_id", "message": "No.", "file": "good.jsonl", "line": 1, "item_id": "p_000", "fix": "."}
    ],
    "findings_total": 3,
    "warnings": [],
}


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """A ground truth of two pairs."""
    path = tmp_path / "truth.jsonl"
    path.write_text(TRUTH)
    return path


def test_a_valid_file_is_exit_0(palmares: Palmares, good: Path) -> None:
    done = palmares("validate", good)
    assert (done.code, done.out, done.err) == (0, "", "good.jsonl: valid\n")
    assert palmares("validate", good, "--json").document == VALID


def test_an_invalid_file_is_exit_3_with_every_finding(palmares: Palmares, bad: Path) -> None:
    done = palmares("validate", bad)
    assert done.code == 3
    first, fix = done.out.splitlines()
    assert first.startswith("bad.jsonl:1: bad_answer: ")
    assert fix.startswith("    ")
    found = palmares("validate", bad, "--json")
    assert (found.code, found.document["valid"], found.document["findings_total"]) == (3, False, 1)


def test_with_a_truth_missing_pairs_are_warnings(palmares: Palmares, good: Path, truth: Path) -> None:
    done = palmares("validate", good, "--truth", truth)
    assert done.code == 0
    assert done.out.startswith("warning: good.jsonl: missing_pairs")
    found = palmares("validate", good, "--truth", truth, "--json").document
    assert [one["code"] for one in found["warnings"]] == ["missing_pairs"]


def test_with_a_competition_the_server_is_asked_too(signed_in: Palmares, fake: Fake, good: Path, bad: Path) -> None:
    fake.on("POST", "/competitions/photos/phases/dev/validate", VALID, UNKNOWN)
    assert signed_in("validate", good, "--competition", "photos/dev").code == 0
    assert fake.seen[0].body == GOOD.encode()
    done = signed_in("validate", good, "--competition", "photos/dev")
    assert done.code == 3
    assert "… and 2 more" in done.out
    assert signed_in("validate", bad, "--competition", "photos/dev").code == 3
    assert len(fake.seen) == 2, "what is wrong here already is not sent"


def test_truth_and_competition_exclude_each_other(palmares: Palmares, good: Path, truth: Path) -> None:
    assert palmares("validate", good, "--truth", truth, "--competition", "photos").code == 2


@pytest.mark.parametrize("content", ["", "nonsense", '{"id": "p_000", "answer": "C", "explanation": ""}\n'])
@pytest.mark.parametrize("command", ["validate", "score"])
def test_a_truth_that_cannot_be_used_is_exit_6(
    palmares: Palmares, good: Path, truth: Path, command: str, content: str
) -> None:
    truth.write_text(content)
    done = palmares(command, good, "--truth", truth)
    assert done.code == 6
    assert "truth.jsonl" in done.err
    assert palmares(command, good, "--truth", truth, "--json").document["error"]["findings"]


@pytest.mark.parametrize("words", [["--plan", "bogus"], ["--plan", "PLAN"]])
def test_a_plan_that_cannot_be_used_is_exit_6(
    palmares: Palmares, good: Path, truth: Path, tmp_path: Path, words: list[str]
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("weights: {accuracy: 0.9, explanation: 0.9}\n")
    done = palmares("score", good, "--truth", truth, *[plan if word == "PLAN" else word for word in words])
    assert done.code == 6
    assert "plan_invalid" in done.err


def test_an_invalid_submission_is_not_scored(palmares: Palmares, bad: Path, truth: Path) -> None:
    done = palmares("score", bad, "--truth", truth, "--json")
    assert done.code == 3
    assert [one["code"] for one in done.document["findings"]] == ["bad_answer"]
    assert palmares("score", bad, "--truth", truth).code == 3


def test_a_model_that_is_not_there_is_exit_6(palmares: Palmares, good: Path, truth: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    done = palmares("score", good, "--truth", truth, "--model", tmp_path / "model", "--json")
    assert (done.code, done.document["error"]["code"]) == (6, "model_unavailable")
    assert done.document["error"]["fix"]


def test_a_report_with_intervals_categories_items_and_signature(
    palmares: Palmares, good: Path, truth: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.jsonl"
    done = palmares("score", good, "--truth", truth, "--device", "cpu", "--seed", "7", "--items", items, "--json")
    assert done.code == 0
    report = done.document
    assert (report["version"], report["n_items"], report["n_missing"], report["seed"]) == (1, 2, 1, 7)
    assert report["accuracy"]["value"] == 0.5
    assert set(report["categories"]) == {"person", "scene"}
    rows = [json.loads(line) for line in items.read_text().splitlines()]
    assert [(row["item_id"], row["answer_correct"]) for row in rows] == [("p_000", True), ("s_000", False)]
    assert {"explanation", "final", "explanation.semantic", "explanation.rouge_l"} <= set(rows[0])
    table = palmares("score", good, "--truth", truth, "--device", "cpu", "--seed", "7").out
    assert table.splitlines()[0].split() == ["score", "all", "person", "scene"]
    assert f"{report['final']['value']:.4f}" in table
    assert "2 pairs, 1 missing" in table
    assert f"signature {report['signature']}" in table


def test_a_zip_scores_like_the_file_in_it(palmares: Palmares, good: Path, truth: Path, tmp_path: Path) -> None:
    packed = tmp_path / "good.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(good, "predictions.jsonl")
    assert (
        palmares("score", packed, "--truth", truth, "--json").out
        == palmares("score", good, "--truth", truth, "--json").out
    )


def test_a_proxy_page_instead_of_a_verdict_is_no_verdict(signed_in: Palmares, fake: Fake, good: Path) -> None:
    page = Answer(b"<html>", 200, {"Content-Type": "text/html"})
    fake.on("POST", "/competitions/photos/phases/dev/validate", page)
    assert signed_in("validate", good, "--competition", "photos/dev").code == 7


def test_an_llm_judge_offline_needs_an_endpoint_and_is_asked_once(
    palmares: Palmares, good: Path, truth: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    plan = tmp_path / "plan.yaml"
    plan.write_text("llm_judge: {model: tiny-1, rounds: 3}\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PALMARES_LLM_URL", raising=False)
    words = ["score", good, "--truth", truth, "--plan", plan, "--device", "cpu", "--json"]

    # when there is none
    done = palmares(*words)
    assert (done.code, done.document["error"]["code"]) == (6, "judge_not_configured")
    assert "PALMARES_LLM_URL" in done.document["error"]["fix"]

    # when there is one
    with serve() as script:
        monkeypatch.setenv("PALMARES_LLM_URL", script.url)
        monkeypatch.setenv("PALMARES_LLM_API_KEY", "sk-very-secret")
        first, again = palmares(*words), palmares(*words)
        asked = len(script.requests)
        script.rest = LlmAnswer(status=401)
        refused = palmares(*words, "--seed", "1")

    # then
    assert (first.code, first.document["explanation.llm"]["value"]) == (0, 0.25)
    assert again.document == first.document
    assert asked == 3, "three rounds of one pair, once"
    assert "sent to the LLM judge tiny-1" in first.err
    assert (refused.code, refused.document["error"]["code"]) == (7, "llm_judge_unavailable")
    assert "sk-very-secret" not in first.out + first.err + refused.out + refused.err


def test_a_cross_encoder_offline_is_a_folder_beside_the_plan(
    palmares: Palmares, good: Path, truth: Path, tmp_path: Path
) -> None:
    make_nli(tmp_path / "nli")
    plan = tmp_path / "plan.yaml"
    words = ["score", good, "--truth", truth, "--plan", plan, "--device", "cpu", "--json"]
    plan.write_text("cross_encoder: nli\n")
    beside = palmares(*words)
    plan.write_text(f"cross_encoder: {tmp_path / 'nli'}\n")
    assert beside.code == 0
    assert palmares(*words).document == beside.document
    assert "|nli:" in beside.document["signature"]
    plan.write_text("cross_encoder: nowhere\n")
    assert (palmares(*words).code, palmares(*words).document["error"]["code"]) == (6, "model_unavailable")
