"""METEOR without synonyms: words of the expert that come back, exactly or by stem, and how scattered they are.

Decision: nltk's METEOR with an empty thesaurus. Its third stage asks WordNet, whose data no package carries and nothing
may be fetched here; without it the numbers are a little lower than those of papers, so the title says what is left out.
Rejected: leaving the column out, since exact and stem matches make up most of METEOR's alignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats


class NoSynonyms:
    """Stands in for WordNet: no word has synonyms."""

    def synsets(self, word: str) -> list[object]:
        """The meanings of a word: none."""
        return []


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """METEOR (alpha 0.9, beta 3, gamma 0.5) of the exact and stem stages, in [0, 1]; blank is 0. Shape (n,)."""
    import numpy as np
    from nltk.tokenize import wordpunct_tokenize as words
    from nltk.translate.meteor_score import single_meteor_score

    values = [
        single_meteor_score(words(pair.reference.explanation), words(pair.explanation), wordnet=NoSynonyms())
        for pair in pairs
    ]
    return np.array(values, dtype=np.float64)


METRIC = Metric(
    key="explanation.meteor",
    title="METEOR (no synonyms)",
    version=1,
    measures="METEOR of the raw texts by `nltk`, exact and stem stages only: there is no WordNet.",
    per_item=per_item,
    libraries=("nltk",),
)
