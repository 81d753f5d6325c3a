"""How much of each quality a clause says there is: words for it, and the words beside them that change it."""

from __future__ import annotations

from collections.abc import Sequence

from .vocabulary import VALENCE, Hit, Sense

_SCOPE_ENDS = {
    ",",
    "but",
    "while",
    "whereas",
    "yet",
    "though",
    "because",
    "so",
    "which",
    "with",
    "thanks",
    "leading",
    "resulting",
    "due",
}
_JOINS = {"and"}
LEFT, RIGHT, SCOPE = 3, 4, 7
PRESENT = 0.6


def amounts(words: Sequence[str], hits: Sequence[Hit]) -> list[tuple[str, float, float]]:
    """(axis, amount in [-1, 1], quality in [-1, 1]) of every quality named in a clause, in the order of the words."""
    found: list[tuple[str, float, float]] = []
    negated = _negated(words, hits)
    for index, hit in enumerate(hits):
        qualities = [s for s in hit.senses if s.kind in ("noun", "more", "less")]
        modifies = {s.kind for s in hit.senses} & {"up", "down", "good", "bad", "not", "lose", "excess"}
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
    hit = hits[index]
    near: set[str] = set()
    for other in reversed(hits[:index]):
        between = words[other.end : hit.start]
        if hit.start - other.end > LEFT or any(w in (",", "imga", "imgb", "than", "but") for w in between):
            break
        kinds = {s.kind for s in other.senses}
        mods = kinds & {"up", "down", "good", "bad", "excess"}
        if kinds & {"not", "lose"}:  # counted as a negation
            mods -= {"bad"}
        if not noun:
            mods &= {"up", "down", "excess"}
            if other.end != hit.start and not (kinds & {"up", "down"} and hit.start - other.end <= 1):
                mods -= {"down"}
            if not mods and kinds & {"more", "less", "noun"}:
                break
        elif kinds & {"more", "less"} and not mods & {"good", "bad"}:
            near.add("adjective")
            break
        near |= mods
    if noun and not near:
        for other in hits[index + 1 :]:
            between = words[hit.end : other.start]
            if other.start - hit.end > RIGHT or any(
                w in (",", "and", "imga", "imgb", "in", "with", "than") for w in between
            ):
                break
            kinds = {s.kind for s in other.senses}
            if "noun" in kinds:
                break
            near |= kinds & {"up", "down", "good", "bad", "lose"}
            break
    return near


def _negated(words: Sequence[str], hits: Sequence[Hit]) -> set[int]:
    """Positions of words in the scope of an odd number of negations."""
    flips: dict[int, int] = {}
    for hit in hits:
        kinds = {s.kind for s in hit.senses}
        if not kinds & {"not", "lose"}:
            continue
        for position in range(hit.end, min(len(words), hit.end + SCOPE)):
            word = words[position]
            if word in _SCOPE_ENDS or (word in _JOINS and position - hit.end > 1):
                break
            if word in ("imga", "imgb"):
                break
            flips[position] = flips.get(position, 0) + 1
    return {position for position, times in flips.items() if times % 2}
