"""ROUGE-L: how much of the expert's wording comes back in the same order. A column to compare with papers.

Decision: the reference implementation `rouge-score` (Lin 2004; beta 1, no stemmer), although it is the slowest one: its
numbers are the ones papers print. Cost: it reads only a-z and 0-9, so a text in another script scores 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """F1 of the longest common subsequence of words of explanation and reference, in [0, 1]. Shape (n,)."""
    import numpy as np
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    values = [scorer.score(pair.reference.explanation, pair.explanation)["rougeL"].fmeasure for pair in pairs]
    return np.array(values, dtype=np.float64)


METRIC = Metric(
    key="explanation.rouge_l",
    title="ROUGE-L",
    version=1,
    measures="F1 of the longest common subsequence of words, by `rouge-score` without stemmer.",
    per_item=per_item,
    libraries=("rouge-score",),
)
