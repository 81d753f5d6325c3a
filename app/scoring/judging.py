"""judge(): references and answers in, report out. The one place where scores come about, at home and on the server.

Decision: everything is computed per item in the order of the item ids, so that neither the order of rows nor company
in a batch can change a bit; an item's final score is the weighted sum of its metrics, and every number shown is a mean
over items, cut off at 0 (a mean below 0 says: worse than chance). A metric whose mean is cut off counts as 0 in every
item's final score, so that ranks and comparisons, which are made from items, are of the numbers that are shown. A
metric that fails or gives no number fails the judgement: a made-up score is worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import interval
from .embedding import Embed, ModelUnavailable
from .entailment import Entail, JudgeNotConfigured
from .llm_prompt import LlmJudgeUnavailable, Rate
from .metrics import CATALOGUE, Context, MetricFailed
from .pairing import pair
from .plan import Plan
from .records import Answer, Pair, Reference
from .report import Group, Report, Score
from .signature import digest_of_truth, signature

Floats = NDArray[np.float64]


def judge(
    references: Sequence[Reference],
    answers: Iterable[Answer],
    plan: Plan,
    embed: Embed,
    seed: int | None = None,
    *,
    truth_digest: str = "",
    entail: Entail | None = None,
    rate: Rate | None = None,
) -> Report:
    """Score answers against the references by a plan; missing pairs count as wrong, with an empty explanation.

    `seed` replaces the plan's; `truth_digest` is shown in the signature (empty: `signature.digest_of_truth`).
    `entail` and `rate` are the optional judges: JudgeNotConfigured where the plan asks for one that is not given.
    Raises ValueError without references or with an id twice (reading refuses such files), ModelUnavailable where the
    model fails, and MetricFailed where a metric fails or gives anything but a number in [0, 1].
    """
    if not references:
        raise ValueError("There are no references to judge by.")
    pairs = sorted(pair(references, answers), key=lambda p: p.reference.item_id)
    seed = plan.seed if seed is None else seed
    _require_judges(plan, entail, rate)
    notes: dict[str, Sequence[Any]] = {}
    options = {"entail": entail, "rate": rate, "llm_judge": plan.llm_judge, "seed": seed, "notes": notes, "shared": {}}
    values = _measure(pairs, plan, embed, options)
    scores, categories = summarise([p.reference.category for p in pairs], values, plan, seed)
    return Report(
        plan=plan.name,
        scores=scores,
        categories=categories,
        n_items=len(pairs),
        n_missing=sum(p.answer is None for p in pairs),
        seed=seed,
        signature=signature(
            plan,
            model_hash=embed.model_hash,
            truth=truth_digest or digest_of_truth(references),
            n_items=len(pairs),
            seed=seed,
            nli_hash=entail.model_hash if entail else "",
        ),
        items=tuple(_item(p, i, values, notes) for i, p in enumerate(pairs)),
        note=plan.note,
        missing=frozenset(p.reference.item_id for p in pairs if p.answer is None),
    )


def _require_judges(plan: Plan, entail: Entail | None, rate: Rate | None) -> None:
    for name, wanted, given in (("cross_encoder", plan.cross_encoder, entail), ("llm_judge", plan.llm_judge, rate)):
        if wanted is not None and given is None:
            raise JudgeNotConfigured(
                f"The plan asks for a `{name}`, and none is set up here.",
                f"Set it up (Optional judges in docs/scoring.md), or leave `{name}` out of the plan.",
            )


def _measure(pairs: Sequence[Pair], plan: Plan, embed: Embed, options: Mapping[str, Any]) -> dict[str, Floats]:
    """Per-item values of shape (n,) by metric key: the ranked ones and `final` first, the way a report is read."""
    computed: dict[str, Floats] = {}
    for key in plan.metrics():
        context = Context(embed=embed, gate=plan.gate, values=computed, **options)
        try:
            column = CATALOGUE[key].per_item(pairs, context)
        except (ModelUnavailable, LlmJudgeUnavailable):
            raise
        except Exception as error:
            raise MetricFailed(key, f"{type(error).__name__}: {error}") from error
        computed[key] = _checked(key, column, pairs)
    final = final_of(computed, plan)
    first = {"accuracy": computed["accuracy"], "explanation": computed["explanation"], "final": final}
    return first | {key: column for key, column in computed.items() if key not in first}


def final_of(values: Mapping[str, Floats], plan: Plan) -> Floats:
    """The final score of each item, shape (n,): weighted, without metrics whose mean is cut off at 0."""
    counted = {key: weight for key, weight in plan.weights.items() if math.fsum(values[key]) > 0}
    final = sum((weight * values[key] for key, weight in counted.items()), start=np.zeros(len(values["accuracy"])))
    return np.minimum(final, 1.0)


def _checked(key: str, column: Floats, pairs: Sequence[Pair]) -> Floats:
    if column.shape != (len(pairs),):
        raise MetricFailed(key, f"it gave values of shape {column.shape} for {len(pairs)} items.")
    wrong = np.flatnonzero(~((column >= CATALOGUE[key].lowest) & (column <= 1)))
    if wrong.size:
        first = int(wrong[0])
        raise MetricFailed(
            key, f"its value is {column[first]}, not in [{CATALOGUE[key].lowest:g}, 1].", pairs[first].reference.item_id
        )
    return column


def summarise(
    strata: Sequence[str | None], values: Mapping[str, Floats], plan: Plan, seed: int
) -> tuple[dict[str, Score], dict[str, Group]]:
    """Means and intervals over all items and within each category; items without a category are in no group."""
    means = interval.resample(np.column_stack(list(values.values())), strata, plan.resamples, seed)
    groups: dict[str, Group] = {}
    for category in sorted({stratum for stratum in strata if stratum is not None}):
        chosen = np.array([stratum == category for stratum in strata])
        inside = {key: column[chosen] for key, column in values.items()}
        groups[category] = Group(int(chosen.sum()), _scores(inside, means.strata[category], plan))
    return _scores(values, means.overall, plan), groups


def _scores(values: Mapping[str, Floats], means: Floats, plan: Plan) -> dict[str, Score]:
    """Every score is its items' mean, cut off at 0; `final` is the weighted sum of such scores, here and resampled."""
    exact = {key: max(0.0, math.fsum(column) / len(column)) for key, column in values.items()}
    drawn = dict(zip(values, np.maximum(means, 0).T, strict=True))
    exact["final"] = min(1.0, math.fsum(weight * exact[key] for key, weight in plan.weights.items()))
    drawn["final"] = sum((weight * drawn[key] for key, weight in plan.weights.items()), start=np.zeros(len(means)))
    scores: dict[str, Score] = {}
    for key, column in values.items():
        n = len(column)
        hits = int(column.sum()) if key == "accuracy" else 0
        if key == "accuracy" and interval.needs_wilson(hits, n):
            low, high = interval.wilson(hits, n)
        else:
            low, high = interval.percentile(drawn[key], exact[key])
        scores[key] = Score(exact[key], low, high)
    return scores


def _item(p: Pair, place: int, values: Mapping[str, Floats], notes: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    correct = {"item_id": p.reference.item_id, "category": p.reference.category, "answer_correct": p.correct}
    numbers = {key: float(column[place]) for key, column in values.items() if key != "accuracy"}
    return correct | numbers | {name: column[place] for name, column in notes.items()}
