"""The label-error radar: items on which the strong entries agree against the truth.

Classical item analysis: an item that the able miss and the weak get right has a negative item-total correlation, and
the first thing to look at is its key (Lord & Novick 1968; Ebel & Frisbie 1991); agreement of models against a label
finds errors in famous test sets (Northcutt, Athalye & Mueller 2021).
Decision: an item is flagged only where three signs come together: more strong entries chose the other answer than
their own error rates allow (Holm over all items); more than coin tosses would give, which is what mere hardness makes
of two-way choices (5 %); and the item-total correlation is below 0. Cost: a picture that misleads everybody looks like
a wrong label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..comparing import ALPHA, holm
from .chance import Bools, Floats, tails

FEWEST = 5
"""With fewer entries nothing can be said."""
STRONG_SHARE = 1 / 3
MOST_STRONG = 50
CAVEAT = (
    "Evidence to look at, not proof: entries that stand on the same model err together, and pictures that mislead "
    "everybody look like wrong labels."
)


@dataclass(frozen=True, slots=True)
class Item:
    """What the entries say about one item; shares in [0, 1], `item_total` in [-1, 1] or None where it is undefined.

    `difficulty`: the share of entries that are wrong or silent. `against`: the share that chose the other answer,
    weighted by rank from n down to 1. `strong_against` of `strong` are the best entries that did, `p_value` how likely
    so many are by their error rates on the other items. `contradicting`: strong explanations judged to contradict.
    """

    item_id: str
    flagged: bool
    p_value: float
    p_holm: float
    strong: int
    strong_against: int
    against: float
    item_total: float | None
    difficulty: float
    explanation: float
    contradicting: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The item as plain values."""
        return asdict(self)


def radar(
    item_ids: Sequence[str], correct: Bools, answered: Bools, explanations: Floats, contradicted: Bools
) -> list[Item]:
    """All items, most suspicious first; none with fewer than FEWEST entries. Arrays of shape (entries, items).

    Which entries are strong is told anew for each item, by their accuracy on the others.
    """
    entries, n = correct.shape
    if entries < FEWEST or n < 2:
        return []
    strong = max(FEWEST, min(MOST_STRONG, round(entries * STRONG_SHARE)))
    wrong = answered & ~correct
    # Of shape (entries, items): the accuracy on the other items; half an error more keeps perfect ones possible.
    rest = (correct.sum(axis=1, keepdims=True) - correct) / (n - 1)
    errors = (wrong.sum(axis=1, keepdims=True) - wrong + 0.5) / n
    order = np.argsort(-rest, axis=0, kind="stable")
    best = order[:strong]
    hits = np.take_along_axis(wrong, best, axis=0).sum(axis=0)
    p_values = tails(np.take_along_axis(errors, best, axis=0).T, hits)
    beyond_tosses = tails(np.full((n, strong), 0.5), hits) < ALPHA
    weights = np.arange(entries, 0, -1) / (entries * (entries + 1) / 2)
    against = weights @ np.take_along_axis(wrong, order, axis=0)
    contradicting = np.take_along_axis(contradicted, best, axis=0).sum(axis=0)
    found = []
    for i, (p, p_holm) in enumerate(zip(p_values, holm([float(p) for p in p_values]), strict=True)):
        total = _item_total(correct[:, i], rest[:, i])
        flagged = p_holm < ALPHA and bool(beyond_tosses[i]) and total is not None and total < 0
        one = Item(
            item_id=item_ids[i],
            flagged=flagged,
            p_value=float(p),
            p_holm=p_holm,
            strong=strong,
            strong_against=int(hits[i]),
            against=float(against[i]),
            item_total=total,
            difficulty=float(1 - correct[:, i].mean()),
            explanation=float(explanations[:, i].mean()),
            contradicting=int(contradicting[i]),
            why=_why(int(hits[i]), strong, float(p), bool(beyond_tosses[i]), total, flagged),
        )
        found.append(one)
    return sorted(found, key=lambda one: (not one.flagged, one.p_value, one.item_total or 0.0, one.item_id))


def _item_total(right: Bools, rest: Floats) -> float | None:
    """Point-biserial correlation of being right on an item with the score on the others."""
    if right.all() or not right.any() or np.ptp(rest) == 0:
        return None
    return float(np.corrcoef(right, rest)[0, 1])


def _why(hits: int, strong: int, p: float, beyond_tosses: bool, total: float | None, flagged: bool) -> str:
    head = f"{hits} of the {strong} best entries chose the other answer"
    if flagged:
        return f"{head} (p = {p:.2g} by their own errors), and entries that agree with the truth do worse elsewhere."
    if not beyond_tosses:
        return f"{head}: no more than guessing gives on a hard item."
    if total is None or total >= 0:
        return f"{head}, but those who agree with the truth do not do worse elsewhere: rather hard than wrong."
    return f"{head}, which chance allows among so many items."
