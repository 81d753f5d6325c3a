"""Competitions and their phases, who takes part, and the versions of the hidden truth."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, Timestamped


class Competition(Timestamped, Base):
    """A competition as its bundle describes it."""

    __tablename__ = "competitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(server_default="")
    terms: Mapped[str] = mapped_column(server_default="")
    pages: Mapped[list[Any]] = mapped_column(server_default="[]")
    registration_auto_approve: Mapped[bool] = mapped_column(server_default="false")
    organizer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)

    organizer: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    phases: Mapped[list["Phase"]] = relationship(back_populates="competition", order_by="Phase.index", lazy="selectin")


class Phase(Base):
    """A span of time with its own items, limits and scoring settings. Open in [starts_at, ends_at)."""

    __tablename__ = "phases"
    __table_args__ = (
        UniqueConstraint("competition_id", "slug"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    index: Mapped[int]
    description: Mapped[str] = mapped_column(server_default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    max_submissions_per_day: Mapped[int | None]
    max_submissions: Mapped[int | None]
    plan: Mapped[dict[str, Any]]
    show_items: Mapped[bool] = mapped_column(server_default="false")
    starting_kit_sha256: Mapped[str | None] = mapped_column(String(64))
    public_data_sha256: Mapped[str | None] = mapped_column(String(64))
    truth_id: Mapped[int | None] = mapped_column(ForeignKey("truths.id", use_alter=True))

    competition: Mapped[Competition] = relationship(back_populates="phases")
    truth: Mapped["Truth | None"] = relationship(foreign_keys=[truth_id], lazy="joined")


class Truth(Timestamped, Base):
    """One version of a phase's ground truth. The canonical text lies in storage and is read by workers only."""

    __tablename__ = "truths"
    __table_args__ = (UniqueConstraint("phase_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"))
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    item_ids: Mapped[list[Any]]
    created_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))


class Participation(Timestamped, Base):
    """An account in a competition. Its row is the lock under which submissions are counted."""

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("competition_id", "account_id"),
        CheckConstraint("status IN ('approved', 'pending', 'denied')", name="status"),
        Index("ix_participations_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    status: Mapped[str] = mapped_column(String(16))

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
