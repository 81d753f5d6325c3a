"""A chart of scores over submissions as the geometry of an SVG: pure, drawn by a template, so it prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.submissions.history import PointOut

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 12, 28
TICKS = 4


@dataclass(frozen=True, slots=True)
class Dot:
    """A submission in the chart: its number in the order of sending, and where it stands, in the SVG's units."""

    number: int
    x: float
    y: float
    low: float
    high: float
    point: PointOut


@dataclass(frozen=True, slots=True)
class Chart:
    """Dots with their intervals, the line of the best so far, and ticks as (y, value)."""

    dots: list[Dot]
    best: str
    ticks: list[tuple[float, float]]


def chart_of(points: Sequence[PointOut]) -> Chart | None:
    """The chart of a history; None where fewer than two have a score, which is no line."""
    scored = [(number, point) for number, point in enumerate(points, 1) if point.final is not None]
    if len(scored) < 2:
        return None
    values = [value for _, point in scored for value in (point.final or 0, *(point.ci95 or ()))]
    low, high = min(values), max(values)
    margin = max((high - low) * 0.08, 0.005)
    low, high = max(0.0, low - margin), min(1.0, high + margin)

    def x(place: int) -> float:
        return round(LEFT + 10 + (WIDTH - LEFT - RIGHT - 20) * place / (len(scored) - 1), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    dots = []
    for place, (number, point) in enumerate(scored):
        final = point.final or 0
        least, most = point.ci95 or (final, final)
        dots.append(Dot(number, x(place), y(final), y(least), y(most), point))
    ticks = [(y(value), value) for value in (low + (high - low) * step / TICKS for step in range(TICKS + 1))]
    return Chart(dots, best_line(dots), ticks)


def best_line(dots: Sequence[Dot]) -> str:
    """The path of the best so far, as steps; what was withdrawn or disqualified raises nothing."""
    path, best = "", None
    for dot in dots:
        if dot.point.withdrawn or dot.point.disqualified or (best is not None and dot.y >= best):
            continue
        path += f"M{dot.x} {dot.y}" if best is None else f"H{dot.x}V{dot.y}"
        best = dot.y
    return f"{path}H{WIDTH - RIGHT}" if path else ""
