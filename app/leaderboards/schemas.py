"""What goes out over HTTP about leaderboards."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class CarriedOut(BaseModel):
    """How many submissions were carried; `pending` are still being judged in the old phase: carry again after that."""

    carried: int
    pending: int


class Column(BaseModel):
    """A column: `primary` is the one that ranks, `direction` says which end is better, `hidden` ones see organizers."""

    key: str
    title: str
    precision: int
    primary: bool
    direction: str = "desc"
    hidden: bool = False


class Row(BaseModel):
    """An entrant's place: rank (equal values share one), the counting submission, its scores with intervals.

    `participant` is a user name, or a team's name where `team` is true. A `baseline` stands beside those who compete
    and has no rank. `mine`: the asker's own, or their team's.
    `shown_rank` spans the neighbouring places that cannot be told apart (`1-3`), `rank_ci95` is the rank's interval and
    `p_first` the share of resamples in which it is first; null where an entry cannot be compared.
    """

    rank: int | None
    shown_rank: str | None = None
    rank_ci95: tuple[int, int] | None = None
    p_first: float | None = None
    participant: str
    team: bool = False
    baseline: bool = False
    mine: bool = False
    ref: str
    submitted_at: datetime
    entries: int
    scores: dict[str, dict[str, Any]]


class RescoredOut(BaseModel):
    """When and why all scores of the board came about anew."""

    at: datetime
    reason: str
    truth_version: int


class BoardOut(BaseModel):
    """A phase's board as the asker may see it. `boards` are those that may be seen now.

    `board_version` grows with every change; null for a board of the past (`as_of`), where `frozen` because the public
    board stands still. `anonymous`: names of others are hidden; `published`: nothing is.
    """

    version: int = 1
    competition: str
    phase: str
    board: str = "main"
    boards: list[str] = ["main"]
    board_version: int | None
    as_of: datetime | None = None
    frozen: bool = False
    published: bool = False
    anonymous: bool = False
    rescored: RescoredOut | None = None
    columns: list[Column]
    rows: list[Row]


class OverallPhase(BaseModel):
    """A phase that decides: its share, and the board that was taken (`as_of`: as it was then)."""

    slug: str
    name: str
    weight: float
    board: str
    as_of: datetime | None
    published: bool


class OverallRow(BaseModel):
    """An entrant's place over all phases: `value`, what it is made of, and the phases without a score, which give 0."""

    rank: int | None
    participant: str
    team: bool = False
    baseline: bool = False
    mine: bool = False
    value: float
    phases: dict[str, float | None]
    missing: list[str]


class OverallOut(BaseModel):
    """The board over phases; `warnings` name those that decide although their scores could be fitted to."""

    version: int = 1
    competition: str
    key: str
    phases: list[OverallPhase]
    warnings: list[dict[str, str]]
    rows: list[OverallRow]
