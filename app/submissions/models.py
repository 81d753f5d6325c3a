"""Submission (what was sent; a trigger forbids changes) and Evaluation (one judgement of it, a state machine)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.competitions.models import Participation, Phase, Truth
from app.db import Base, Timestamped

STATES = ("queued", "validating", "invalid", "ready", "scoring", "scored", "failed", "cancelled")
TERMINAL = ("invalid", "scored", "failed", "cancelled")
_TERMINAL_SQL = "('invalid', 'scored', 'failed', 'cancelled')"
NOT_TERMINAL = f"state NOT IN {_TERMINAL_SQL}"
"""As the index of what waits says it: only with these very words can it be used, whatever is prepared."""


class Submission(Timestamped, Base):
    """One file sent to one phase."""

    __tablename__ = "submissions"
    __table_args__ = (
        # Not unique: a key is free again after a failure of ours. The participation's lock keeps it single.
        Index("ix_submissions_idempotency_key", "participation_id", "phase_id", "idempotency_key"),
        Index("ix_submissions_participation_phase_created", "participation_id", "phase_id", "created_at"),
        Index("ix_submissions_phase_created", "phase_id", "created_at"),
        UniqueConstraint("phase_id", "carried_from_id"),
        Index(
            "ix_submissions_carried_from_id", "carried_from_id", postgresql_where=text("carried_from_id IS NOT NULL")
        ),
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
    # Sent after the phase's end: it stands on a board of its own.
    late: Mapped[bool] = mapped_column(server_default="false")
    # Carried from the phase before; costs nothing of any limit, and happens once.
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id"))

    phase: Mapped[Phase] = relationship()
    participation: Mapped[Participation] = relationship(lazy="joined", innerjoin=True)
    evaluations: Mapped[list["Evaluation"]] = relationship(
        back_populates="submission", order_by="Evaluation.version", lazy="selectin"
    )

    mark: Mapped["Mark | None"] = relationship(lazy="selectin")

    @property
    def evaluation(self) -> "Evaluation":
        """The newest judgement that has effect: those of a re-scoring have none until it is applied."""
        return next(one for one in reversed(self.evaluations) if one.effective_at is not None)

    def judged(self, version: int) -> "Evaluation | None":
        """The judgement of this version, if it has or had effect."""
        had_effect = (one for one in self.evaluations if one.effective_at is not None)
        return next((one for one in had_effect if one.version == version), None)


class Mark(Base):
    """What was said about a submission later: chosen or withdrawn by its sender, disqualified by an organizer."""

    __tablename__ = "marks"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    chosen_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    disqualified_at: Mapped[datetime | None]
    # Why it was disqualified, for its sender to read.
    reason: Mapped[str] = mapped_column(String(500), server_default="")


class Rescore(Timestamped, Base):
    """A phase judged anew beside the standing scores, by another truth or plan; then applied at once, or cancelled."""

    __tablename__ = "rescores"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'applied', 'cancelled')", name="state"),
        Index("uq_rescores_open", "phase_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"))
    truth_id: Mapped[int] = mapped_column(ForeignKey("truths.id"))
    plan: Mapped[dict[str, Any]]
    # Why, for the participants to read beside their changed scores.
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    state: Mapped[str] = mapped_column(String(16), server_default="open")
    created_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ended_at: Mapped[datetime | None]

    phase: Mapped[Phase] = relationship()
    truth: Mapped[Truth] = relationship()


class Evaluation(Base):
    """One judgement of a submission under one truth and plan. `attempt` is the fence: it only grows.

    `effective_at` says since when it is the submission's judgement: from the start for the first one, from the moment
    a re-scoring is applied for one made by it, never for one that is only a preview.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        UniqueConstraint("submission_id", "version"),
        CheckConstraint("state IN ('" + "', '".join(STATES) + "')", name="state"),
        CheckConstraint(f"(state IN {_TERMINAL_SQL}) = (finished_at IS NOT NULL)", name="terminal_is_stamped"),
        CheckConstraint("(state = 'scored') = (final IS NOT NULL)", name="scored_has_final"),
        # NaN sorts above every number in PostgreSQL, so this refuses it too.
        CheckConstraint("final BETWEEN 0 AND 1", name="final_in_range"),
        CheckConstraint("state <> 'failed' OR problem IS NOT NULL", name="failed_has_reason"),
        Index(
            "ix_evaluations_waiting",
            "state",
            "priority",
            "turn",
            "id",
            postgresql_where=text(NOT_TERMINAL),
        ),
        Index("ix_evaluations_finished_at", "finished_at"),
        Index("ix_evaluations_rescore_id", "rescore_id", postgresql_where=text("rescore_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submissions.id"))
    version: Mapped[int]
    truth_id: Mapped[int] = mapped_column(ForeignKey("truths.id"))
    plan: Mapped[dict[str, Any]]
    rescore_id: Mapped[int | None] = mapped_column(ForeignKey("rescores.id"))
    effective_at: Mapped[datetime | None]
    # 0 goes first; a re-scoring waits for what participants sent.
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    # Of those that wait, the lowest goes first: `evaluation.turn_of`.
    turn: Mapped[int] = mapped_column(BigInteger, server_default="0")
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
    # Of the public and of the hidden items alone, where the phase splits them.
    public_report: Mapped[dict[str, Any] | None]
    private_report: Mapped[dict[str, Any] | None]
    items_sha256: Mapped[str | None] = mapped_column(String(64))
    signature: Mapped[str | None]
    final: Mapped[float | None]
    # Of the items sorted by id: `final` as little-endian float64, and the category. Only ranks read them.
    item_finals: Mapped[bytes | None] = mapped_column(deferred=True)
    item_categories: Mapped[list[Any] | None] = mapped_column(deferred=True)

    submission: Mapped[Submission] = relationship(back_populates="evaluations")
    truth: Mapped[Truth] = relationship()
    rescore: Mapped[Rescore | None] = relationship()


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


class PendingUpload(Timestamped, Base):
    """A file that comes in pieces. Its bytes are a file named by the ref; once sent, it points to its submission."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), index=True)
    file_name: Mapped[str] = mapped_column(String(255))
    length: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(String(500), server_default="")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"), index=True)
