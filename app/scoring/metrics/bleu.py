"""Sentence BLEU-4: how many of the expert's word sequences up to four words come back. A column to compare with papers.

Decision: sacrebleu, because its signature says which of the many BLEUs was computed; without one the same texts range
over a factor of 2.4. It reads raw text, as papers do: a side named in another style costs, although nothing else was
said. Per item, since every number here is a mean over items: it is not the corpus BLEU of most papers, which pools the
counts of all items before it divides, and the two must not be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

# What sacrebleu prints of these options, without its version, which is in Palmares' own signature.
SIGNATURE = "nrefs:1|case:mixed|eff:yes|tok:13a|smooth:exp"


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Sentence BLEU-4 of explanation against reference, in [0, 1]; 0 where either is blank. Shape (n,)."""
    import numpy as np
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(effective_order=True)
    values = np.zeros(len(pairs), dtype=np.float64)
    for i, pair in enumerate(pairs):
        if pair.explanation.strip() and pair.reference.explanation.strip():
            values[i] = bleu.sentence_score(pair.explanation, [pair.reference.explanation]).score
    return np.clip(values / 100, 0.0, 1.0)


METRIC = Metric(
    key="explanation.bleu",
    title="BLEU-4 (sentence)",
    version=1,
    measures="BLEU-4 of the raw texts by `sacrebleu`: case mixed, effective order, tokenizer 13a, smoothing exp.",
    per_item=per_item,
    libraries=("sacrebleu",),
)
