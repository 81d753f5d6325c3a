"""Phases on a line of time, as the geometry of an SVG: pure, drawn by a template; the list beside it says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.competitions.schemas import PhaseOut

WIDTH = 1000
OPEN_END = timedelta(days=30)
"""So far beyond all that is known a phase without an end is drawn."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A phase: where it begins and how long it is, in the SVG's units, and in which row."""

    slug: str
    status: str
    x: float
    width: float
    row: int


@dataclass(frozen=True, slots=True)
class Line:
    """Bars, the present moment (None where it is outside), and the number of rows."""

    bars: list[Bar]
    now: float | None
    rows: int


def line_of(phases: Sequence[PhaseOut], moment: datetime) -> Line | None:
    """The line of a competition's phases; None where there are fewer than two. Those that overlap take another row."""
    if len(phases) < 2:
        return None
    first = min(phase.starts_at for phase in phases)
    known = [phase.ends_at or phase.starts_at for phase in phases]
    last = max([*known, moment + OPEN_END] if any(phase.ends_at is None for phase in phases) else known)
    length = max((last - first).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        return round(WIDTH * (at - first).total_seconds() / length, 1)

    bars: list[Bar] = []
    ends: list[datetime] = []
    for phase in sorted(phases, key=lambda one: (one.starts_at, one.index)):
        end = phase.ends_at or last
        row = next((row for row, taken in enumerate(ends) if taken <= phase.starts_at), len(ends))
        ends[row : row + 1] = [end]
        bars.append(Bar(phase.slug, phase.status, x(phase.starts_at), max(2.0, x(end) - x(phase.starts_at)), row))
    return Line(bars, x(moment) if first <= moment <= last else None, len(ends))
