"""What goes in and out over HTTP about competitions."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from app.competitions import service
from app.competitions.models import Competition, Participation, Phase

Decision = Literal["approved", "denied", "banned"]
ParticipationStatus = Literal["approved", "pending", "denied", "banned"]


def _written(value: Any) -> Any:
    """Pydantic would take a number for seconds since 1970; the document says that a time is a text."""
    if not isinstance(value, str) or value.replace(".", "", 1).lstrip("+-").isdecimal():
        raise ValueError("write it as 2026-03-01T00:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time with its zone, in ISO 8601."""


class PhaseOut(BaseModel):
    """A phase with its state by the server's clock; null limits: none. `split`: whether it hides some of its items."""

    slug: str
    name: str
    index: int
    description: str
    status: str
    starts_at: datetime
    ends_at: datetime | None
    max_submissions_per_day: int | None
    max_submissions: int | None
    limit_window: str = "day"
    max_concurrent: int | None = None
    max_invalid_per_day: int | None = None
    paused: bool = False
    accept_late: bool = False
    gate: str | None = None
    carry_from: str | None = None
    carried_at: datetime | None = None
    freeze_hours: int | None = None
    frozen_at: datetime | None = None
    publish: str = "end"
    published_at: datetime | None = None
    board: dict[str, Any] = {}
    split: bool = False
    show_items: bool = False
    n_items: int
    truth_version: int | None
    scoring: dict[str, Any]
    starting_kit: str | None
    public_data: str | None


class CompetitionOut(BaseModel):
    """A competition in lists; `joined` is the asker's own participation."""

    slug: str
    title: str
    description: str
    status: str
    organizer: str
    participants: int
    joined: str | None
    phases: list[PhaseOut]


class CompetitionDetail(CompetitionOut):
    """A competition with its pages (Markdown) and terms; `organizes`: whether the asker does."""

    version: int = 1
    organizes: bool = False
    registration_auto_approve: bool
    contact_email: str = ""
    reward: str = ""
    image: str | None = None
    anonymous: bool = False
    team_size: int = 1
    overall: dict[str, Any] | None = None
    terms: str
    terms_version: int
    terms_accepted: bool
    pages: list[dict[str, str]]


class CompetitionList(BaseModel):
    """All competitions, newest first."""

    items: list[CompetitionOut]
    next_cursor: str | None = None


class Join(BaseModel):
    """Joining accepts the terms."""

    model_config = ConfigDict(extra="forbid")

    accept_terms: StrictBool = False


class Joined(BaseModel):
    """The participation's state (approved, pending, denied or banned), and why."""

    competition: str
    status: str
    reason: str = ""


class ParticipantOut(BaseModel):
    """Who takes part, for organizers."""

    username: str
    status: str
    reason: str
    baseline: bool
    terms_version: int
    joined_at: datetime


class ParticipantList(BaseModel):
    """A page of participants, first come first."""

    items: list[ParticipantOut]
    next_cursor: str | None = None


class ParticipantIn(BaseModel):
    """An organizer's decision; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    status: Decision | None = None
    reason: str | None = Field(None, max_length=500, description="The participant can read it.")
    baseline: StrictBool | None = None


class AllowedEmails(BaseModel):
    """Addresses (`ada@example.org`) and domains (`@example.org`) that may join; empty: everybody."""

    allowed_emails: list[str]


class OrganizerOut(BaseModel):
    """Somebody who organizes the competition; one of them owns it."""

    username: str
    owner: bool


class OrganizerList(BaseModel):
    """All organizers, the owner first."""

    items: list[OrganizerOut]
    next_cursor: str | None = None


class AuditEventOut(BaseModel):
    """An act: who, by which token, what, on what, and what it was before."""

    at: datetime
    actor: str
    token: str | None
    request_id: str | None
    competition: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditList(BaseModel):
    """A page of acts, newest first."""

    items: list[AuditEventOut]
    next_cursor: str | None = None


class Applied(BaseModel):
    """What a bundle changed (or would change, in a dry run); notes name its keys without effect, in findings' form."""

    slug: str
    created: bool
    dry_run: bool
    changes: list[dict[str, Any]]
    notes: list[dict[str, Any]] = []


class TruthOut(BaseModel):
    """A version of the ground truth, without its content; `current`: submissions are judged by it.

    `argues_against` are items whose reference argues against its own answer, as far as its claims can be read.
    """

    version: int
    n_items: int
    sha256: str
    created_at: datetime
    current: bool = True
    argues_against: list[str] = []


class TruthList(BaseModel):
    """The versions of a phase's ground truth, newest first."""

    items: list[TruthOut]
    next_cursor: str | None = None


def phase_out(phase: Phase, moment: datetime) -> PhaseOut:
    """A phase as JSON at a moment of the server's clock."""
    here = f"/api/v1/competitions/{phase.competition.slug}/phases/{phase.slug}"
    return PhaseOut(
        slug=phase.slug,
        name=phase.name,
        index=phase.index,
        description=phase.description,
        status=service.status_of(phase, moment),
        starts_at=phase.starts_at,
        ends_at=phase.ends_at,
        max_submissions_per_day=phase.max_submissions_per_day,
        max_submissions=phase.max_submissions,
        limit_window=phase.limit_window,
        max_concurrent=phase.max_concurrent,
        max_invalid_per_day=phase.max_invalid_per_day,
        paused=phase.paused,
        accept_late=phase.accept_late,
        gate=phase.gate.slug if phase.gate else None,
        carry_from=phase.carry_from.slug if phase.carry_from else None,
        carried_at=phase.carried_at,
        freeze_hours=phase.freeze_hours,
        frozen_at=phase.frozen_at,
        publish=phase.publish,
        published_at=phase.published_at,
        board=phase.board,
        split=phase.split is not None,
        show_items=phase.show_items,
        n_items=len(phase.truth.item_ids) if phase.truth else 0,
        truth_version=phase.truth.number if phase.truth else None,
        scoring=phase.plan,
        starting_kit=f"{here}/starting-kit" if phase.starting_kit_sha256 else None,
        public_data=f"{here}/public-data" if phase.public_data_sha256 else None,
    )


def competition_detail(
    competition: Competition,
    moment: datetime,
    participants: int,
    mine: Participation | None,
    *,
    organizes: bool = False,
) -> CompetitionDetail:
    """A competition as JSON; open where any phase is, else upcoming where any is to come."""
    states = {service.status_of(phase, moment) for phase in competition.phases}
    return CompetitionDetail(
        slug=competition.slug,
        title=competition.title,
        description=competition.description,
        status=next((state for state in ("open", "upcoming") if state in states), "closed"),
        organizer=competition.organizer.username,
        participants=participants,
        joined=mine.status if mine else None,
        phases=[phase_out(phase, moment) for phase in competition.phases],
        version=competition.version,
        organizes=organizes,
        registration_auto_approve=competition.registration_auto_approve,
        contact_email=competition.contact_email,
        reward=competition.reward,
        image=f"/api/v1/competitions/{competition.slug}/image" if competition.image_sha256 else None,
        anonymous=competition.anonymous,
        team_size=competition.team_size,
        overall=competition.overall,
        terms=competition.terms,
        terms_version=competition.terms_version,
        terms_accepted=mine is not None and mine.terms_version >= competition.terms_version,
        pages=competition.pages,
    )
