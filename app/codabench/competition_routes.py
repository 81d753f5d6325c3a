"""Doors of competitions, their phases and tasks, and who takes part."""

from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response, status
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from app import rates
from app.accounts.service import Principal
from app.codabench import documents, finding
from app.codabench.addresses import absolute
from app.codabench.door import LARGEST_BODY, Door, listed, sent, text
from app.codabench.guards import Asker, Known, Organizer, Submitter
from app.competitions import editing, people
from app.competitions import service as competitions
from app.competitions.editing_schemas import CompetitionEdit
from app.competitions.models import Competition, CoOrganizer, Participation, Phase
from app.competitions.visibility import view_of
from app.db import Session, now
from app.errors import Refused
from app.web.addresses import to

router = APIRouter(
    route_class=Door, include_in_schema=False, dependencies=[Depends(rates.by_address)], max_body_size=LARGEST_BODY
)
HERE = "/api/competitions/{number:int}"
FRONT = 4


def _line(request: Request, row: Competition, participants: int, submissions: int | None) -> documents.JSON:
    logo = absolute(request, f"/api/v1/competitions/{row.slug}/image") if row.image_sha256 else None
    return documents.competition_line(row, participants, submissions, logo)


def _shown(session: OrmSession, who: Principal | None, query: Any) -> list[Competition]:
    """The competitions that the address asks for, newest first."""
    rows = select(Competition).where(Competition.deleted_at.is_(None))
    words = query.get("search", "")
    if words:
        named = Competition.title.icontains(words, autoescape=True)
        rows = rows.where(named | Competition.description.icontains(words, autoescape=True))
    asker = who.account_id if who is not None else None
    if "mine" in query:
        theirs = select(CoOrganizer.competition_id).where(CoOrganizer.account_id == asker)
        rows = rows.where((Competition.organizer_id == asker) | Competition.id.in_(theirs))
    if "participating_in" in query:
        joined = (Participation.account_id == asker, Participation.status == "approved")
        rows = rows.where(Competition.id.in_(select(Participation.competition_id).where(*joined)))
    if who is not None and who.competition is not None:
        rows = rows.where(Competition.slug == who.competition)
    return list(session.scalars(rows.order_by(Competition.created_at.desc(), Competition.id.desc())))


@router.get("/api/competitions/")
def listing(request: Request, who: Asker) -> Any:
    """All competitions, newest first; `search`, `mine`, `participating_in`."""
    with Session.begin() as session:
        rows = _shown(session, who, request.query_params)
        counts = finding.participants_of(session, rows)
        return listed(request, rows, lambda row: _line(request, row, counts.get(row.id, 0), None))


@router.get("/api/competitions/public/")
def public(request: Request, who: Asker) -> Any:
    """The same, always in pages."""
    with Session.begin() as session:
        rows = _shown(session, who, {"search": request.query_params.get("search", "")})
        counts = finding.participants_of(session, rows)
        return listed(request, rows, lambda row: _line(request, row, counts.get(row.id, 0), None), paged=True)


@router.get("/api/competitions/front_page/")
def front_page(request: Request, who: Asker) -> dict[str, Any]:
    """Some that many take part in, and the newest ones."""
    with Session.begin() as session:
        rows = _shown(session, who, {})
        counts = finding.participants_of(session, rows)
        lines = [_line(request, row, counts.get(row.id, 0), None) for row in rows]
    popular = sorted(lines, key=lambda line: -int(line["participants_count"]))[:FRONT]
    return {"popular_comps": popular, "featured_comps": [], "recent_comps": lines[:FRONT]}


def _detail(request: Request, session: OrmSession, who: Principal | None, row: Competition) -> documents.JSON:
    moment = now(session)
    mine = competitions.participation_of(session, row, who.account_id) if who is not None else None
    # How many were sent to a board that stands still is not for everybody.
    submissions = finding.submissions_of(session, row) if competitions.organizes(who, row) else None
    line = _line(request, row, finding.participants_of(session, [row]).get(row.id, 0), submissions)
    views = {phase.id: view_of(phase, who, moment) for phase in row.phases}
    return documents.competition(line, row, mine, views, finding.used_of(session, row, mine), moment)


@router.get(HERE + "/")
def detail(request: Request, who: Asker, number: int) -> documents.JSON:
    """A competition with its pages, phases and leaderboards."""
    with Session.begin() as session:
        return _detail(request, session, who, finding.competition_of(session, who, number))


@router.get("/competitions/{number:int}/")
def page(number: int) -> Response:
    """To the competition's page: clients print its address by its number."""
    with Session.begin() as session:
        return to(f"/competitions/{finding.competition_of(session, None, number).slug}")


@router.patch(HERE + "/")
async def change(request: Request, who: Organizer, number: int) -> documents.JSON:
    """Change `registration_auto_approve` and `whitelist_emails`; `published` is always true here."""
    values = await sent(request)
    if values.get("published") not in (None, True, "true", "True", "1"):
        raise Refused("A competition here is public from its start: delete it to hide it.")
    given: dict[str, Any] = {}
    if values.get("registration_auto_approve") is not None:
        given["registration_auto_approve"] = values["registration_auto_approve"] in (True, "true", "True", "1")
    if values.get("whitelist_emails") is not None:
        given["allowed_emails"] = values["whitelist_emails"] or []
    return await anyio.to_thread.run_sync(_change, request, who, number, given)


def _change(request: Request, who: Principal, number: int, given: dict[str, Any]) -> documents.JSON:
    try:
        edit = CompetitionEdit.model_validate(given)
    except ValueError as error:
        raise Refused("`whitelist_emails` is a list of addresses, or of domains such as `@example.org`.") from error
    with Session.begin() as session:
        slug = finding.competition_of(session, who, number).slug
        editing.edit_competition(session, who, slug, "*", edit)
    with Session.begin() as session:
        return _detail(request, session, who, finding.competition_of(session, who, number))


@router.delete(HERE + "/", status_code=status.HTTP_204_NO_CONTENT)
def delete(who: Organizer, number: int) -> None:
    """Hide the competition at once; it can be restored for some days. For its owner."""
    with Session.begin() as session:
        editing.delete(session, who, finding.competition_of(session, who, number).slug)


@router.post(HERE + "/register/", status_code=status.HTTP_201_CREATED)
def register(who: Submitter, number: int) -> dict[str, str]:
    """Join and accept the terms, as registering means in CodaBench."""
    with Session.begin() as session:
        row = finding.competition_of(session, who, number)
        if competitions.participation_of(session, row, who.account_id) is not None:
            raise Refused("You have registered for this competition already.")
        joined = people.join(session, who, row.slug, accept_terms=True)
        return {"participant_status": joined.status}


@router.get("/api/participants/")
def participants(request: Request, who: Organizer, competition: int | None = None) -> Any:
    """Who takes part or asks to; without `competition` nobody. For its organizers; addresses stay with their owners."""
    if competition is None:
        return listed(request, [], _participant)
    query = request.query_params
    with Session.begin() as session:
        row = people.organized(session, who, finding.competition_of(session, who, competition).slug)
        rows = people.participants(row, query.get("status") or None, query.get("search", ""))
        return listed(request, list(session.scalars(rows)), _participant)


def _participant(row: Participation) -> documents.JSON:
    return {
        "id": row.id,
        "username": row.account.username,
        "is_bot": False,
        "email": None,
        "status": {"banned": "denied"}.get(row.status, row.status),
        "is_deleted": not row.account.active,
    }


@router.patch("/api/participants/{number:int}/")
async def decide(request: Request, who: Organizer, number: int) -> documents.JSON:
    """Approve or deny a participant."""
    wanted = text(await sent(request), "status", 20, needed=True)
    if wanted not in ("approved", "denied"):
        raise Refused("`status` is `approved` or `denied`.", named={"status": "Not a valid choice."})
    return await anyio.to_thread.run_sync(_decide, request, who, number, wanted)


def _decide(request: Request, who: Principal, number: int, wanted: str) -> documents.JSON:
    with Session.begin() as session:
        found, competition = finding.participation_of(session, who, number)
        if found.status == wanted:
            raise Refused(f"{found.account.username} is {wanted} already.")
        row, moved = people.decide(session, who, competition.slug, found.account.username, {"status": wanted})
        for phase in competition.phases if moved else ():
            request.app.state.rebuild(session, phase.id)
        return _participant(row)


def _phases(session: OrmSession, who: Principal | None, number: int | None) -> list[Phase]:
    """The phases of a competition, those that are open first; none without its number."""
    if number is None:
        return []
    return finding.open_first(finding.competition_of(session, who, number).phases, now(session))


@router.get("/api/phases/")
def phases(request: Request, who: Asker, competition: int | None = None) -> Any:
    """The phases of a competition; without `competition` none."""
    with Session.begin() as session:
        moment = now(session)
        return listed(request, _phases(session, who, competition), lambda row: documents.phase(row, moment))


@router.get("/api/phases/{number:int}/")
def phase(who: Asker, number: int) -> documents.JSON:
    """A phase."""
    with Session.begin() as session:
        found = finding.phase_of(session, who, number)
        mine = competitions.participation_of(session, found.competition, who.account_id) if who is not None else None
        used = finding.used_of(session, found.competition, mine)
        return documents.phase(found, now(session), used.get(number))


@router.get("/api/tasks/")
def tasks(request: Request, who: Known, competition: int | None = None) -> Any:
    """The tasks of a competition, or of all those that the asker organizes or takes part in."""
    with Session.begin() as session:
        if competition is not None:
            rows = _phases(session, who, competition)
        else:
            theirs = select(CoOrganizer.competition_id).where(CoOrganizer.account_id == who.account_id)
            joined = select(Participation.competition_id).where(Participation.account_id == who.account_id)
            mine = (Competition.organizer_id == who.account_id) | Competition.id.in_(theirs.union(joined))
            there = mine & Competition.deleted_at.is_(None)
            there = there & (Competition.slug == who.competition) if who.competition is not None else there
            found = select(Phase).join(Competition, Competition.id == Phase.competition_id).where(there)
            rows = list(session.scalars(found.order_by(Phase.id)))
        return listed(request, rows, documents.task, paged=True)


@router.get("/api/tasks/{number:int}/")
def task(who: Known, number: int) -> documents.JSON:
    """A task."""
    with Session.begin() as session:
        return documents.task(finding.phase_of(session, who, number))
