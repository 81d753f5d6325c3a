"""The explanation score, version 1: the mean of semantic similarity and ROUGE-L, where the choice is right.

Decision: a stand-in. Both parts are blind to direction (a contradiction of the expert scores near 1), which is why the
gate is on by default and why this file is to be replaced: nothing outside metrics/ knows how the value comes about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from . import rouge_l, semantic
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

PARTS = (semantic.METRIC.key, rouge_l.METRIC.key)


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Mean of the parts, in [0, 1]; with the gate on, 0 where the choice is wrong. Shape (n,)."""
    import numpy as np

    values: Floats = np.mean([context.values[key] for key in PARTS], axis=0)
    if context.gate:
        values = np.where([pair.correct for pair in pairs], values, 0.0)
    return values


METRIC = Metric(
    key="explanation",
    title="Explanation",
    version=1,
    measures="Mean of its parts; 0 where the choice is wrong and the plan's gate is on.",
    per_item=per_item,
    parts=PARTS,
)
