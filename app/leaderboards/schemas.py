"""What goes out over HTTP about leaderboards."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class Column(BaseModel):
    """A column: `primary` is the one that ranks."""

    key: str
    title: str
    precision: int
    primary: bool


class Row(BaseModel):
    """A participant's place: rank (ties share one), the counting submission, its scores with intervals."""

    rank: int
    participant: str
    ref: str
    submitted_at: datetime
    entries: int
    scores: dict[str, dict[str, Any]]


class BoardOut(BaseModel):
    """A phase's board; `board_version` grows with every change."""

    version: int = 1
    competition: str
    phase: str
    board_version: int
    columns: list[Column]
    rows: list[Row]
