"""A board as a page shows it: in the order that was asked for, those whom one looks for, a hundred at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from app.errors import Refused
from app.leaderboards.schemas import BoardOut, Row
from app.leaderboards.tops import TopsOut

PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for: which board, as of when (UTC, as a form writes it), order, search and page."""

    board: str = ""
    at: str = ""
    sort: str = ""
    order: str = ""
    search: str = ""
    page: int = 1

    def moment(self) -> datetime | None:
        """The past moment that is asked for. Raises Refused."""
        if not self.at:
            return None
        try:
            found = datetime.fromisoformat(self.at)
        except ValueError:
            raise Refused("The moment is not a date and time, such as 2026-03-01T12:00.") from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def address(self, phase: str, **changed: Any) -> str:
        """The query of this page with something changed; what is as usual is left out."""
        values = {"phase": phase, "board": self.board, "at": self.at, "sort": self.sort, "order": self.order}
        values |= {"search": self.search, "page": self.page} | changed
        usual = {"board": "", "at": "", "sort": "", "order": "", "search": "", "page": 1}
        return "?" + urlencode({key: value for key, value in values.items() if value != usual.get(key)}) + "#board"


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of one page; `own` are the reader's that are on another one. `worst` is the lowest rank of all."""

    rows: list[Row]
    own: list[Row]
    total: int
    pages: int
    page: int
    sort: str
    order: str
    worst: int


def shown(board: BoardOut, wanted: Wanted) -> Shown:
    """The part of the board that is asked for. What the address says wrongly of order or page is as if not said."""
    rows = [row for row in board.rows if wanted.search.strip().lower() in row.participant.lower()]
    keys = _keys(board)
    sort = wanted.sort if wanted.sort in keys else ""
    order = wanted.order if wanted.order in ("asc", "desc") else _usual(board, sort)
    if sort:
        told = [row for row in rows if keys[sort](row) is not None]
        untold = [row for row in rows if keys[sort](row) is None]
        rows = sorted(told, key=keys[sort], reverse=order == "desc") + untold
    pages = max(1, -(-len(rows) // PAGE_ROWS))
    page = min(max(1, wanted.page), pages)
    part = rows[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    own = [row for row in rows if row.mine and row not in part] if len(rows) > PAGE_ROWS else []
    worst = max((row.rank_ci95[1] for row in board.rows if row.rank_ci95), default=1)
    return Shown(part, own, len(rows), pages, page, sort, order, worst)


WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 12, 28


@dataclass(frozen=True, slots=True)
class Lead:
    """A chart of who led: (x, y) of each top in the SVG's units, the path of the steps, and ticks as (y, value)."""

    dots: list[tuple[float, float]]
    path: str
    ticks: list[tuple[float, float]]


def lead_of(tops: TopsOut, until: datetime) -> Lead | None:
    """The chart of a board's tops over time until a moment; None where there is none."""
    if not tops.items:
        return None
    values = [one.value for one in tops.items]
    margin = max((max(values) - min(values)) * 0.1, 0.005)
    low, high = min(values) - margin, max(values) + margin
    first = tops.items[0].at
    length = max((until - first).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, (at - first).total_seconds() / length), 1)

    def y(value: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low), 1)

    dots = [(x(one.at), y(one.value)) for one in tops.items]
    path = f"M{dots[0][0]} {dots[0][1]}" + "".join(f"H{across}V{up}" for across, up in dots[1:]) + f"H{WIDTH - RIGHT}"
    return Lead(dots, path, [(y(value), value) for value in (low + (high - low) * step / 4 for step in range(5))])


def _keys(board: BoardOut) -> dict[str, Callable[[Row], Any]]:
    """What a board can be sorted by."""

    def score(key: str) -> Callable[[Row], Any]:
        return lambda row: (row.scores.get(key) or {}).get("value")

    plain: dict[str, Callable[[Row], Any]] = {
        "participant": lambda row: row.participant.lower(),
        "entries": lambda row: row.entries,
        "when": lambda row: row.submitted_at,
    }
    return plain | {column.key: score(column.key) for column in board.columns}


def _usual(board: BoardOut, sort: str) -> str:
    """The order in which a column is read first: the best on top."""
    better = {column.key: column.direction for column in board.columns}
    return better.get(sort, "asc" if sort in ("", "participant") else "desc")
