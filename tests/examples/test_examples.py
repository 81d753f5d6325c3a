"""The example competition keeps its promises: what organizers copy as their template is whole, sound and our own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import runpy
import statistics
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.scoring.embedding import Embedder
from app.scoring.judging import judge
from app.scoring.limits import Limits
from app.scoring.plan import load
from app.scoring.reading import read_answers, read_references
from app.scoring.records import Reference
from app.scoring.report import Report
from app.scoring.validating import validate

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
BUNDLE = EXAMPLES / "photo-pairs"
KIT = BUNDLE / "starting_kit"
TRUTHS = {
    "development": BUNDLE / "truth" / "development.jsonl",
    "final-test": BUNDLE / "truth" / "final-test.jsonl",
    "training": BUNDLE / "public_data" / "training.jsonl",
}
RAIM_PIQA = Path(os.environ.get("PALMARES_RAIM_PIQA", ROOT.parent / "shared" / "data" / "raim-piqa"))
ADVERSARIAL = ("blind-template", "contradiction", "other-pair")
RIGHT = {"strong": 36, "middling": 30, "baseline": 22, **dict.fromkeys(ADVERSARIAL, 40)}
PLANTED = [("invalid_json", 3), ("bad_answer", 5), ("unknown_id", 7), ("missing_field", 9), ("duplicate_id", 11)]
COPIED_RUN = 10
"""So many words in a row (sides aside) are no chance: our texts share 8 with the published ones at most."""


def references(phase: str) -> list[Reference]:
    return read_references(TRUTHS[phase].read_bytes(), TRUTHS[phase].name)


def ids(phase: str) -> list[str]:
    return [one.item_id for one in references(phase)]


def config() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((BUNDLE / "competition.yaml").read_text(encoding="utf-8"))
    return loaded


def words(text: str) -> list[str]:
    """Lower-case words, with every way of naming a side brought to `image a` and `image b`."""
    plain = re.sub(r"\s*(\((left|right)\)|/(left|right))", "", text.lower())
    return re.findall(r"[a-z0-9]+", plain)


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Every `length` words that stand in a row on one line of the text."""
    lines = [words(line) for line in text.splitlines()]
    return {tuple(line[start : start + length]) for line in lines for start in range(len(line) - length + 1)}


@pytest.mark.parametrize(("phase", "persons", "scenes"), [("development", 28, 12), ("final-test", 25, 11)])
def test_each_phase_has_its_pairs_with_both_categories_and_balanced_answers(
    phase: str, persons: int, scenes: int
) -> None:
    truth = references(phase)
    assert Counter(one.category for one in truth) == {"person": persons, "scene": scenes}
    assert 0.5 <= sum(one.answer == "A" for one in truth) / len(truth) <= 0.6
    assert len(set(ids(phase))) == len(truth)
    assert all(re.fullmatch(r"[ps]_\d{3}", item) for item in ids(phase))


def test_pair_names_recur_in_the_phases_for_different_pictures() -> None:
    first = {one.item_id: one.explanation for one in references("development")}
    second = {one.item_id: one.explanation for one in references("final-test")}
    shared = first.keys() & second.keys()
    assert len(shared) > 30
    assert not [item for item in shared if first[item] == second[item]]


@pytest.mark.parametrize("phase", TRUTHS)
def test_every_line_of_an_explanation_is_a_labelled_claim(phase: str) -> None:
    lines = [line for one in references(phase) for line in one.explanation.splitlines()]
    assert not [line for line in lines if not re.fullmatch(r"[A-Z][^:]{2,50}: [A-Z0-9].{20,}[.]", line)]
    assert len(lines) == len(set(lines)), "a line occurs twice"


@pytest.mark.parametrize("phase", ["development", "final-test"])
def test_explanations_are_as_long_and_as_varied_as_real_ones(phase: str) -> None:
    texts = [one.explanation for one in references(phase)]
    lines = [len(text.splitlines()) for text in texts]
    assert (min(lines), statistics.median(lines), max(lines)) == (1, 3, 6)
    assert 65 <= statistics.median(len(text.split()) for text in texts) <= 95
    labels = {line.split(":")[0] for text in texts for line in text.splitlines()}
    assert len(labels) >= 70
    styles = {
        "(Left)"
        if "Image A (Left)" in text or "Image B (Right)" in text
        else "/"
        if re.search("Image [AB]/", text)
        else ""
        for text in texts
    }
    assert styles == {"(Left)", "/", ""}
    assert sum("oth " in text for text in texts) >= 10, "ties are part of real explanations"


def test_no_text_is_taken_from_the_published_data() -> None:
    if not RAIM_PIQA.is_dir():
        pytest.skip(f"no RAIM-PIQA data at {RAIM_PIQA} (set PALMARES_RAIM_PIQA)")
    published = {run for text in _published() for run in runs(text, COPIED_RUN)}
    assert len(published) > 5000
    ours = [(phase, one.item_id, one.explanation) for phase in TRUTHS for one in references(phase)]
    ours += [(name, one.item_id, one.explanation) for name in RIGHT for one in answers(name)]
    copied = [(where, item) for where, item, text in ours if runs(text, COPIED_RUN) & published]
    assert copied == []


def _published() -> Iterator[str]:
    for name, field in (("train_grpo_1536.jsonl", "solution"), ("probes_dev.jsonl", "text")):
        for line in (RAIM_PIQA / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)[field]


def test_the_bundle_names_its_phases_limits_scorer_and_columns() -> None:
    bundle = config()
    assert (bundle["version"], bundle["slug"]) == (2, "photo-pairs")
    assert [phase["slug"] for phase in bundle["phases"]] == ["development", "final-test"]
    assert [phase["tasks"] for phase in bundle["phases"]] == [[0], [1]]
    assert [task["index"] for task in bundle["tasks"]] == [0, 1]
    scorer = {"name": "pairwise-explained", "weights": {"accuracy": 0.5, "explanation": 0.5}}
    assert [task["scorer"] for task in bundle["tasks"]] == [scorer, scorer]
    columns = bundle["leaderboards"][0]["columns"]
    assert [(column["index"], column["key"]) for column in columns] == [
        (0, "final"),
        (1, "accuracy"),
        (2, "explanation"),
    ]


def test_phases_follow_one_another_and_leave_years_to_try() -> None:
    development, final = config()["phases"]
    assert (development["start"], development["end"]) == (date(2026, 1, 15), date(2029, 6, 30))
    assert development["end"] < final["start"] < final["end"]


def test_every_file_that_the_bundle_names_is_there() -> None:
    bundle = config()
    named = [bundle["image"], bundle["terms"], *(page["file"] for page in bundle["pages"])]
    named += [task["reference_data"] for task in bundle["tasks"]]
    assert [name for name in named if not (BUNDLE / name).is_file()] == []
    folders = {phase[key] for phase in bundle["phases"] for key in ("starting_kit", "public_data")}
    assert [name for name in folders if not any((BUNDLE / name).iterdir())] == []
    assert (BUNDLE / bundle["image"]).read_bytes().startswith(b"\x89PNG\r\n")


def test_what_is_offered_to_participants_tells_nothing_of_the_truth() -> None:
    hidden = {
        line
        for phase in ("development", "final-test")
        for one in references(phase)
        for line in one.explanation.splitlines()
    }
    offered = [path for folder in ("starting_kit", "public_data", "pages") for path in (BUNDLE / folder).rglob("*")]
    texts = [path.read_text(encoding="utf-8") for path in offered if path.is_file()]
    assert len(texts) >= 10
    assert [line for line in hidden if any(line in text for text in texts)] == []
    assert {row["answer"] for phase in ("development", "final-test") for row in sample(phase)} == {"A"}


def sample(phase: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (KIT / "sample" / f"{phase}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("phase", ["development", "final-test"])
def test_the_kit_lists_and_answers_exactly_the_pairs_of_the_phase(phase: str) -> None:
    table = csv.DictReader(io.StringIO((KIT / "items.csv").read_text(encoding="utf-8")))
    listed = [(row["id"], row["category"]) for row in table if row["phase"] == phase]
    assert listed == [(one.item_id, one.category) for one in references(phase)]
    checked = validate((KIT / "sample" / f"{phase}.jsonl").read_bytes(), "sample.jsonl", ids(phase))
    assert (checked.findings, checked.warnings) == ([], [])


def test_built_files_are_as_the_builder_writes_them_byte_for_byte() -> None:
    built: dict[Path, bytes] = runpy.run_path(str(EXAMPLES / "build.py"))["built"]()
    assert {path.name for path in built if path.suffix == ".zip"} == {f"{name}.zip" for name in (*RIGHT, "invalid")}
    assert [path for path, content in built.items() if path.read_bytes() != content] == []


def test_a_zip_is_the_predictions_beside_it() -> None:
    for name in (*RIGHT, "invalid"):
        with zipfile.ZipFile(EXAMPLES / "submissions" / f"{name}.zip") as archive:
            assert archive.namelist() == ["predictions.jsonl"]
            beside = EXAMPLES / "submissions" / name / "predictions.jsonl"
            assert archive.read("predictions.jsonl") == beside.read_bytes()


def answers(name: str) -> list[Any]:
    path = EXAMPLES / "submissions" / name / "predictions.jsonl"
    return read_answers(path.read_bytes(), path.name, Limits())[0]


@pytest.mark.parametrize(("name", "right"), RIGHT.items())
def test_valid_submissions_are_clean_and_of_the_quality_that_they_claim(name: str, right: int) -> None:
    checked = validate((EXAMPLES / "submissions" / f"{name}.zip").read_bytes(), f"{name}.zip", ids("development"))
    assert (checked.findings, checked.warnings) == ([], [])
    truth = {one.item_id: one.answer for one in references("development")}
    assert sum(truth[one.item_id] == one.answer for one in checked.answers) == right


def test_the_strong_submission_says_the_same_in_other_words() -> None:
    truth = {one.item_id: one.explanation for one in references("development")}
    copied = [one.item_id for one in answers("strong") if runs(one.explanation, 7) & runs(truth[one.item_id], 7)]
    assert copied == []


def test_the_invalid_submission_has_exactly_the_planted_findings() -> None:
    content = (EXAMPLES / "submissions" / "invalid.zip").read_bytes()
    checked = validate(content, "invalid.zip", ids("development"))
    assert sorted(((one.code, one.line) for one in checked.findings), key=lambda one: one[1] or 0) == PLANTED
    assert checked.findings_total == len(PLANTED)
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [code for code, line in PLANTED if not re.search(rf"\| {line} \|.*`{code}`", table)] == []


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """The valid submissions, judged as on the server: by the bundle's own scorer, with the real model."""
    plan, embed = load(config()["tasks"][0]["scorer"]), Embedder.load()
    return {name: judge(references("development"), answers(name), plan, embed) for name in RIGHT}


def test_honest_reasons_beat_right_answers_with_false_ones(reports: dict[str, Report]) -> None:
    """All answers right is the most that a cheat can have; three quarters, with honest reasons, stand above it."""
    explanation = {name: report.scores["explanation"].value for name, report in reports.items()}
    assert explanation["strong"] > 0.5
    assert explanation["middling"] > 0.3
    assert max(explanation[name] for name in (*ADVERSARIAL, "baseline")) <= 0.1
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for name, report in reports.items():
        accuracy, final = report.scores["accuracy"].value, report.final.value
        row = rf"`{name}` \| {accuracy:.2f} \| {explanation[name]:.2f}\b.*\| {final:.2f} \|"
        assert re.search(row, table), row
    board = sorted(reports, key=lambda name: -reports[name].final.value)
    assert board[:2] == ["strong", "middling"]
    assert set(board[2:5]) == set(ADVERSARIAL)
    assert board[5:] == ["baseline"]


def test_a_contradiction_is_worth_less_than_nothing(reports: dict[str, Report]) -> None:
    """Not on every pair: exchanging the sides leaves a tie as true as it was."""
    values = [item["explanation"] for item in reports["contradiction"].items]
    assert statistics.mean(values) < -0.2
    assert sum(value < 0 for value in values) >= 30


def make_submission(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(KIT / "make_submission.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("phase", ["development", "final-test"])
def test_the_kit_packs_its_own_sample_into_a_valid_submission(phase: str, tmp_path: Path) -> None:
    done = make_submission(str(KIT / "sample" / f"{phase}.jsonl"), "--phase", phase, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    checked = validate((tmp_path / "submission.zip").read_bytes(), "submission.zip", ids(phase))
    assert (checked.findings, checked.warnings) == ([], [])


def test_the_kit_names_every_slip_and_packs_nothing(tmp_path: Path) -> None:
    done = make_submission(str(EXAMPLES / "submissions" / "invalid" / "predictions.jsonl"), folder=tmp_path)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()][:5] == [f"line {line}" for _, line in PLANTED]
    assert "p_012 has no record" in done.stderr
    assert not (tmp_path / "submission.zip").exists()
