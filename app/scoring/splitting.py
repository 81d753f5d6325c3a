"""Which items are public while a phase runs, and the report of some of the items alone.

Decision: an item's place in the draw is the SHA-256 of the seed and its id, so that the same seed gives the same items
on every machine, and an item more moves few others. A share is drawn within each category, because public and hidden
items must be alike. A submission is judged once, on all items; the reports of the parts are made from its values per
item, so what chance gives stays measured on all of them. Rejected: judging the parts apart, which costs twice and gives
other values for the same item.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from math import floor

import numpy as np

from .judging import final_of, summarise
from .plan import Plan
from .report import Report


def public_items(
    ids: Sequence[str],
    categories: Sequence[str | None],
    *,
    share: float | None = None,
    seed: int = 0,
    items: Sequence[str] | None = None,
) -> frozenset[str]:
    """The public ones of these items: those that are listed, or a share of each category; never none, nor all of two.

    >>> sorted(public_items(["a", "b", "c", "d"], [None] * 4, share=0.5, seed=1))
    ['b', 'd']
    """
    if items is not None:
        return frozenset(ids) & frozenset(items)
    members: dict[str, list[str]] = defaultdict(list)
    for item_id, category in zip(ids, categories, strict=True):
        members[category or ""].append(item_id)
    total = max(1, min(len(ids) - 1, round((share or 0.0) * len(ids))))
    quotas = {name: total * len(inside) / len(ids) for name, inside in members.items()}
    taken = {name: floor(quota) for name, quota in quotas.items()}
    # What rounding left over goes to the largest remainders.
    for name in sorted(quotas, key=lambda one: (taken[one] - quotas[one], one))[: total - sum(taken.values())]:
        taken[name] += 1
    return frozenset(item for name, inside in members.items() for item in _drawn(inside, seed)[: taken[name]])


def _drawn(ids: Sequence[str], seed: int) -> list[str]:
    return sorted(ids, key=lambda item_id: hashlib.sha256(f"{seed}|{item_id}".encode()).digest())


def part_of(report: Report, plan: Plan, chosen: Collection[str], name: str) -> Report | None:
    """The report of the chosen items alone, from the values per item of the whole one; None where there are none."""
    items = [item for item in report.items if item["item_id"] in chosen]
    if not items:
        return None
    columns = {key: "answer_correct" if key == "accuracy" else key for key in report.scores}
    values = {key: np.array([float(item[column]) for item in items]) for key, column in columns.items()}
    values["final"] = final_of(values, plan)
    scores, categories = summarise([item["category"] for item in items], values, plan, report.seed)
    return Report(
        plan=report.plan,
        scores=scores,
        categories=categories,
        n_items=len(items),
        n_missing=len(report.missing & frozenset(item["item_id"] for item in items)),
        seed=report.seed,
        signature=f"{report.signature}|part:{name}.{len(items)}",
        items=tuple(items),
        note=report.note,
    )
