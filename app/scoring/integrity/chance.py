"""What chance gives: tails of sums of unequal coin tosses, and how likely each entry is to miss each item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ROUNDS = 40
SPREAD = 2.0
"""Standard deviation, in logits, of the prior of abilities and difficulties: wide, and keeps extreme ones finite."""


def tails(probabilities: Floats, counts: Ints) -> Floats:
    """P(X >= count) of each row: X is the sum of independent tosses (Poisson-binomial, exact; Hong 2013).

    `probabilities` of shape (rows, tosses), filled up with zeros; `counts` of shape (rows,).

    >>> tails(np.array([[0.5, 0.5], [0.1, 0.2]]), np.array([2, 1])).round(2).tolist()
    [0.25, 0.28]
    """
    rows, tosses = probabilities.shape
    density = np.zeros((rows, tosses + 1))
    density[:, 0] = 1.0
    for number in range(tosses):
        p = probabilities[:, number, None]
        density[:, 1 : number + 2] = density[:, 1 : number + 2] * (1 - p) + density[:, : number + 1] * p
        density[:, 0] *= 1 - p[:, 0]
    beyond = np.arange(tosses + 1) >= counts[:, None]
    return np.asarray(np.minimum(1.0, (density * beyond).sum(axis=1)))


def miss_rates(wrong: Bools, answered: Bools) -> Floats:
    """How likely each entry is to miss each item, by its ability and the item's difficulty (Rasch 1960).

    Both of shape (entries, items). Fitted by Newton steps in turn, under wide normal priors (maximum a posteriori).
    """
    entry, item = np.zeros(wrong.shape[0]), np.zeros(wrong.shape[1])
    level = np.log((wrong.sum() + 0.5) / ((answered & ~wrong).sum() + 0.5))
    for _ in range(ROUNDS):
        for values, axis in ((entry, 1), (item, 0)):
            p = _logistic(level + entry[:, None] + item)
            gradient = ((wrong - p) * answered).sum(axis=axis) - values / SPREAD**2
            curvature = (p * (1 - p) * answered).sum(axis=axis) + 1 / SPREAD**2
            values += np.clip(gradient / curvature, -1, 1)
    return _logistic(level + entry[:, None] + item)


def holm_of_smallest(p_values: Sequence[float], family: int) -> list[float]:
    """Holm's correction of the smallest p-values, ascending, of a family of so many tests.

    >>> [round(p, 6) for p in holm_of_smallest([0.001, 0.01], 10)]
    [0.01, 0.09]
    """
    steps = [min(1.0, (family - done) * p) for done, p in enumerate(p_values)]
    return [float(p) for p in np.maximum.accumulate(steps)] if steps else []


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))
