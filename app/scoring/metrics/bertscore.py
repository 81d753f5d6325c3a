"""BERTScore-style F1: each word piece is matched with the likest one of the other text (Zhang et al. 2020).

Decision: the formula of BERTScore (greedy matching, no IDF, no rescaling) over the last layer of the model that is
loaded anyway, whose weights are verified. The package `bert-score` would fetch models by name. Cost: the numbers are
those of no paper, since those depend on roberta-large and its layer 17; hence "-style" in the title. [CLS] and [SEP]
take no part. Like all such metrics it hardly sees direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

# The rows are exact (embedding.py), so that six digits are the same on every machine.
DIGITS = 6


def greedy_match(candidate: Floats, reference: Floats) -> tuple[float, float, float]:
    """Precision, recall and F1 of unit rows of shape (pieces, dimensions); all 0 where a text has no piece.

    Precision is the mean over the candidate's pieces of the cosine to their likest reference piece; recall the reverse.
    """
    if not len(candidate) or not len(reference):
        return 0.0, 0.0, 0.0
    likeness = candidate @ reference.T
    precision, recall = float(likeness.max(axis=1).mean()), float(likeness.max(axis=0).mean())
    if precision <= 0 or recall <= 0:
        return precision, recall, 0.0
    return precision, recall, 2 * precision * recall / (precision + recall)


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """F1 of the greedy match, clipped to [0, 1], six digits; 0 where either text is blank. Shape (n,)."""
    import numpy as np

    values = np.zeros(len(pairs), dtype=np.float64)
    told = [i for i, pair in enumerate(pairs) if pair.explanation.strip() and pair.reference.explanation.strip()]
    if not told:
        return values
    experts = context.embed.tokens([pairs[i].reference.explanation for i in told])
    given = context.embed.tokens([pairs[i].explanation for i in told])
    values[told] = [greedy_match(*both)[2] for both in zip(given, experts, strict=True)]
    values[told] = np.round(np.clip(values[told], 0.0, 1.0), DIGITS)
    return values


METRIC = Metric(
    key="explanation.bertscore",
    title="BERTScore-style F1",
    version=1,
    measures="F1 of greedily matched word pieces by the model's own contextual embeddings, without IDF or rescaling.",
    per_item=per_item,
    uses_model=True,
)
