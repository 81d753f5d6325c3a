"""HTTP doors of who takes part and who organizes.

Boards come from the leaderboards room, which lies above this one: `create_app` hands its function in as
`app.state.rebuild`.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from sqlakeyset import BadBookmark, select_page

from app.accounts.guards import Organizer, Submitter
from app.competitions import auditing, people
from app.competitions.models import Competition, Participation
from app.competitions.schemas import (
    AllowedEmails,
    Join,
    Joined,
    OrganizerList,
    OrganizerOut,
    ParticipantIn,
    ParticipantList,
    ParticipantOut,
    ParticipationStatus,
)
from app.db import Session
from app.errors import Refused

router = APIRouter(tags=["people"])
PARTICIPANTS = "/competitions/{slug}/participants"
ORGANIZERS = "/competitions/{slug}/organizers"

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]
Search = Annotated[str, Query(max_length=64)]


@router.post("/competitions/{slug}/join")
def join(who: Submitter, slug: str, given: Join) -> Joined:
    """Join the competition and accept its terms; joining again accepts terms that have changed."""
    with Session.begin() as session:
        row = people.join(session, who, slug, given.accept_terms)
        return Joined(competition=slug, status=row.status, reason=row.reason)


@router.get(PARTICIPANTS)
def participants(
    who: Organizer,
    slug: str,
    status: ParticipationStatus | None = None,
    search: Search = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ParticipantList:
    """Who takes part or asks to, first come first; for the competition's organizers."""
    with Session.begin() as session:
        rows = people.participants(people.organized(session, who, slug), status, search)
        try:
            page = select_page(session, rows, per_page=limit, page=cursor or None)
        except BadBookmark as error:
            raise Refused("The cursor is not one of ours.", field="cursor") from error
        following = page.paging.bookmark_next if page.paging.has_next else None
        return ParticipantList(items=[_participant(row) for (row,) in page], next_cursor=following)


@router.get("/competitions/{slug}/allowed-emails")
def allowed(who: Organizer, slug: str) -> AllowedEmails:
    """Which e-mail addresses and domains may join, none for all; for the competition's organizers."""
    with Session.begin() as session:
        return AllowedEmails(allowed_emails=people.organized(session, who, slug).allowed_emails)


@router.get(PARTICIPANTS + ".csv", response_class=Response)
def participants_csv(
    who: Organizer, slug: str, status: ParticipationStatus | None = None, search: Search = ""
) -> Response:
    """Everyone who takes part or asks to, as CSV; for the competition's organizers."""
    with Session.begin() as session:
        rows = people.participants(people.organized(session, who, slug), status, search)
        found = [_participant(row).model_dump(mode="json") for row in session.scalars(rows)]
    columns = list(ParticipantOut.model_fields)
    text = auditing.table(columns, ([row[name] for name in columns] for row in found))
    return Response(text, media_type="text/csv; charset=utf-8")


@router.patch(PARTICIPANTS + "/{username}")
def decide(request: Request, who: Organizer, slug: str, username: str, given: ParticipantIn) -> ParticipantOut:
    """Approve, deny, ban or mark a participant; a ban takes their entries off the boards, until it is lifted."""
    with Session.begin() as session:
        row, moved = people.decide(session, who, slug, username, given.model_dump())
        if moved:
            for phase in people.organized(session, who, slug).phases:
                request.app.state.rebuild(session, phase.id)
        return _participant(row)


def _participant(row: Participation) -> ParticipantOut:
    return ParticipantOut(
        username=row.account.username,
        status=row.status,
        reason=row.reason,
        baseline=row.baseline,
        terms_version=row.terms_version,
        joined_at=row.created_at,
    )


@router.get(ORGANIZERS)
def organizers(who: Organizer, slug: str) -> OrganizerList:
    """Who organizes the competition, its owner first; for its organizers."""
    with Session.begin() as session:
        return _organizers(people.organized(session, who, slug))


@router.get(ORGANIZERS + "/{username}")
def organizer(who: Organizer, slug: str, username: str) -> OrganizerOut:
    """One of the organizers; for the competition's organizers."""
    with Session.begin() as session:
        for found in _organizers(people.organized(session, who, slug)).items:
            if found.username == username.lower():
                return found
    raise people.errors.OrganizerNotFound(f"{username!r} does not organize {slug!r}.")


@router.put(ORGANIZERS + "/{username}")
def add_organizer(who: Organizer, slug: str, username: str) -> OrganizerList:
    """Make an account a co-organizer; only the owner and administrators may."""
    with Session.begin() as session:
        return _organizers(people.add_organizer(session, who, slug, username))


@router.delete(ORGANIZERS + "/{username}", status_code=status.HTTP_204_NO_CONTENT)
def remove_organizer(who: Organizer, slug: str, username: str) -> None:
    """Take a co-organizer's rights; only the owner and administrators may."""
    with Session.begin() as session:
        people.remove_organizer(session, who, slug, username)


@router.post(ORGANIZERS + "/{username}/transfer")
def transfer(who: Organizer, slug: str, username: str) -> OrganizerList:
    """Give the competition to a co-organizer; the owner before stays as a co-organizer."""
    with Session.begin() as session:
        return _organizers(people.transfer(session, who, slug, username))


def _organizers(competition: Competition) -> OrganizerList:
    others = [OrganizerOut(username=row.account.username, owner=False) for row in competition.organizers]
    return OrganizerList(items=[OrganizerOut(username=competition.organizer.username, owner=True), *others])
