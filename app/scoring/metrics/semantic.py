"""Semantic similarity: cosine of the two explanations' embeddings. A column to compare with papers.

It does not see direction: a text that turns every verdict round scores about 0.99 on the public RAIM-PIQA rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..embedding import COSINE_ERROR
from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .metric import Floats

DIGITS = 4


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Cosine of explanation and reference, clipped to [0, 1], four digits; 0 where either is blank. Shape (n,).

    The digits are those of exact rows: a cosine so near to the middle between two numbers that usual rows could round
    it either way is computed again. With four digits that is one pair of twenty-five, with six it would be all.
    """
    import numpy as np

    values = np.zeros(len(pairs), dtype=np.float64)
    told = [i for i, pair in enumerate(pairs) if pair.explanation.strip() and pair.reference.explanation.strip()]
    cosines = _cosines([pairs[i] for i in told], context.embed)
    unsure = np.flatnonzero(_rounded(cosines - COSINE_ERROR) != _rounded(cosines + COSINE_ERROR))
    cosines[unsure] = _cosines([pairs[told[i]] for i in unsure], partial(context.embed, exact=True))
    values[told] = _rounded(cosines)
    return values


def _cosines(pairs: Sequence[Pair], embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> Floats:
    import numpy as np

    if not pairs:
        return np.zeros(0)
    texts = [pair.reference.explanation for pair in pairs] + [pair.explanation for pair in pairs]
    rows = np.asarray(embed(texts), dtype=np.float64)
    found: Floats = np.einsum("ij,ij->i", rows[: len(pairs)], rows[len(pairs) :])
    return found


def _rounded(cosines: Floats) -> Floats:
    import numpy as np

    return np.clip(cosines, 0.0, 1.0).round(DIGITS)


METRIC = Metric(
    key="explanation.semantic",
    title="Semantic similarity",
    version=2,
    measures="Cosine of the two texts' embeddings, clipped to [0, 1] and rounded to four digits.",
    per_item=per_item,
    uses_model=True,
)
