"""What claims are about: how many words two of them share, as a cosine.

Decision: words, not embeddings. The topic only tempers an agreement that region, axis and direction have decided, and
shared words and senses do that as well: with an embedding of every claim the development probes came out alike (free
paraphrases 0.58 either way, another pair's text 0.06 instead of 0.04), while its passes through the transformer took
four fifths of a judgement. So the ranked score needs no model, and counts of words are the same bits on every machine.
Cost: claims in wholly different words count as another topic, which is why that costs little. Rejected: the model's
own table of word pieces (no better, and needs the weights), late chunking (the transformer again).
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .sides import BOTH, A, B
from .vocabulary import hits_in, stem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CLAIM, WORD = range(2)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
SHORTEST = 5
"""Letters of a word that says what a claim is about; the short ones that do are in the vocabulary."""


def numbered(claims: Sequence[str]) -> Ints:
    """The distinct words of each claim as rows (claim, word), at least one row for each claim."""
    rows = [(number, word) for number, claim in enumerate(claims) for word in {*map(_number, _told(claim))} or {0}]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def _told(claim: str) -> Iterator[str]:
    """Stems of the longer words, and the senses of all; without the names of the sides."""
    kept = [word for word in _WORD.findall(claim) if word not in (A, B, BOTH)]
    yield from (stem(word) for word in kept if len(word) >= SHORTEST)
    for hit in hits_in(kept):
        for sense in hit.senses:
            if sense.kind in ("region", "noun", "more", "less") and sense.name != "overall":
                yield f"*{sense.name}"


@functools.lru_cache(maxsize=20_000)
def _number(word: str) -> int:
    """The same in every process, as hash() is not."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def cosines(one: Ints, other: Ints) -> Floats:
    """Shared words over the root of the product of both counts, for every claim of one with every claim of the other.

    >>> cosines(numbered(["teapots", "the sky"]), numbered(["teapots in the sky"])).round(2)
    array([[0.71],
           [0.71]])
    """
    known, column = np.unique(other[:, WORD], return_inverse=True)
    holds = np.zeros((len(known) + 1, other[-1, CLAIM] + 1))  # the last row stands for every other word
    holds[column, other[:, CLAIM]] = 1
    place = np.searchsorted(known, one[:, WORD])
    place[known[np.minimum(place, len(known) - 1)] != one[:, WORD]] = len(known)
    starts = np.flatnonzero(np.r_[True, one[1:, CLAIM] != one[:-1, CLAIM]])
    shared = np.add.reduceat(holds[place], starts, axis=0)
    sizes = np.diff(np.r_[starts, len(one)])
    found: Floats = shared / np.sqrt(np.outer(sizes, holds.sum(axis=0)))
    return found
