"""One submission whose fate is known: how it is made, how it must end, and with which code or score."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["refused", "invalid", "scored"]

TRUTH = {
    "p_000": ("A", "Face Texture: Image A keeps more of the skin's detail."),
    "p_001": ("B", "Hair Sharpness: Image B draws single strands."),
    "s_000": ("B", "Global Noise: Image B is cleaner in the sky."),
    "s_001": ("A", "Edge Halos: Image A shows no halos along the roof."),
}
"""What the judges of this corpus's competition said."""

ROWS = [{"id": key, "answer": answer, "explanation": said} for key, (answer, said) in TRUTH.items()]


@dataclass(frozen=True, slots=True)
class Case:
    """`refused` at the door, `invalid` after it, or `scored`; `codes` are all findings, sorted, and empty where scored.

    `accuracy` is the score's class: the share of the four pairs that the file has right.
    """

    kind: str
    name: str
    make: Callable[[], bytes]
    state: State = "scored"
    codes: tuple[str, ...] = ()
    file: str = "submission.zip"
    accuracy: float | None = None

    @property
    def title(self) -> str:
        """Kind and name, unique in the corpus."""
        return f"{self.kind}: {self.name}"


def lines(*rows: object, end: str = "\n", ascii_only: bool = True) -> bytes:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=ascii_only) + end for row in rows).encode()


GOOD = lines(*ROWS)
"""The judges' own words: every pair right."""


def with_first(**fields: object) -> bytes:
    """All four rows, the first one changed; a field that is None is left out."""
    changed = {key: value for key, value in {**ROWS[0], **fields}.items() if value is not None}
    return lines(changed, *ROWS[1:])
