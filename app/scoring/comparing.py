"""Comparing: which of two submissions is better on the same items, and how sure each place on a board is.

Decision: intervals by paired bootstrap within categories, p-values by approximate randomization (signs of the paired
differences are exchanged), McNemar's exact test for the choice. Rejected: p-values from the bootstrap, which call four
items won and none lost at n = 100 significant (p = .03, exact .125). Sources: Koehn 2004; Riezler & Maxwell 2005;
Noreen 1989; Dror et al. 2018; Holm 1979; Wiesenfarth et al. 2021 for intervals of ranks.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interval import CELLS, DIGITS, LEVEL, resample

Floats = NDArray[np.float64]

VERSION = 1
ALPHA = 1 - LEVEL
TRIALS = 10_000
SCREENING_TRIALS = 1_000
FEWEST_TRIALS = 1_000
# Trials times items of one comparison, so that a large ground truth does not hold up a request.
EFFORT = 20_000_000
RANK_RESAMPLES = 2_000
KEYS = ("final", "accuracy", "explanation")
EPSILON = 1e-9


class ItemsUnusable(ValueError):
    """Two files of items that cannot be compared: unreadable, or not of the same items."""

    code = "items_unusable"
    fix = "Give two files that `palmares score --items` wrote against the same ground truth."


@dataclass(frozen=True, slots=True)
class Delta:
    """A mean of A, the same of B, A - B with its 95 % interval, and the two-sided p-value of no difference."""

    a: float
    b: float
    low: float
    high: float
    p_value: float

    @property
    def difference(self) -> float:
        """A - B: above 0, A is better."""
        return self.a - self.b

    @property
    def separable(self) -> bool:
        """Whether chance alone is an unlikely reason for the difference (5 %)."""
        return self.p_value < ALPHA

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain values."""
        ci95 = [self.low, self.high]
        return {"a": self.a, "b": self.b, "difference": self.difference, "ci95": ci95, "p_value": self.p_value}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A against B: the scores overall and by category, and the ids of the items that A won and lost by `final`.

    `p_holm` holds each category's p-value of `final`, corrected for there being several categories.
    """

    scores: Mapping[str, Delta]
    categories: Mapping[str, Mapping[str, Delta]]
    sizes: Mapping[str, int]
    p_holm: Mapping[str, float]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    only_a_right: int
    only_b_right: int
    n_items: int
    trials: int
    seed: int

    def as_dict(self, *, counts: bool = True, ids: bool = True) -> dict[str, Any]:
        """The published form; without `counts` and `ids` it holds nothing finer than means and tests."""
        told: dict[str, Any] = {
            "version": VERSION,
            "separable": self.scores["final"].separable,
            "scores": {key: delta.as_dict() for key, delta in self.scores.items()},
            "categories": {
                name: {
                    "n_items": self.sizes[name],
                    "p_holm": self.p_holm[name],
                    "scores": {key: delta.as_dict() for key, delta in deltas.items()},
                }
                for name, deltas in self.categories.items()
            },
            "n_items": self.n_items,
            "trials": self.trials,
            "seed": self.seed,
        }
        if counts:
            tied = self.n_items - len(self.won) - len(self.lost)
            told["items"] = {"won": len(self.won), "lost": len(self.lost), "tied": tied}
            told["choice"] = {"only_a_right": self.only_a_right, "only_b_right": self.only_b_right}
        if ids:
            told["item_ids"] = {"won": list(self.won), "lost": list(self.lost)}
        return told


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a board: rank, its 95 % interval, the share of resamples in which it is first, and the tie.

    `tie` holds the first and the last of the neighbouring places that cannot be told apart.
    """

    rank: int
    low: int
    high: int
    p_first: float
    tie: tuple[int, int]


def read_items(content: bytes) -> list[dict[str, Any]]:
    """The items of a report's JSON Lines. Raises ItemsUnusable with the line that is none."""
    items = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            item = json.loads(line)
            if not isinstance(item["item_id"], str) or not isinstance(item["answer_correct"], bool):
                raise TypeError
            if not all(-1 <= float(item[key]) <= 1 for key in ("final", "explanation")):
                raise ValueError
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ItemsUnusable(f"Line {number} is no item of a report.") from error
        items.append(item)
    return items


def compare(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]], seed: int = 0) -> Comparison:
    """Compare two submissions by their items, whatever the order of the rows.

    Raises ItemsUnusable unless both hold the same items in the same categories, each once.
    """
    first, second = _by_id(a), _by_id(b)
    if not first or first.keys() != second.keys():
        missing = sorted(first.keys() ^ second.keys())
        raise ItemsUnusable(f"They do not hold the same items ({len(missing)} are in one of them only).")
    ids = sorted(first)
    strata = [first[item_id].get("category") for item_id in ids]
    if strata != [second[item_id].get("category") for item_id in ids]:
        raise ItemsUnusable("The same items are in other categories.")
    left, right = _columns(first, ids), _columns(second, ids)
    trials = max(FEWEST_TRIALS, min(TRIALS, EFFORT // len(ids)))
    means = resample(left - right, strata, trials, seed)
    categories: dict[str, Mapping[str, Delta]] = {}
    sizes: dict[str, int] = {}
    for name in sorted({stratum for stratum in strata if stratum is not None}):
        chosen = np.array([stratum == name for stratum in strata])
        categories[name] = _deltas(left[chosen], right[chosen], means.strata[name], trials, seed)
        sizes[name] = int(chosen.sum())
    corrected = holm([deltas["final"].p_value for deltas in categories.values()])
    gain, choice = left[:, 0] - right[:, 0], left[:, 1] - right[:, 1]
    return Comparison(
        scores=_deltas(left, right, means.overall, trials, seed),
        categories=categories,
        sizes=sizes,
        p_holm=dict(zip(categories, corrected, strict=True)),
        won=tuple(item_id for item_id, one in zip(ids, gain, strict=True) if one > EPSILON),
        lost=tuple(item_id for item_id, one in zip(ids, gain, strict=True) if one < -EPSILON),
        only_a_right=int((choice > 0).sum()),
        only_b_right=int((choice < 0).sum()),
        n_items=len(ids),
        trials=trials,
        seed=seed,
    )


def _by_id(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found = {item["item_id"]: item for item in items}
    if len(found) != len(items):
        raise ItemsUnusable("An item stands there twice.")
    return found


def _columns(items: Mapping[str, Mapping[str, Any]], ids: Sequence[str]) -> Floats:
    """Shape (items, KEYS), rows in the order of `ids`."""
    rows = [(items[name]["final"], items[name]["answer_correct"], items[name]["explanation"]) for name in ids]
    return np.array(rows, dtype=np.float64)


def _deltas(left: Floats, right: Floats, means: Floats, trials: int, seed: int) -> dict[str, Delta]:
    p_values = randomization(left - right, trials, seed)
    p_values[1] = mcnemar(int((left[:, 1] > right[:, 1]).sum()), int((left[:, 1] < right[:, 1]).sum()))
    n = len(left)
    deltas = {}
    for position, key in enumerate(KEYS):
        a, b = math.fsum(left[:, position]) / n, math.fsum(right[:, position]) / n
        low, high = np.percentile(means[:, position], [100 * ALPHA / 2, 100 * (1 - ALPHA / 2)]).round(DIGITS)
        deltas[key] = Delta(a, b, min(float(low), a - b), max(float(high), a - b), float(p_values[position]))
    return deltas


def randomization(differences: Floats, trials: int = TRIALS, seed: int = 0) -> Floats:
    """Two-sided p-values of paired approximate randomization, one for each column of shape (items, comparisons).

    Without a difference between the two, each item's difference could as well have the other sign: p is the share of
    random signs that give a mean as far from 0, the observed one counted in. Never 0.
    """
    n, columns = differences.shape
    observed = np.abs(differences.sum(axis=0)) - EPSILON
    rng = np.random.default_rng(seed)
    beyond = np.zeros(columns)
    step = max(1, CELLS // max(n, columns))
    for start in range(0, trials, step):
        signs = rng.integers(0, 2, size=(min(step, trials - start), n), dtype=np.int8) * 2.0 - 1.0
        beyond += (np.abs(signs @ differences) >= observed).sum(axis=0)
    return np.asarray((beyond + 1) / (trials + 1))


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value of McNemar's test, from the items that only A and only B has right.

    >>> round(mcnemar(6, 0), 3)
    0.031
    """
    from scipy.stats import binomtest

    return float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: below alpha, the whole family errs at most so often.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p_values)
    reached = 0.0
    for done, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        reached = max(reached, min(1.0, (len(p_values) - done) * p_values[position]))
        corrected[position] = reached
    return corrected


def places(values: Floats, strata: Sequence[str | None], resamples: int = RANK_RESAMPLES, seed: int = 0) -> list[Place]:
    """The places of a board's entries, `values` of shape (entries, items), in the order of the entries.

    Every resample draws the same items for all entries, within each stratum, so that ranks are compared pair by pair.
    """
    entries = len(values)
    scores = (values.sum(axis=1) / values.shape[1]).round(DIGITS)
    low, high, first = _rank_intervals(values, strata, resamples, seed)
    ranks = _ranks(scores[None, :])[0]
    order = np.argsort(-scores, kind="stable")
    ties: dict[int, tuple[int, int]] = {}
    start = 0
    apart = [*_apart(values[order], seed), True]
    for position, ends in enumerate(apart[:entries]):
        if ends:
            ties.update(dict.fromkeys(map(int, order[start : position + 1]), (start + 1, position + 1)))
            start = position + 1
    return [
        Place(int(rank), min(int(low[one]), int(rank)), max(int(high[one]), int(rank)), float(first[one]), ties[one])
        for one, rank in enumerate(ranks)
    ]


def _apart(ordered: Floats, seed: int) -> list[bool]:
    """Whether each entry differs from the next below it: 5 %, Holm over all neighbours.

    Few trials tell most neighbours alike; only the others are worth as many as the correction needs.
    """
    differences = (ordered[:-1] - ordered[1:]).T
    if not differences.size:
        return []
    p_values = randomization(differences, SCREENING_TRIALS, seed)
    doubtful = p_values < 2 * ALPHA
    if doubtful.any():
        enough = max(TRIALS, 40 * differences.shape[1])
        p_values[doubtful] = randomization(differences[:, doubtful], enough, seed)
    return [p < ALPHA for p in holm([float(p) for p in p_values])]


def _rank_intervals(
    values: Floats, strata: Sequence[str | None], resamples: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """2.5 and 97.5 % of each entry's rank, and how often it is first; at most some ten megabytes at once."""
    entries, n = values.shape
    names = list(dict.fromkeys(strata))
    members = [np.array([place for place, one in enumerate(strata) if one == name]) for name in names]
    rng = np.random.default_rng(seed)
    ranks = np.empty((resamples, entries), dtype=np.int32)
    step = max(1, CELLS // max(n, entries))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        counts = np.zeros((rows, n))
        for inside in members:
            drawn = rng.integers(0, len(inside), size=(rows, len(inside))) + np.arange(rows)[:, None] * len(inside)
            size = rows * len(inside)
            counts[:, inside] = np.bincount(drawn.ravel(), minlength=size).reshape(rows, len(inside))
        ranks[start : start + rows] = _ranks((counts @ values.T / n).round(DIGITS))
    tails = [100 * ALPHA / 2, 100 * (1 - ALPHA / 2)]
    low, high = np.percentile(ranks, tails, axis=0, method="inverted_cdf")
    return low, high, (ranks == 1).mean(axis=0)


def _ranks(scores: Floats) -> NDArray[np.int64]:
    """Ranks within each row, best first, equal values share the better one: 1, 2, 2, 4."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered = np.take_along_axis(scores, order, axis=1)
    fresh = np.ones(scores.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    within = np.maximum.accumulate(np.where(fresh, np.arange(1, scores.shape[1] + 1), 0), axis=1)
    ranks = np.empty_like(within)
    np.put_along_axis(ranks, order, within, axis=1)
    return ranks
