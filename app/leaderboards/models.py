"""Standing: which evaluation counts for whom. Ranks are computed, never stored."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Standing(Base):
    """A participant's counting evaluation in a phase; the index is the board's order."""

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint("final BETWEEN 0 AND 1", name="final_in_range"),
        Index("ix_standings_order", "phase_id", "final", "submitted_at"),
    )

    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), primary_key=True)
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"), primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluations.id"))
    final: Mapped[float]
    submitted_at: Mapped[datetime]
    entries: Mapped[int]


class Board(Base):
    """The number of changes a phase's board has seen: its ETag."""

    __tablename__ = "boards"

    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(server_default="0")
