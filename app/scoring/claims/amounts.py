"""How much of each quality a clause says there is: words for it, and the words beside them that change it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .vocabulary import VALENCE, Hit, Sense

_SCOPE_ENDS = {
    ",", "but", "while", "whereas", "yet", "though", "because", "so", "which", "with", "thanks", "leading", "resulting",
    "due",
}  # fmt: skip
_CUTS_LEFT = {",", "imga", "imgb", "than", "but"}
_CUTS_RIGHT = {",", "and", "imga", "imgb", "in", "with", "than"}
_JOINS = {"and"}
LEFT, RIGHT, SCOPE = 3, 4, 7
PRESENT = 0.6


def amounts(words: Sequence[str], hits: Sequence[Hit]) -> list[tuple[str, float, float]]:
    """(axis, amount in [-1, 1], quality in [-1, 1]) of every quality named in a clause, in the order of the words."""
    found: list[tuple[str, float, float]] = []
    negated = _negated(words, hits)
    for index, hit in enumerate(hits):
        qualities = [s for s in hit.senses if s.kind in ("noun", "more", "less")]
        modifies = _kinds(hit) & {"up", "down", "good", "bad", "not", "lose", "excess"}
        if not qualities or (modifies and _noun_follows(words, hits, index)):
            continue
        for sense in qualities:
            valence = VALENCE.get(sense.name, 1)
            near = _modifiers(words, hits, index, sense.kind == "noun")
            amount = _amount(sense, valence, near)
            if amount is None:
                continue
            if hit.start in negated:
                amount = -amount or -1.0
            quality = amount * valence
            if "excess" in near and sense.kind != "less" and hit.start not in negated and valence >= 0:
                found.append(("oversharp", 1.0, -1.0))
                quality = -1.0
            found.append((sense.name, amount, quality))
    return found


def _amount(sense: Sense, valence: int, near: set[str]) -> float | None:
    kind = sense.kind
    if kind in ("more", "less"):
        sign = 1.0 if kind == "more" else -1.0
        return -sign if "down" in near and "up" not in near else sign
    if "lose" in near or "down" in near:
        return -1.0
    if "good" in near and "bad" not in near:
        return float(valence or 1)
    if "bad" in near:
        return float(-valence or -1)
    if "up" in near or "excess" in near:
        return 1.0
    if sense.name == "overall" or (sense.name == "noise" and "adjective" in near):
        return None
    return PRESENT if valence < 0 else 0.0


def _noun_follows(words: Sequence[str], hits: Sequence[Hit], index: int) -> bool:
    """Whether this word stands before a noun that it says something about."""
    end = hits[index].end
    for other in hits[index + 1 :]:
        if other.start - end > 1 or any(w in (",", "and", "or") for w in words[end : other.start]):
            return False
        if any(s.kind == "noun" for s in other.senses):
            return True
        end = other.end
    return False


def _modifiers(words: Sequence[str], hits: Sequence[Hit], index: int, noun: bool) -> set[str]:
    """Kinds of the modifiers that belong to a word: just before it, and for nouns also behind it."""
    if noun:
        return _before_noun(words, hits, index) or _behind_noun(words, hits, index)
    return _before_adjective(words, hits, index)


def _before(words: Sequence[str], hits: Sequence[Hit], index: int) -> Iterator[tuple[set[str], int]]:
    """The kinds of each term that may say something about the word behind it, and its distance; the nearest first."""
    start = hits[index].start
    for other in reversed(hits[:index]):
        if start - other.end > LEFT or _CUTS_LEFT.intersection(words[other.end : start]):
            return
        yield _kinds(other), start - other.end


def _before_adjective(words: Sequence[str], hits: Sequence[Hit], index: int) -> set[str]:
    near: set[str] = set()
    for kinds, distance in _before(words, hits, index):
        modifies = kinds & ({"up", "down", "excess"} if distance <= 1 else {"up", "excess"})
        if not modifies and kinds & {"more", "less", "noun"}:
            break
        near |= modifies
    return near


def _before_noun(words: Sequence[str], hits: Sequence[Hit], index: int) -> set[str]:
    near: set[str] = set()
    for kinds, _ in _before(words, hits, index):
        modifies = kinds & {"up", "down", "good", "bad", "excess"}
        if kinds & {"not", "lose"}:  # counted as a negation
            modifies -= {"bad"}
        if kinds & {"more", "less"} and not modifies & {"good", "bad"}:
            return near | {"adjective"}
        near |= modifies
    return near


def _behind_noun(words: Sequence[str], hits: Sequence[Hit], index: int) -> set[str]:
    """`noise is low`: what the next term says of the noun, unless it is about something else."""
    for other in hits[index + 1 : index + 2]:
        between = words[hits[index].end : other.start]
        if len(between) <= RIGHT and not _CUTS_RIGHT.intersection(between) and "noun" not in _kinds(other):
            return _kinds(other) & {"up", "down", "good", "bad", "lose"}
    return set()


def _kinds(hit: Hit) -> set[str]:
    return {sense.kind for sense in hit.senses}


def _negated(words: Sequence[str], hits: Sequence[Hit]) -> set[int]:
    """Positions of words in the scope of an odd number of negations."""
    flips: dict[int, int] = {}
    for hit in hits:
        if not _kinds(hit) & {"not", "lose"}:
            continue
        for position in range(hit.end, min(len(words), hit.end + SCOPE)):
            word = words[position]
            if word in _SCOPE_ENDS or (word in _JOINS and position - hit.end > 1):
                break
            if word in ("imga", "imgb"):
                break
            flips[position] = flips.get(position, 0) + 1
    return {position for position, times in flips.items() if times % 2}
