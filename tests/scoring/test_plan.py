"""Plans: presets, overrides, files, and every slip of the pen told by place, sentence and fix."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from app.scoring.llm_prompt import LlmJudge
from app.scoring.plan import OPTIONAL, PRESETS, Plan, PlanInvalid, load


def test_the_default_is_half_choice_half_reasons() -> None:
    plan = load()
    assert plan.weights == {"accuracy": 0.5, "explanation": 0.5}
    assert (plan.name, plan.gate, plan.resamples, plan.seed) == ("pairwise-explained", True, 2000, 0)
    assert plan.columns == (
        "explanation.claims",
        "explanation.direction",
        "explanation.semantic",
        "explanation.rouge_l",
    )


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_known_by_its_name_and_survives_storing(name: str) -> None:
    plan = load(name)
    assert plan.name == name
    assert load(plan.model_dump(mode="json")) == plan


def test_a_bundles_scorer_overrides_its_preset() -> None:
    plan = load({"name": "pairwise-explained", "weights": {"accuracy": 0.7, "explanation.rouge_l": 0.3}, "gate": False})
    assert plan == Plan(weights={"accuracy": 0.7, "explanation.rouge_l": 0.3}, gate=False)


def test_the_challenges_plan_says_that_its_weights_are_inferred_until_they_are_others() -> None:
    plan = load("raim-2026")
    assert plan.weights == {"accuracy": 0.7, "explanation.bleu": 0.15, "explanation.rouge_l": 0.15}
    assert not plan.gate
    assert "inferred" in plan.note
    assert load({"name": "raim-2026", "seed": 3}).note == plan.note
    assert load({"name": "raim-2026", "weights": {"accuracy": 1}}).note == ""
    assert load().note == ""


def test_any_metric_may_be_weighted_or_shown_and_its_parts_are_computed() -> None:
    every = ["accuracy", "explanation.claims", "explanation.direction", "explanation.rouge_l", "explanation"]
    assert load({"weights": {"explanation.rouge_l": 1}, "columns": []}).metrics() == every
    assert load({"weights": {"accuracy": 1}, "columns": ["explanation.rouge_l"]}).metrics() == every


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ({"name": "pairwise"}, "name", "no plan called 'pairwise'"),
        ({"name": 3}, "name", "no plan called '3'"),
        ({"weights": {"accuracy": 0.5, "explanation": 0.6}}, "weights", "sum to 1.1, not to 1"),
        ({"weights": {}}, "weights", "sum to 0, not to 1"),
        ({"weights": {"accuracy": 1.5, "explanation": -0.5}}, "weights.accuracy", "less than or equal to 1"),
        ({"weights": {"accuracy": float("nan"), "explanation": 1}}, "weights.accuracy", "finite number"),
        ({"weights": {"accuracy": True}}, "weights.accuracy", "valid number"),
        ({"weights": {"accuracy": "1"}}, "weights.accuracy", "valid number"),
        ({"weights": {"acuracy": 1}}, "weights", "no metric is called 'acuracy'"),
        ({"weights": {"final": 1}}, "weights", "no metric is called 'final'"),
        ({"weights": [0.5, 0.5]}, "weights", "valid dictionary"),
        ({"columns": ["bleu"]}, "columns", "no metric is called 'bleu'"),
        ({"columns": ["explanation.rouge_l"] * 2}, "columns", "a column is named twice"),
        ({"gate": "yes"}, "gate", "valid boolean"),
        ({"resamples": 99}, "resamples", "greater than or equal to 100"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"weight": {"accuracy": 1}}, "weight", "no such field"),
        ({"cross_encoder": ""}, "cross_encoder", "at least 1 character"),
        ({"columns": ["explanation.nli"]}, "columns", "needs a `cross_encoder`"),
        ({"weights": {"accuracy": 0.9, "explanation.nli": 0.1}}, "weights.explanation.nli", "needs a `cross_encoder`"),
        ({"weights": {"accuracy": 0.9, "explanation.llm": 0.1}}, "weights.explanation.llm", "needs a `llm_judge`"),
        (
            {"weights": {"accuracy": 0.8, "explanation.llm": 0.2}, "llm_judge": {"model": "m"}},
            "weights.explanation.llm",
            "may weigh 0.1 at most, not 0.2",
        ),
        ({"llm_judge": {}}, "llm_judge.model", "field required"),
        ({"llm_judge": {"model": "a|b"}}, "llm_judge.model", "match pattern"),
        ({"llm_judge": {"model": "m", "rounds": 0}}, "llm_judge.rounds", "greater than or equal to 1"),
        ({"llm_judge": {"model": "m", "url": "http://x"}}, "llm_judge.url", "not permitted"),
        ({"llm_judge": {"model": "m", "api_key": "k"}}, "llm_judge.api_key", "not permitted"),
    ],
)
def test_what_is_wrong_is_told_by_place_sentence_and_fix(given: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(PlanInvalid) as caught:
        load(given)
    problem = caught.value.problems[0]
    assert problem.path == path
    assert says.lower() in problem.message.lower()
    assert problem.message.endswith(".")
    assert problem.fix
    assert problem.as_dict() == {"path": path, "message": problem.message, "fix": problem.fix}
    assert str(caught.value).startswith(f"{path}: ")


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(PlanInvalid) as caught:
        load({"gate": 1, "seed": "x", "colums": []})
    assert sorted(problem.path for problem in caught.value.problems) == ["colums", "gate", "seed"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.yaml", "name: pairwise-explained\nweights: {accuracy: 0.25, explanation: 0.75}\n"),
        ("plan.yml", "\ufeffweights:\n  accuracy: 0.25\n  explanation: 0.75\n"),
        ("plan.json", '{"weights": {"accuracy": 0.25, "explanation": 0.75}}'),
    ],
)
def test_a_plan_is_read_from_a_file(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert load(path) == load(str(path)) == Plan(weights={"accuracy": 0.25, "explanation": 0.75})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"weights: {accuracy: 0.5\nname: x: y", "not YAML in line 2"),
        (b"\xff\xfe", "not UTF-8 (byte 0)"),
        (b"- accuracy", "not a mapping"),
        (b"", "not a mapping"),
        (b"# " + b"x" * 300_000, "larger than 256 KiB"),
        (b"!!python/object/apply:os.getcwd []", "not YAML in line 1"),
    ],
)
def test_a_file_that_is_no_plan_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(content)
    with pytest.raises(PlanInvalid, match="plan") as caught:
        load(path)
    assert says in caught.value.problems[0].message


@pytest.mark.parametrize("source", ["missing.yaml", Path("missing")])
def test_a_missing_file_is_told(source: str | Path) -> None:
    with pytest.raises(PlanInvalid, match="cannot be read: No such file or directory"):
        load(source)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(PlanInvalid, match="no plan called 'raim'") as caught:
        load("raim")
    assert "pairwise-explained" in caught.value.fix


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"weights": {"explanation": 0.5, "accuracy": 0.5}}, True),
        ({"weights": {"accuracy": 0.5, "explanation": 0.5, "explanation.rouge_l": 0}}, True),
        ({"columns": [], "seed": 7, "resamples": 100}, True),
        ({"gate": False}, False),
        ({"weights": {"accuracy": 0.6, "explanation": 0.4}}, False),
    ],
)
def test_the_digest_is_of_what_decides_the_score(change: dict[str, Any], same: bool) -> None:
    assert (load(change).digest() == load().digest()) is same


def test_the_documented_fields_are_the_plans() -> None:
    text = (Path(__file__).parents[2] / "docs/scoring.md").read_text(encoding="utf-8")
    section = text.partition("## Plans")[2].partition("**Why the gate.**")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| `(.+?)` \| (.+?) \|$", section, re.M)
    assert [(name, meaning) for name, _, meaning in rows] == [(n, f.description) for n, f in Plan.model_fields.items()]
    assert {name: yaml.safe_load(default) for name, default, _ in rows} == load().model_dump(
        mode="json"
    ) | dict.fromkeys(OPTIONAL.values())
    assert all(f"`{name}`" in text for name in PRESETS)


JUDGED = {"cross_encoder": "nli/small", "llm_judge": {"model": "org/m-1:free", "rounds": 3, "max_weight": 0.25}}


def test_the_optional_judges_have_their_columns_and_no_weight_of_their_own() -> None:
    plan = load(JUDGED)
    assert plan.metrics() == [*load().metrics(), "explanation.nli", "explanation.llm"]
    assert plan.weights == load().weights
    assert load(plan.model_dump(mode="json")) == Plan.model_validate(plan.model_dump(mode="json")) == plan


def test_an_llm_may_weigh_more_where_the_organizer_says_so() -> None:
    assert load(JUDGED | {"weights": {"accuracy": 0.75, "explanation.llm": 0.25}}).weights["explanation.llm"] == 0.25


def test_plans_without_optional_judges_are_stored_and_digested_as_before() -> None:
    assert set(load().model_dump()) == {"name", "weights", "gate", "columns", "note", "resamples", "seed"}
    assert load().digest().startswith("e9229edc")


def test_the_documented_fields_of_an_llm_judge_are_its_fields() -> None:
    text = (Path(__file__).parents[2] / "docs/scoring.md").read_text(encoding="utf-8")
    section = text.partition("### The LLM judge")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| `(.+?)` \| (.+?) \|$", section, re.M)
    fields = LlmJudge.model_fields
    assert [(name, meaning) for name, _, meaning in rows] == [(n, f.description) for n, f in fields.items()]
    assert {name: yaml.safe_load(default) for name, default, _ in rows if name != "model"} == {
        name: field.default for name, field in fields.items() if name != "model"
    }


def test_a_plan_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().gate = False  # type: ignore[misc]
