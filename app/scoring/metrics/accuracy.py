"""Accuracy: was the better image chosen?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """1 where the choice is the expert's, else 0; a missing pair is 0. Shape (n,)."""
    import numpy as np

    return np.array([pair.correct for pair in pairs], dtype=np.float64)


METRIC = Metric(
    key="accuracy",
    title="Accuracy",
    version=1,
    measures="1 where the choice is the expert's, else 0; a missing pair is 0.",
    per_item=per_item,
)
