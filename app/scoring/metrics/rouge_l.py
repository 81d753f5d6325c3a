"""ROUGE-L: how much of the expert's wording comes back in the same order. A column to compare with papers.

Decision: the values of the reference implementation `rouge-score` (Lin 2004; beta 1, no stemmer), to the last bit, as
they are the ones papers print: its tokenizer and its formula, but the subsequence's length from `rapidfuzz`, which is
exact too and needs microseconds where the table in Python is quadratic (100 texts of 20,000 characters took 13 s).
Tests hold both together. Cost: it reads only a-z and 0-9, so a text in another script scores 0.
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
    from rouge_score.tokenizers import DefaultTokenizer

    words = DefaultTokenizer(use_stemmer=False).tokenize
    values = [_f1(words(pair.reference.explanation), words(pair.explanation)) for pair in pairs]
    return np.array(values, dtype=np.float64)


def _f1(reference: Sequence[str], explanation: Sequence[str]) -> float:
    from rapidfuzz.distance import LCSseq
    from rouge_score.scoring import fmeasure

    if not reference or not explanation:
        return 0.0
    # By number, since rapidfuzz compares words by their hash, which two words may share.
    number: dict[str, int] = {}
    one, other = ([number.setdefault(word, len(number)) for word in text] for text in (reference, explanation))
    length = LCSseq.similarity(one, other)
    return float(fmeasure(length / len(explanation), length / len(reference)))


METRIC = Metric(
    key="explanation.rouge_l",
    title="ROUGE-L",
    version=1,
    measures="F1 of the longest common subsequence of words, by `rouge-score` without stemmer.",
    per_item=per_item,
    libraries=("rouge-score",),
)
