"""The direction of each claim of a reference, as an organizer corrected it: A, B, tie or mixed.

Decision: submissions are always read by the parser; references are few and can be looked through once. A correction
turns the claim's observations round, or makes a tie of them; `mixed` leaves them as they were read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .matching import AMOUNT, AXIS, CLAIM, TIE, WEIGHT, Reading
from .vocabulary import AXES, VALENCE

CLEAR = 0.25
"""From which leaning, in units of observations, a claim speaks for one side."""


def leaning(reading: Reading, number: int) -> float:
    """Which image a claim speaks for: above 0 A, below B, in units of its observations."""
    rows = reading.rows[reading.rows[:, CLAIM] == number]
    valence = np.array([VALENCE.get(AXES[int(axis)], 1) for axis in rows[:, AXIS]])
    return float((rows[:, AMOUNT] * valence * rows[:, WEIGHT]).sum()) if len(rows) else 0.0


def direction(reading: Reading, number: int) -> str:
    """The direction of a claim as the parser reads it: A, B, tie or mixed."""
    value = leaning(reading, number)
    if abs(value) >= CLEAR:
        return "A" if value > 0 else "B"
    rows = reading.rows[reading.rows[:, CLAIM] == number]
    return "tie" if len(rows) and (rows[:, TIE] > 0).any() else "mixed"


def corrected(reading: Reading, directions: Sequence[str]) -> Reading:
    """The reading with the organizer's directions, one for each claim; unchanged without any.

    Raises ValueError where their number is not that of the claims.
    """
    if not directions:
        return reading
    if len(directions) != len(reading.claims):
        raise ValueError(f"{len(directions)} directions for {len(reading.claims)} claims.")
    rows = reading.rows.copy()
    for number, wanted in enumerate(directions):
        mine = rows[:, CLAIM] == number
        if wanted == "tie":
            rows[mine, AMOUNT], rows[mine, TIE] = 0.0, 1.0
        elif wanted in ("A", "B") and direction(reading, number) != wanted:
            rows[mine] = _turned(rows[mine], 1.0 if wanted == "A" else -1.0, leaning(reading, number))
    return Reading(rows, reading.words, reading.claims, reading.extra)


def _turned(rows: np.ndarray, side: float, leaning: float) -> np.ndarray:
    """The rows speaking for a side: exchanged where they spoke for the other, else all of the side's quality."""
    out = rows.copy()
    if leaning * side < 0:
        out[:, AMOUNT] *= -1
    else:
        valence = np.array([VALENCE.get(AXES[int(axis)], 1) or 1 for axis in rows[:, AXIS]])
        out[:, AMOUNT] = side * valence
    out[:, TIE] = 0.0
    return out


def argues_against(reading: Reading, answer: str) -> bool:
    """Whether a reference's claims, taken together, speak for the image that is not its answer."""
    total = sum(leaning(reading, number) for number in range(len(reading.claims)))
    return (total <= -CLEAR) if answer == "A" else (total >= CLEAR)
