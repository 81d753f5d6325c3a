"""Intervals: how far a score would move with other items of the same kind.

Decision: percentile bootstrap over items, stratified by category (the mix of person and scene pairs was chosen, not
drawn), one resample for all metrics, so that their means are one matrix product and stay paired. Wilson for accuracy
where few items or no variation leave the bootstrap nothing to say. Rejected: scipy.stats.bootstrap, which knows no
strata and resamples per metric. Source: Efron & Tibshirani 1993, ch. 13; Wilson 1927.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.95
FEW = 30
# Bounds the resampling matrix to about 32 MB however many items there are.
CELLS = 4_000_000
# Sums of floats may differ in the last digits between machines; ten digits do not.
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Resampled:
    """Means of each resample: `overall` of shape (resamples, metrics), and the same within each stratum."""

    overall: Floats
    strata: dict[str | None, Floats]


def resample(values: Floats, strata: Sequence[str | None], resamples: int, seed: int) -> Resampled:
    """Bootstrap the means of `values`, shape (items, metrics), drawing with replacement within each stratum.

    `strata` names the stratum of each item (None is one of its own). Same seed and order of items, same numbers.

    >>> resample(np.array([[1.0], [1.0]]), ["a", "b"], 100, 0).overall.min()
    np.float64(1.0)
    """
    rng = np.random.default_rng(seed)
    members: dict[str | None, list[int]] = {}
    for position, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(position)
    sums = np.zeros((resamples, values.shape[1]))
    within: dict[str | None, Floats] = {}
    for stratum in sorted(members, key=lambda name: (name is not None, name or "")):
        drawn = _draw(values[members[stratum]], resamples, rng)
        within[stratum] = drawn / len(members[stratum])
        sums += drawn
    return Resampled(sums / len(values), within)


def _draw(members: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Sums over `len(members)` items drawn with replacement, shape (resamples, metrics)."""
    n = len(members)
    sums = np.empty((resamples, members.shape[1]))
    step = max(1, CELLS // n)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        cells = rng.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
        counts = np.bincount(cells.ravel(), minlength=rows * n).reshape(rows, n)
        sums[start : start + rows] = counts @ members
    return sums


def percentile(means: Floats, value: float) -> tuple[float, float]:
    """The central 95 % of resampled means, shape (resamples,), widened to hold `value`, within [0, 1]."""
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return _around(float(low), float(high), value)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of successes among n >= 1 items."""
    from scipy.stats import binomtest

    interval = binomtest(successes, n).proportion_ci(LEVEL, method="wilson")
    return _around(float(interval.low), float(interval.high), successes / n)


def needs_wilson(successes: int, n: int) -> bool:
    """Whether a share of 0/1 values is too small a sample for the bootstrap, or does not vary at all."""
    return n < FEW or successes in (0, n)


def _around(low: float, high: float, value: float) -> tuple[float, float]:
    low, high = round(low, DIGITS), round(high, DIGITS)
    return max(0.0, min(low, value)), min(1.0, max(high, value))
