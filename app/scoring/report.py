"""The report: every number with its interval, per category and per item, and the signature of how they came about.

Decision: means are exact sums (math.fsum) of the per-item values, so that they depend neither on the machine nor on the
order of rows, and `final` equals the weighted sum of its parts to the last digit. `as_dict` is the published form.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over items and its 95 % interval, all in [0, 1], low <= value <= high."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """{"value": …, "ci95": [low, high]}."""
        return {"value": self.value, "ci95": [self.low, self.high]}


@dataclass(frozen=True, slots=True)
class Group:
    """The scores of the items of one category, by metric key."""

    n_items: int
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Report:
    """One judgement of one submission. `items` holds a line per item, sorted by item id; the scores are their means."""

    plan: str
    scores: Mapping[str, Score]
    categories: Mapping[str, Group]
    n_items: int
    n_missing: int
    seed: int
    signature: str
    items: tuple[dict[str, Any], ...]
    note: str = ""
    # Ids of the items that the submission left out.
    missing: frozenset[str] = frozenset()

    @property
    def final(self) -> Score:
        """The score that ranks."""
        return self.scores["final"]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON values, without the items."""
        return {
            "version": VERSION,
            "plan": self.plan,
            **({"note": self.note} if self.note else {}),
            **_plain(self.scores),
            "categories": {
                name: {"n_items": group.n_items, **_plain(group.scores)} for name, group in self.categories.items()
            },
            "n_items": self.n_items,
            "n_missing": self.n_missing,
            "seed": self.seed,
            "signature": self.signature,
        }

    def item_values(self) -> dict[str, Any]:
        """Of the items in order: `final` as little-endian float64, and the categories. What ranks are compared by."""
        return {
            "item_finals": struct.pack(f"<{len(self.items)}d", *(item["final"] for item in self.items)),
            "item_categories": [item["category"] for item in self.items],
        }

    def items_jsonl(self) -> bytes:
        """The items as JSON Lines, UTF-8: item_id, category, answer_correct, explanation, final and the parts."""
        return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in self.items)


def _plain(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {key: score.as_dict() for key, score in scores.items()}
