"""Competitions and their phases, who takes part and in which teams, and the versions of the hidden truth."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, Timestamped


class Competition(Timestamped, Base):
    """A competition as its bundle describes it. `version` grows with every change of it or its phases: its ETag."""

    __tablename__ = "competitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(server_default="")
    terms: Mapped[str] = mapped_column(server_default="")
    pages: Mapped[list[Any]] = mapped_column(server_default="[]")
    registration_auto_approve: Mapped[bool] = mapped_column(server_default="false")
    organizer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    version: Mapped[int] = mapped_column(server_default="1")
    contact_email: Mapped[str] = mapped_column(String(254), server_default="")
    reward: Mapped[str] = mapped_column(String(500), server_default="")
    image_sha256: Mapped[str | None] = mapped_column(String(64))
    terms_version: Mapped[int] = mapped_column(server_default="1")
    # Addresses (`ada@example.org`) and domains (`@example.org`) that may join; empty: everybody.
    allowed_emails: Mapped[list[Any]] = mapped_column(server_default="[]")
    team_size: Mapped[int] = mapped_column(server_default="1")
    # Names on the board are hidden until its phase is published.
    anonymous: Mapped[bool] = mapped_column(server_default="false")
    # How the phases' boards make one: `app.competitions.rules.Overall`; null: there is no overall board.
    overall: Mapped[dict[str, Any] | None]
    deleted_at: Mapped[datetime | None]

    organizer: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    phases: Mapped[list["Phase"]] = relationship(back_populates="competition", order_by="Phase.index", lazy="selectin")
    organizers: Mapped[list["CoOrganizer"]] = relationship(order_by="CoOrganizer.created_at", lazy="selectin")


class CoOrganizer(Timestamped, Base):
    """Somebody who may do in a competition what its organizer may, except to delete it."""

    __tablename__ = "co_organizers"

    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    added_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))

    account: Mapped[Account] = relationship(foreign_keys=[account_id], lazy="joined", innerjoin=True)


class Phase(Base):
    """A span of time with its own items, limits and scoring settings. Open in [starts_at, ends_at)."""

    __tablename__ = "phases"
    __table_args__ = (
        UniqueConstraint("competition_id", "slug"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("limit_window IN ('day', 'rolling')", name="limit_window"),
        CheckConstraint("publish IN ('end', 'manual')", name="publish"),
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
    # `day`: per UTC day; `rolling`: within the last 24 hours.
    limit_window: Mapped[str] = mapped_column(String(8), server_default="day")
    max_concurrent: Mapped[int | None]
    max_invalid_per_day: Mapped[int | None]
    paused: Mapped[bool] = mapped_column(server_default="false")
    accept_late: Mapped[bool] = mapped_column(server_default="false")
    # Who has no scored submission in the gate's phase may not submit.
    gate_id: Mapped[int | None] = mapped_column(ForeignKey("phases.id", ondelete="SET NULL"))
    # Counting submissions of that phase are carried into this one at its start, once.
    carry_from_id: Mapped[int | None] = mapped_column(ForeignKey("phases.id", ondelete="SET NULL"))
    carried_at: Mapped[datetime | None]
    # The public board stands still in the last hours, or since a moment set by hand, until the phase is published: at
    # its end, or by hand.
    freeze_hours: Mapped[int | None]
    frozen_at: Mapped[datetime | None]
    publish: Mapped[str] = mapped_column(String(8), server_default="end")
    published_at: Mapped[datetime | None]
    # What counts and ranks: `app.competitions.rules.BoardRule`; which items are public: `…rules.Split`.
    board: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    split: Mapped[dict[str, Any] | None]
    plan: Mapped[dict[str, Any]]
    show_items: Mapped[bool] = mapped_column(server_default="false")
    starting_kit_sha256: Mapped[str | None] = mapped_column(String(64))
    public_data_sha256: Mapped[str | None] = mapped_column(String(64))
    truth_id: Mapped[int | None] = mapped_column(ForeignKey("truths.id", use_alter=True))

    competition: Mapped[Competition] = relationship(back_populates="phases")
    truth: Mapped["Truth | None"] = relationship(foreign_keys=[truth_id], lazy="joined")
    gate: Mapped["Phase | None"] = relationship(foreign_keys=[gate_id], remote_side="Phase.id")
    carry_from: Mapped["Phase | None"] = relationship(foreign_keys=[carry_from_id], remote_side="Phase.id")


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


class Team(Timestamped, Base):
    """Participants who compete as one: one limit, one row on the board, under the lead's participation.

    The team's row is the lock under which its submissions are counted.
    """

    __tablename__ = "teams"
    __table_args__ = (Index("uq_teams_competition_id_name", "competition_id", func.lower(text("name")), unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    lead_id: Mapped[int] = mapped_column(ForeignKey("participations.id"), unique=True)

    members: Mapped[list["Participation"]] = relationship(
        back_populates="team", foreign_keys="Participation.team_id", order_by="Participation.id"
    )


class Invitation(Timestamped, Base):
    """A team asks a participant (with their whole team, if they have one) to join it."""

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn')", name="state"),
        Index(
            "uq_invitations_open", "team_id", "participation_id", unique=True, postgresql_where=text("state = 'open'")
        ),
    )

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    participation_id: Mapped[int] = mapped_column(ForeignKey("participations.id", ondelete="CASCADE"), index=True)
    invited_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(String(16), server_default="open")
    answered_at: Mapped[datetime | None]

    team: Mapped[Team] = relationship()


class Participation(Timestamped, Base):
    """An account in a competition. Its row is the lock under which submissions are counted, unless it is in a team."""

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("competition_id", "account_id"),
        CheckConstraint("status IN ('approved', 'pending', 'denied', 'banned')", name="status"),
        Index("ix_participations_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    status: Mapped[str] = mapped_column(String(16))
    # Why it was denied or banned, for the participant to read.
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    terms_version: Mapped[int] = mapped_column(server_default="1")
    # Marked as such on the board: not somebody who competes.
    baseline: Mapped[bool] = mapped_column(server_default="false")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL", use_alter=True), index=True)

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    team: Mapped[Team | None] = relationship(back_populates="members", foreign_keys=[team_id], lazy="joined")


class Publisher(Timestamped, Base):
    """CI jobs that may submit for an account to a competition: whoever their issuer says all these claims of."""

    __tablename__ = "publishers"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(300), index=True)
    claims: Mapped[dict[str, str]] = mapped_column(JSONB)


class UsedIdentity(Base):
    """An identity token that was traded: the hash of its issuer and id, until it ends by itself."""

    __tablename__ = "used_identities"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
