"""HTTP doors of what organizers see and do of everybody's submissions."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlakeyset import BadBookmark, select_page

from app.accounts.guards import Organizer
from app.broker import VALIDATE, nudge
from app.competitions import people
from app.db import Session
from app.errors import Refused
from app.submissions import organizing
from app.submissions.routes import Cursor, Limit, shown
from app.submissions.schemas import SubmissionOut

router = APIRouter(tags=["submissions"])
HERE = "/competitions/{slug}"

Wanted = Literal[
    "queued", "validating", "invalid", "ready", "scoring", "scored", "failed", "cancelled", "disqualified", "withdrawn"
]


class DayOut(BaseModel):
    """What was sent on a UTC day, by what became of it; `running` is not judged yet."""

    day: date
    scored: int
    invalid: int
    failed: int
    cancelled: int
    running: int


class ReasonOut(BaseModel):
    """How many submissions are `invalid` or `failed` for this reason: the problem's or the first finding's code."""

    state: str
    code: str
    count: int


class OverviewOut(BaseModel):
    """A competition in numbers: `files` are different ones, `bytes` their sum, `seconds_waiting` the oldest one's."""

    states: dict[str, int]
    days: list[DayOut]
    oldest_waiting_at: datetime | None
    seconds_waiting: int
    reasons: list[ReasonOut]
    files: int
    bytes: int
    participants: dict[str, int]
    phases: dict[str, int]
    at: datetime


class SentOut(BaseModel):
    """A submission in an organizer's list; `final` is of all items, `reason` says why it does not count."""

    ref: str
    phase: str
    participant: str
    team: str | None
    baseline: bool
    state: str
    final: float | None
    problem: dict[str, Any] | None
    finding: str | None
    findings_total: int
    created_at: datetime
    message: str
    late: bool
    file_size: int
    withdrawn_at: datetime | None
    disqualified_at: datetime | None
    reason: str | None


class SentList(BaseModel):
    """One page of a competition's submissions, newest first."""

    items: list[SentOut]
    next_cursor: str | None = None


@router.get(HERE + "/overview")
def overview(who: Organizer, slug: str) -> OverviewOut:
    """The competition in numbers: submissions by state, day and reason, queue, files, participants; for organizers."""
    with Session.begin() as session:
        found = organizing.counts(session, people.organized(session, who, slug))
    waiting = organizing.seconds_waiting(found["oldest_waiting_at"], found["at"])
    return OverviewOut(**found, seconds_waiting=waiting)


@router.get(HERE + "/submissions")
def everybodys(
    who: Organizer,
    slug: str,
    phase: Annotated[str | None, Query(max_length=64)] = None,
    state: Wanted | None = None,
    participant: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SentList:
    """Everybody's submissions to all phases, newest first, with why they do not count; for organizers."""
    with Session.begin() as session:
        competition = people.organized(session, who, slug)
        rows = organizing.sent(competition, phase=phase, state=state, participant=participant)
        try:
            page = select_page(session, rows, per_page=limit, page=cursor or None)
        except BadBookmark as error:
            raise Refused("The cursor is not one of ours.", field="cursor") from error
        items = [SentOut.model_validate(row._mapping) for row in page]
        return SentList(items=items, next_cursor=page.paging.bookmark_next if page.paging.has_next else None)


@router.post("/submissions/{ref}/retry")
def retry(request: Request, who: Organizer, ref: str) -> SubmissionOut:
    """Judge a failed submission once more, as it was sent; for the competition's organizers."""
    with Session.begin() as session:
        found, evaluation_id = organizing.retry(session, who, ref)
        answer = shown(request, session, who, found)
    nudge(VALIDATE, evaluation_id)
    return answer
