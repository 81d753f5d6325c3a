"""Who is who in an expert's text: the names of the two sides, found, exchanged and renamed.

It knows the experts' own style (`Image A (Left)`, `Image B/Right`, `Image A`, `the left image`), not free prose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.scoring.records import Choice

MENTION = re.compile(
    r"\bImages? (?P<letter>[AB])\b(?:\s*[(/]\s*(?:Left|Right)\b\)?)?"
    r"|\b(?P<word>left|right)(?= (?:image|picture|photo|photograph|frame|one)\b)"
)
TIE = re.compile(
    r"\b(both|similar(?:ly)?|equal(?:ly)?|comparable|comparably|alike|same|identical|indistinguishable|neither|tie|tied"
    r"|no (?:clear |visible |real |noticeable )?difference|as \w+ (?:in|as))\b",
    re.IGNORECASE,
)
OTHER: Mapping[str, Choice] = {"A": "B", "B": "A"}


def exchanged(text: str) -> str:
    """The text with the sides exchanged wherever they are named.

    >>> exchanged("Face: Image A (Left) is softer than Image B (Right).")
    'Face: Image B (Right) is softer than Image A (Left).'
    """

    def other(match: re.Match[str]) -> str:
        swap = {"A": "B", "B": "A", "Left": "Right", "Right": "Left", "left": "right", "right": "left"}
        return re.sub(r"\b(A|B|Left|Right|left|right)\b", lambda name: swap[name[0]], match[0])

    return MENTION.sub(other, text)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with other names for the sides, by their letter.

    >>> renamed("Face: Image A (Left) is softer.", {"A": "the first picture", "B": "the second picture"})
    'Face: The first picture is softer.'
    """

    def name(match: re.Match[str]) -> str:
        letter = match["letter"] or ("A" if match["word"] == "left" else "B")
        if match["word"]:
            return match[0]
        before = text[: match.start()].rstrip(" ")
        new = names[letter]
        return new[:1].upper() + new[1:] if not before or before[-1] in ".:\n" else new

    return MENTION.sub(name, text)


def turnable(line: str) -> bool:
    """True where a claim names a side and calls no tie, so that exchanging the sides turns its verdict round."""
    return exchanged(line) != line and not TIE.search(line)


def turned(text: str, count: int) -> str | None:
    """The text with the first `count` turnable claims (lines) turned round; None where there are not so many."""
    lines = text.split("\n")
    places = [i for i, line in enumerate(lines) if turnable(line)]
    if len(places) < count:
        return None
    return "\n".join(exchanged(line) if i in places[:count] else line for i, line in enumerate(lines))
