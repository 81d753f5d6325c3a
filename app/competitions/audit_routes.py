"""HTTP doors of the audit log: a competition's for its organizers, all of it for administrators."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlakeyset import BadBookmark, select_page
from sqlalchemy.orm import Session as OrmSession

from app.accounts.guards import Admin, Organizer
from app.competitions import auditing, people
from app.competitions.schemas import AuditEventOut, AuditList, Instant
from app.db import Session
from app.errors import Refused

router = APIRouter(tags=["audit"])
AUDIT = "/competitions/{slug}/audit"

Name = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which acts: of this action, by this user name, in [since, until)."""

    action: Name = None
    actor: Name = None
    since: Instant | None = None
    until: Instant | None = None


Filter = Annotated[Chosen, Depends()]


@router.get(AUDIT)
def of_competition(who: Organizer, slug: str, chosen: Filter, limit: Limit = 50, cursor: Cursor = None) -> AuditList:
    """What was done in the competition, newest first; for its organizers."""
    with Session.begin() as session:
        people.organized(session, who, slug)
        return _page(session, auditing.events(slug, **asdict(chosen)), limit, cursor)


@router.get(AUDIT + ".csv", response_class=Response)
def as_csv(who: Organizer, slug: str, chosen: Filter) -> Response:
    """What was done in the competition, as CSV; for its organizers."""
    with Session.begin() as session:
        people.organized(session, who, slug)
        text = auditing.as_csv(session, auditing.events(slug, **asdict(chosen)))
    return Response(text, media_type="text/csv; charset=utf-8")


@router.get(AUDIT + ".jsonl", response_class=Response)
def as_jsonl(who: Organizer, slug: str, chosen: Filter) -> Response:
    """What was done in the competition, as JSON Lines; for its organizers."""
    with Session.begin() as session:
        people.organized(session, who, slug)
        text = auditing.as_jsonl(session, auditing.events(slug, **asdict(chosen)))
    return Response(text, media_type="application/jsonl")


@router.get("/audit")
def everywhere(who: Admin, chosen: Filter, limit: Limit = 50, cursor: Cursor = None) -> AuditList:
    """What was done anywhere, newest first; for administrators."""
    with Session.begin() as session:
        return _page(session, auditing.events(**asdict(chosen)), limit, cursor)


def _page(session: OrmSession, rows: Any, limit: int, cursor: str | None) -> AuditList:
    try:
        page = select_page(session, rows, per_page=limit, page=cursor or None)
    except BadBookmark as error:
        raise Refused("The cursor is not one of ours.", field="cursor") from error
    items = [AuditEventOut(**auditing.plain(event)) for (event,) in page]
    return AuditList(items=items, next_cursor=page.paging.bookmark_next if page.paging.has_next else None)
