"""Standing: which evaluation counts for whom. Ranks are computed, never stored."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

BOARDS = ("main", "public", "late")


class Standing(Base):
    """A counting evaluation in a phase, under its participant or its team's lead; the index is the board's order.

    `board`: `main` ranks by all items (where the phase hides some: by those), `public` by the public ones, `late` holds
    what was sent after the end. `slot` is 0, or the submission's id where all submissions count. `sort_keys` are the
    values that rank, most important first, turned so that higher is better; PostgreSQL compares arrays in that order.
    """

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint("board IN ('main', 'public', 'late')", name="board"),
        # NaN sorts above every number, and is no rank.
        CheckConstraint(
            "array_position(sort_keys, 'NaN') IS NULL AND array_position(sort_keys, NULL) IS NULL", name="sort_keys"
        ),
        Index("ix_standings_order", "phase_id", "board", "sort_keys", "submitted_at"),
    )

    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), primary_key=True)
    board: Mapped[str] = mapped_column(String(8), primary_key=True, server_default="main")
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, server_default="0")
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"), index=True)
    sort_keys: Mapped[list[float]] = mapped_column(ARRAY(Double))
    submitted_at: Mapped[datetime]
    entries: Mapped[int]


class Board(Base):
    """The number of changes a phase's board has seen: its ETag."""

    __tablename__ = "boards"

    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(server_default="0")
