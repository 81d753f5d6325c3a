"""Entailment: do the two explanations follow from each other, sentence by sentence, by an NLI model? Optional.

Decision: SummaC's zero-shot scheme (Laban et al. 2022) in both directions. A sentence is worth the best of
P(entailment) - P(contradiction) over the other text's sentences, at least 0; the mean over the expert's sentences is
recall, over the participant's precision, and the value is their harmonic mean. Clipped and not mapped from [-1, 1], so
that unrelated text earns nothing; a contradicted claim earns nothing either, but is not punished beyond that, because
NLI models see contradictions between sentences about different regions. Cost: sentences times sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

KEY = "explanation.nli"
MOST_SENTENCES = 32
# The model runs in double precision, so that six digits are the same on every machine.
DIGITS = 6


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """F1 of entailment in both directions, in [0, 1], six digits; 0 where blank or the gate closes. Shape (n,)."""
    import numpy as np

    if context.entail is None:
        raise ValueError("no NLI model was given.")
    values = np.zeros(len(pairs), dtype=np.float64)
    for i, pair in enumerate(pairs):
        told, expert = sentences(pair.explanation), sentences(pair.reference.explanation)
        if not told or not expert or (context.gate and not pair.correct):
            continue
        recalled = [(mine, theirs) for theirs in expert for mine in told]
        precise = [(theirs, mine) for mine in told for theirs in expert]
        chances = np.asarray(context.entail(recalled + precise), dtype=np.float64)
        margin = np.maximum(chances[:, 0] - chances[:, 1], 0.0)
        recall = margin[: len(recalled)].reshape(len(expert), len(told)).max(axis=1).mean()
        precision = margin[len(recalled) :].reshape(len(told), len(expert)).max(axis=1).mean()
        values[i] = round(_f1(float(precision), float(recall)), DIGITS)
    return values


def _f1(precision: float, recall: float) -> float:
    total = precision + recall
    return min(1.0, 2 * precision * recall / total) if total else 0.0


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, at most MOST_SENTENCES.

    >>> sentences("Face Texture: A is finer. Hair: B!\\n- Background: same")
    ['Face Texture: A is finer.', 'Hair: B!', '- Background: same']
    """
    parts = (part.strip() for part in re.split(r"(?<=[.!?;])\s+|[\r\n]+", text))
    return [part for part in parts if re.search(r"\w", part)][:MOST_SENTENCES]


METRIC = Metric(
    key=KEY,
    title="Entailment",
    version=1,
    measures="F1 of sentences entailed both ways, by an NLI model; 0 where blank, or wrong with the gate on. Optional.",
    per_item=per_item,
)
