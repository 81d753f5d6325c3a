"""Semantic similarity: cosine of the two explanations' embeddings. A column to compare with papers.

It does not see direction: a text that turns every verdict round scores about 0.99 on the public RAIM-PIQA rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

# The noise of the model's arithmetic is about 1e-9 (see embedding.py): six digits are the same on every machine.
DIGITS = 6


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Cosine of explanation and reference, clipped to [0, 1], six digits; 0 where either is blank. Shape (n,)."""
    import numpy as np

    values = np.zeros(len(pairs), dtype=np.float64)
    told = [i for i, pair in enumerate(pairs) if pair.explanation.strip() and pair.reference.explanation.strip()]
    if not told:
        return values
    texts = [pairs[i].reference.explanation for i in told] + [pairs[i].explanation for i in told]
    rows = np.asarray(context.embed(texts), dtype=np.float64)
    cosines = np.einsum("ij,ij->i", rows[: len(told)], rows[len(told) :])
    values[told] = np.round(np.clip(cosines, 0.0, 1.0), DIGITS)
    return values


METRIC = Metric(
    key="explanation.semantic",
    title="Semantic similarity",
    version=1,
    measures="Cosine of the two texts' embeddings, clipped to [0, 1] and rounded to six digits.",
    per_item=per_item,
    uses_model=True,
)
