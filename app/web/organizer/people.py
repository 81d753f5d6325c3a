"""Who takes part and who organizes: decisions for one or many, baselines, organizers, allowed addresses."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.competitions import editing_routes as editing
from app.competitions import people_routes as people
from app.competitions.bundle_schema import CompetitionIn
from app.competitions.editing_schemas import CompetitionEdit
from app.competitions.schemas import ParticipantIn, ParticipationStatus
from app.errors import Fault, Refused
from app.web.organizer import fields, frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/participants"
router = APIRouter(include_in_schema=False, route_class=Page)
PER_PAGE = 50
ACTS: dict[str, dict[str, Any]] = {
    "approve": {"status": "approved"},
    "deny": {"status": "denied"},
    "ban": {"status": "banned"},
    "unban": {"status": "approved"},
    "baseline": {"baseline": True},
    "compete": {"baseline": False},
}
QUESTIONS = {
    "deny": "Deny %(names)s? They are told, with the reason.",
    "ban": "Ban %(names)s? Their entries leave the boards until the ban is lifted; they are told, with the reason.",
}
ORGANIZERS = {
    "add": "Let %(names)s organize this competition too? They see the truth and everything else, and cannot compete.",
    "remove": "Take %(names)s' rights to organize?",
    "transfer": "Give the competition to %(names)s? You stay as a co-organizer.",
}
Status = Annotated[str, Query(max_length=16)]
Search = Annotated[str, Query(max_length=64)]
Cursor = Annotated[str | None, Query(max_length=300)]
STATUSES: tuple[ParticipationStatus, ...] = ("pending", "approved", "denied", "banned")


@router.get(HERE)
def participants(
    request: Request, who: Organizer, slug: str, status: Status = "", search: Search = "", cursor: Cursor = None
) -> Response:
    """The participants that were asked for, and the organizers."""
    return _page(request, who, slug, status, search, cursor)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    status: str = "",
    search: str = "",
    cursor: str | None = None,
    fault: Fault | None = None,
) -> Response:
    chosen = next((one for one in STATUSES if one == status), None)
    found = people.participants(who, slug, chosen, search, PER_PAGE, cursor)
    allowed = fields.widgets(CompetitionIn, ["allowed_emails"], {"allowed_emails": allowed_emails(who, slug)})
    return frame.page(
        request,
        who,
        slug,
        "participants",
        fault=fault,
        participants=found.items,
        next_cursor=found.next_cursor,
        status_wanted=chosen or "",
        search=search,
        statuses=STATUSES,
        allowed=allowed,
        questions=QUESTIONS,
        organizer_questions=ORGANIZERS,
        told=frame.told,
    )


def allowed_emails(who: Principal, slug: str) -> list[str]:
    """The addresses and domains that may join; for organizers."""
    return people.allowed(who, slug).allowed_emails


@router.post(HERE)
def decide(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Decide about one participant or many, after a question where it hurts."""
    act, names = frame.text(given, "act"), [name for name in given.getlist("username") if isinstance(name, str)]
    status, search = frame.text(given, "status"), frame.text(given, "search")

    def refused(fault: Fault) -> Response:
        return _page(request, who, slug, status, search, fault=fault)

    if act not in ACTS or not names:
        return refused(Refused("Choose at least one participant and what to do.", field="username"))
    if act in QUESTIONS:
        page = frame.asked(request, who, slug, "participants", given, QUESTIONS[act], names=", ".join(names))
        if page is not None:
            return page

    def do() -> None:
        wanted: dict[str, Any] = dict(ACTS[act])
        if act in QUESTIONS:
            wanted["reason"] = frame.text(given, "reason").strip()
        decision = frame.schema(ParticipantIn, wanted)
        for name in names:
            people.decide(request, who, slug, name, decision)

    goal = f"/competitions/{slug}/organize/participants?done=decided"
    return frame.attempt(do, goal + (f"&status={status}" if status in STATUSES else ""), refused)


@router.post(HERE + "/organizers")
def organizers(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Add or remove a co-organizer, or give the competition away; after a question."""
    act, name = frame.text(given, "act"), frame.text(given, "username").strip()

    def refused(fault: Fault) -> Response:
        return _page(request, who, slug, fault=fault)

    if act not in ORGANIZERS or not name:
        return refused(Refused("Give a user name and what to do.", field="username"))
    page = frame.asked(request, who, slug, "participants", given, ORGANIZERS[act], names=name)
    if page is not None:
        return page
    doors = {"add": people.add_organizer, "remove": people.remove_organizer, "transfer": people.transfer}
    done = "transferred" if act == "transfer" else "saved"
    goal = f"/competitions/{slug}/organize/participants?done={done}#organizers"
    return frame.attempt(lambda: doors[act](who, slug, name), goal, refused)


@router.post(HERE + "/allowed")
def allowed(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Save who may join by e-mail address."""
    version = frame.text(given, "version")

    def do() -> None:
        lines = [line.strip() for line in frame.text(given, "allowed_emails").splitlines()]
        edit = frame.schema(CompetitionEdit, {"allowed_emails": [line.lower() for line in lines if line]})
        editing.change(request, Response(), who, slug, edit, frame.if_match(version))

    goal = f"/competitions/{slug}/organize/participants?done=saved#allowed"
    return frame.attempt(do, goal, lambda fault: _page(request, who, slug, fault=fault), version)
