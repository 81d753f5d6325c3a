"""The explanation score: how far an explanation makes the expert's claims, beyond what a blind writer would get.

Version 3. 1 is the expert's own text, 0 a writer who knows the style and the answer but not the pictures, below 0 who
argues against the expert. The way: sides named in one form, claims read as (region, axis, side, amount), compared with
the reference's by aspect, direction and topic, recall and precision, corrected for chance (app/scoring/claims).
Decision: rules and no model, because embeddings do not see polarity (measured: docs/judgement.md) and rules give the
same bits everywhere. Below zero is kept per item, so that guessing costs; the mean is cut off at 0. Reasons of a wrong
choice earn nothing: they argue for the wrong image, and what they share with the expert is style.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from . import coverage
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Values in [-1, 1]; 0 where blank, and with the gate on where the choice is wrong. Shape (n,)."""
    import numpy as np

    values: Floats = coverage.assessment(pairs, context).values
    if context.gate:
        values = np.where([pair.correct for pair in pairs], values, 0.0)
    return values


METRIC = Metric(
    key="explanation",
    title="Explanation",
    version=3,
    measures="The expert's claims made, with the right side and direction: 1 the expert's own text, 0 a blind writer, "
    "below 0 against the expert; 0 where the choice is wrong and the plan's gate is on.",
    per_item=per_item,
    parts=(coverage.CLAIMS.key, coverage.DIRECTION.key),
    lowest=-1.0,
)
