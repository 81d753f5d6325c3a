"""The scoring plan: which metrics count how much, written by an organizer, checked before anything is scored.

Decision: weights are a mapping over the catalogue's keys, so that another scheme (0.70 accuracy, 0.15 ROUGE-L, …) is a
preset and no code. Weights must sum to 1 as written: normalising in silence would hide a slip of the pen. A name alone
chooses a preset; further fields override the preset's.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from .llm_prompt import LlmJudge
from .metrics import CATALOGUE

DEFAULT = "pairwise-explained"
SUM_TOLERANCE = 1e-9
MOST_FILE_BYTES = 256 * 1024
OPTIONAL = {"explanation.nli": "cross_encoder", "explanation.llm": "llm_judge"}
"""Metrics that need a judge, and the field of a plan that names it."""
LINES = "Write it as `key: value` lines, see docs/scoring.md."


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing wrong with a plan: where (`weights.accuracy`), what, and how to mend it."""

    path: str
    message: str
    fix: str

    def as_dict(self) -> dict[str, str]:
        """The problem as plain values."""
        return asdict(self)


class PlanInvalid(Exception):
    """A scoring plan that cannot be used; `problems` names every place, what is wrong there and how to mend it."""

    code = "plan_invalid"

    def __init__(self, problems: list[PlanProblem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{p.path}: {p.message} {p.fix}".strip() for p in problems))

    @property
    def fix(self) -> str:
        """How to mend the first problem."""
        return self.problems[0].fix


def _known(keys: Mapping[str, float] | tuple[str, ...]) -> None:
    unknown = [key for key in keys if key not in CATALOGUE]
    if unknown:
        raise ValueError(f"no metric is called {', '.join(map(repr, unknown))}.")


class Plan(BaseModel):
    """How one phase is scored. Frozen; unknown fields are refused. Make it with `load`, which says what is wrong.

    The score of an item is the weighted sum of its metrics' values, and `final` is its mean over the items.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(
        default=DEFAULT, min_length=1, max_length=64, description="Name of the preset the plan starts from."
    )
    weights: dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        default={"accuracy": 0.5, "explanation": 0.5},
        description="Share of each metric in `final`; keys of the catalogue, each in [0, 1], together 1.",
    )
    gate: bool = Field(
        default=True, description="No credit for the reasons of a wrong choice: `explanation` is 0 there."
    )
    columns: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=("explanation.claims", "explanation.direction", "explanation.semantic", "explanation.rouge_l"),
        description="Further metrics shown beside the ranked ones, without weight.",
    )
    note: str = Field(
        default="",
        max_length=500,
        description="A sentence shown wherever the plan's scores are shown.",
    )
    resamples: int = Field(default=2000, ge=100, le=100_000, description="Bootstrap resamples behind each interval.")
    seed: int = Field(default=0, ge=0, lt=2**63, description="Seed of the bootstrap.")
    # Left out where unused, so that plans stored before these fields existed compare equal.
    cross_encoder: str | None = Field(
        default=None,
        min_length=1,
        max_length=512,
        exclude_if=lambda value: value is None,
        description="Folder of an NLI model behind `explanation.nli`; on a server, inside the operator's folder.",
    )
    llm_judge: LlmJudge | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description=f"An LLM judge behind `explanation.llm`; fields: {', '.join(LlmJudge.model_fields)}.",
    )

    @field_validator("weights")
    @classmethod
    def _weights_are_shares(cls, weights: dict[str, float]) -> dict[str, float]:
        _known(weights)
        total = math.fsum(weights.values())
        if not abs(total - 1) <= SUM_TOLERANCE:
            raise ValueError(f"the weights sum to {total:.6g}, not to 1.")
        return weights

    @field_validator("columns")
    @classmethod
    def _columns_are_metrics(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        _known(columns)
        if len(set(columns)) < len(columns):
            raise ValueError("a column is named twice.")
        return columns

    @model_validator(mode="after")
    def _judges_are_named(self) -> Plan:
        for key, name in OPTIONAL.items():
            if getattr(self, name) is None and key in (*self.weights, *self.columns):
                place = f"weights.{key}" if key in self.weights else "columns"
                fix = f"Add `{name}`, see Optional judges in docs/scoring.md."
                raise _invalid(place, f"the metric {key!r} needs a `{name}`, and the plan has none.", fix)
        weight, judge = self.weights.get("explanation.llm", 0.0), self.llm_judge
        if judge is not None and weight > judge.max_weight:
            said = f"an LLM judge may weigh {judge.max_weight:g} at most, not {weight:g}."
            raise _invalid("weights.explanation.llm", said, "Lower the weight, or raise `llm_judge.max_weight`.")
        return self

    def metrics(self) -> list[str]:
        """Keys of all metrics to compute, in the catalogue's order: accuracy, explanation, weighted, shown, parts.

        A judge that the plan names has its column, with or without weight.
        """
        judged = {key for key, name in OPTIONAL.items() if getattr(self, name) is not None}
        wanted = {"accuracy", "explanation", *self.weights, *self.columns, *judged}
        for key in reversed(CATALOGUE):
            if key in wanted:
                wanted.update(CATALOGUE[key].parts)
        return [key for key in CATALOGUE if key in wanted]

    def digest(self) -> str:
        """SHA-256 (hex) of what decides an item's score: weights above 0 and the gate, not what is merely shown."""
        weights = {key: weight for key, weight in sorted(self.weights.items()) if weight > 0}
        canonical = json.dumps({"gate": self.gate, "weights": weights}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


# The organizers of RAIM 2026 published neither weights nor implementations; these reproduce their published table.
RAIM_2026 = Plan(
    name="raim-2026",
    weights={"accuracy": 0.7, "explanation.bleu": 0.15, "explanation.rouge_l": 0.15},
    gate=False,
    columns=("explanation.semantic",),
    note="The weights 0.70 accuracy, 0.15 BLEU-4, 0.15 ROUGE-L are inferred from the published results of RAIM 2026; "
    "its organizers did not publish them. BLEU-4 here is a mean over pairs, not over the corpus.",
)

PRESETS: dict[str, Plan] = {plan.name: plan for plan in (Plan(name=DEFAULT), RAIM_2026)}


def load(source: str | Path | Mapping[str, Any] = DEFAULT) -> Plan:
    """The plan of a preset's name, of a YAML or JSON file, or of a mapping (a bundle's `scorer`).

    Raises PlanInvalid with every problem: unknown preset or field, weights that are no shares, an unreadable file.

    >>> load({"name": "pairwise-explained", "weights": {"accuracy": 0.7, "explanation": 0.3}}).weights["accuracy"]
    0.7
    """
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if isinstance(source, str) and source in PRESETS:
        return PRESETS[source]
    path = Path(source)
    if isinstance(source, str) and path.suffix not in (".yaml", ".yml", ".json"):
        raise _unknown_preset("name", source)
    return _from_mapping(_read(path))


def _invalid(place: str, message: str, fix: str) -> PydanticCustomError:
    """An error about two fields at once, with its own place and cure."""
    return PydanticCustomError("judge", "{message}", {"place": place, "message": message, "fix": fix})


def _unknown_preset(path: str, name: str) -> PlanInvalid:
    fix = f"Use one of: {', '.join(PRESETS)}; or give the path of a .yaml file."
    return PlanInvalid([PlanProblem(path, f"There is no plan called {name!r}.", fix)])


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    def invalid(message: str, fix: str) -> PlanInvalid:
        return PlanInvalid([PlanProblem(str(path), message, fix)])

    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
        if len(content) > MOST_FILE_BYTES:
            raise invalid("The plan is larger than 256 KiB.", "A plan has a few lines; check the path.")
        plan = yaml.safe_load(content.decode("utf-8-sig"))
    except OSError as error:
        raise invalid(f"The plan cannot be read: {error.strerror}.", "Check the path and its permissions.") from error
    except UnicodeDecodeError as error:
        raise invalid(f"The plan is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise invalid(f"The plan is not YAML{where}.", LINES) from error
    if not isinstance(plan, Mapping):
        raise invalid("The plan is not a mapping.", LINES)
    return plan


def _from_mapping(given: Mapping[str, Any]) -> Plan:
    name = given.get("name", DEFAULT)
    if not isinstance(name, str) or name not in PRESETS:
        raise _unknown_preset("name", str(name))
    try:
        preset = PRESETS[name].model_dump()
        if given.get("weights", preset["weights"]) != preset["weights"]:
            preset["note"] = ""  # it speaks of the preset's own weights
        return Plan.model_validate({**preset, **given})
    except ValidationError as error:
        raise PlanInvalid([_problem(entry) for entry in error.errors()]) from error


def _problem(entry: Any) -> PlanProblem:
    path = ".".join(str(step) for step in entry["loc"]) or "plan"
    message = entry["msg"].removeprefix("Value error, ")
    message = message[:1].upper() + message[1:].rstrip(".") + "."
    field = str(entry["loc"][0]) if entry["loc"] else ""
    if entry["type"] == "judge":
        return PlanProblem(entry["ctx"]["place"], message, entry["ctx"]["fix"])
    if entry["type"] == "extra_forbidden" and len(entry["loc"]) == 1:
        return PlanProblem(path, "There is no such field.", f"Fields of a plan: {', '.join(Plan.model_fields)}.")
    if field in ("weights", "columns") and "metric" in message:
        return PlanProblem(path, message, f"Metrics: {', '.join(CATALOGUE)}.")
    if field in Plan.model_fields:
        return PlanProblem(path, message, f"`{field}`: {Plan.model_fields[field].description}")
    return PlanProblem(path, message, "See docs/scoring.md for the fields of a plan.")
