"""Documents about leaderboards; see `documents`."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class Column(TypedDict):
    """A column of a board; `primary` is the one that ranks."""

    key: str
    title: str
    precision: int
    primary: bool
    direction: str
    hidden: bool


class Row(TypedDict):
    """An entrant's place on a board."""

    rank: int | None
    shown_rank: str | None
    rank_ci95: tuple[int, int] | None
    p_first: float | None
    participant: str
    team: bool
    baseline: bool
    mine: bool
    ref: str
    submitted_at: str
    entries: int
    scores: dict[str, dict[str, Any]]


class Board(TypedDict):
    """A phase's board as you may see it."""

    version: int
    competition: str
    phase: str
    board: str
    boards: list[str]
    board_version: int | None
    as_of: str | None
    frozen: bool
    published: bool
    anonymous: bool
    rescored: dict[str, Any] | None
    columns: list[Column]
    rows: list[Row]


class OverallPhase(TypedDict):
    """A phase that decides the board over phases."""

    slug: str
    name: str
    weight: float
    board: str
    as_of: str | None
    published: bool


class OverallRow(TypedDict):
    """An entrant's place over all phases."""

    rank: int | None
    participant: str
    team: bool
    baseline: bool
    mine: bool
    value: float
    phases: dict[str, float | None]
    missing: list[str]


class OverallBoard(TypedDict):
    """The board over all phases (`leaderboard --overall`)."""

    version: int
    competition: str
    key: str
    phases: list[OverallPhase]
    warnings: list[dict[str, str]]
    rows: list[OverallRow]


AnyBoard = Board | OverallBoard
