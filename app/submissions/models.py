"""Submission (what was sent; a trigger forbids changes) and Evaluation (one judgement of it, a state machine)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.competitions.models import Participation, Phase, Truth
from app.db import Base, Timestamped

STATES = ("queued", "validating", "invalid", "ready", "scoring", "scored", "failed", "cancelled")
TERMINAL = ("invalid", "scored", "failed", "cancelled")
_TERMINAL_SQL = "('invalid', 'scored', 'failed', 'cancelled')"


class Submission(Timestamped, Base):
    """One file sent to one phase."""

    __tablename__ = "submissions"
    __table_args__ = (
        # Not unique: a key is free again after a failure of ours. The participation's lock keeps it single.
        Index("ix_submissions_idempotency_key", "participation_id", "phase_id", "idempotency_key"),
        Index("ix_submissions_participation_phase_created", "participation_id", "phase_id", "created_at"),
        Index("ix_submissions_phase_created", "phase_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    file_size: Mapped[int]
    file_sha256: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(String(500), server_default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(255))

    phase: Mapped[Phase] = relationship()
    participation: Mapped[Participation] = relationship(lazy="joined", innerjoin=True)
    evaluations: Mapped[list["Evaluation"]] = relationship(
        back_populates="submission", order_by="Evaluation.version", lazy="selectin"
    )

    @property
    def evaluation(self) -> "Evaluation":
        """The newest judgement."""
        return self.evaluations[-1]


class Evaluation(Base):
    """One judgement of a submission under one truth and plan. `attempt` is the fence: it only grows."""

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("submission_id", "version"),
        CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="state"),
        CheckConstraint(f"(state IN {_TERMINAL_SQL}) = (finished_at IS NOT NULL)", name="terminal_is_stamped"),
        CheckConstraint("(state = 'scored') = (final IS NOT NULL)", name="scored_has_final"),
        # NaN sorts above every number in PostgreSQL, so this refuses it too.
        CheckConstraint("final BETWEEN 0 AND 1", name="final_in_range"),
        CheckConstraint("state <> 'failed' OR problem IS NOT NULL", name="failed_has_reason"),
        Index("ix_evaluations_waiting", "state", "id", postgresql_where=text(f"state NOT IN {_TERMINAL_SQL}")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    version: Mapped[int]
    truth_id: Mapped[int] = mapped_column(ForeignKey("truths.id"))
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), server_default="queued")
    attempt: Mapped[int] = mapped_column(server_default="0")
    tries: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    announce_at: Mapped[datetime]
    announcements: Mapped[int] = mapped_column(server_default="0")

    queued_at: Mapped[datetime]
    validating_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    scoring_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    problem: Mapped[dict[str, Any] | None]
    findings: Mapped[list[Any]] = mapped_column(server_default="[]")
    findings_total: Mapped[int] = mapped_column(server_default="0")
    warnings: Mapped[list[Any]] = mapped_column(server_default="[]")
    answers_sha256: Mapped[str | None] = mapped_column(String(64))
    report: Mapped[dict[str, Any] | None]
    items_sha256: Mapped[str | None] = mapped_column(String(64))
    signature: Mapped[str | None]
    final: Mapped[float | None]
    # Of the items sorted by id: `final` as little-endian float64, and the category. Only ranks read them.
    item_finals: Mapped[bytes | None] = mapped_column(deferred=True)
    item_categories: Mapped[list[Any] | None] = mapped_column(deferred=True)

    submission: Mapped[Submission] = relationship(back_populates="evaluations")
    truth: Mapped[Truth] = relationship()


class Heartbeat(Base):
    """A worker that was heard of: which queue it serves, on what device, and whether it takes work.

    `state` is `ready`, or `drained` where a scoring worker must not score; `detail` says why. `model` is the SHA-256 of
    its model's weights, empty where none is loaded.
    """

    __tablename__ = "heartbeats"
    __table_args__ = (CheckConstraint("state IN ('ready', 'drained')", name="state"),)

    worker: Mapped[str] = mapped_column(String(255), primary_key=True)
    queue: Mapped[str] = mapped_column(String(16))
    seen_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(32), server_default="")
    state: Mapped[str] = mapped_column(String(16), server_default="ready")
    model: Mapped[str] = mapped_column(String(64), server_default="")
    detail: Mapped[str] = mapped_column(String(500), server_default="")
