"""chrF: how many of the expert's letter sequences come back. A column to compare with papers; it reads every script.

The implementation is sacrebleu's (Popović 2015; sequences of one to six characters, no words, beta 2), on raw text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

# What sacrebleu prints of these options, without its version, which is in Palmares' own signature.
SIGNATURE = "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no"


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """F2 of character sequences of explanation and reference, in [0, 1]; 0 where either is blank. Shape (n,)."""
    import numpy as np
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    values = np.zeros(len(pairs), dtype=np.float64)
    for i, pair in enumerate(pairs):
        if pair.explanation.strip() and pair.reference.explanation.strip():
            values[i] = chrf.sentence_score(pair.explanation, [pair.reference.explanation]).score
    return np.clip(values / 100, 0.0, 1.0)


METRIC = Metric(
    key="explanation.chrf",
    title="chrF",
    version=1,
    measures="F2 of sequences of one to six characters of the raw texts, by `sacrebleu`.",
    per_item=per_item,
    libraries=("sacrebleu",),
)
