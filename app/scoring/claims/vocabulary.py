"""The words of image quality: which region, which respect (axis), how much, and which words change that.

Decision: a list written by hand (vocabulary.txt), because the field's words are few, their senses are the field's own
("clean" is little noise, "bite" is sharpness), and every reading can then be explained and corrected. Words that are
not in it are looked up by their stem; what is still unknown has no say in the direction.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

REGIONS = (
    "face", "skin", "eyes", "mouth", "hair", "body", "clothing", "background", "plants", "sky", "water", "building",
    "text", "dark", "bright", "flat", "edges", "global",
)  # fmt: skip
AXES = (
    "sharpness", "detail", "smear", "smooth", "noise", "oversharp", "artifacts", "realism", "colour", "tone", "overall",
)  # fmt: skip
VALENCE = {"smear": -1, "smooth": 0, "noise": -1, "oversharp": -1, "artifacts": -1}
"""Whether much of an axis is good (+1, the default), bad or neither."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One sense of a term: kind (`region`, `noun`, `more`, `less`, or a modifier's kind) and the name it has there."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A term of the vocabulary in a list of words: words[start:end]."""

    start: int
    end: int
    senses: tuple[Sense, ...]


@functools.cache
def terms() -> dict[tuple[str, ...], tuple[Sense, ...]]:
    """Every term, as words, with its senses."""
    found: dict[tuple[str, ...], list[Sense]] = {}
    text = (resources.files(__package__) / "vocabulary.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head, _, words = line.partition(":")
        kind, _, name = head.partition(" ")
        for word in words.split():
            senses = found.setdefault(tuple(word.rstrip("*").split("-")), [])
            if Sense(kind, name) not in senses:
                senses.append(Sense(kind, name))
    return {term: tuple(senses) for term, senses in found.items()}


@functools.cache
def longest() -> int:
    """Words of the longest term."""
    return max(map(len, terms()))


@functools.cache
def _stems() -> dict[str, tuple[Sense, ...]]:
    stems: dict[str, tuple[Sense, ...]] = {}
    for term, senses in terms().items():
        kept = tuple(sense for sense in senses if sense.kind in ("noun", "more", "less"))
        if len(term) == 1 and kept and len(term[0]) > 4:
            stems.setdefault(stem(term[0]), kept)
    return stems


@functools.lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its ending: of comparatives, adverbs and plurals the bare word."""
    for ending in ("iness", "ness", "iest", "ier", "est", "ing", "ily", "ed", "er", "ly", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return re.sub(r"(.)\1$", r"\1", word[: -len(ending)])
    return word


@functools.lru_cache(maxsize=20_000)
def senses(words: tuple[str, ...]) -> tuple[Sense, ...]:
    """The senses of a term, of a single word also by its stem; empty where it is unknown."""
    exact = terms().get(words)
    if exact or len(words) > 1:
        return exact or ()
    return _stems().get(stem(words[0]), ()) if len(words[0]) > 4 else ()


def hits_in(words: Sequence[str]) -> Iterator[Hit]:
    """The terms in a list of words, from left to right, the longest first."""
    i, most = 0, longest()
    while i < len(words):
        for n in range(min(most, len(words) - i), 0, -1):
            if found := senses(tuple(words[i : i + n])):
                yield Hit(i, i + n, found)
                i += n
                break
        else:
            i += 1
