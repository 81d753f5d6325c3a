"""What organizers tell (announcements, by mail too) and what they did (the audit log)."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.announcements import routes as announcements
from app.announcements.schemas import AnnouncementChange, AnnouncementIn
from app.competitions import audit_routes as auditing
from app.errors import Fault, Refused
from app.settings import settings
from app.web.forms import to
from app.web.organizer import frame
from app.web.rendering import Page

NEWS = "/competitions/{slug}/organize/announcements"
AUDIT = "/competitions/{slug}/organize/audit"
router = APIRouter(include_in_schema=False, route_class=Page)
PER_PAGE = 50
Word = Annotated[str, Query(max_length=64)]


@router.get(NEWS)
def listing(request: Request, who: Organizer, slug: str, edit: Word = "") -> Response:
    """The announcements, with the form of a new one or of the one that is edited."""
    return _page(request, who, slug, edit)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    edit: str = "",
    typed: dict[str, Any] | None = None,
    fault: Fault | None = None,
) -> Response:
    found = announcements.listing(slug).items
    old = next((one for one in found if one.ref == edit), None)
    form = typed or {"title": old.title if old else "", "body": old.body if old else "", "mail": False}
    return frame.page(
        request,
        who,
        slug,
        "announcements",
        fault=fault,
        announcements=found,
        mails=announcements.mails(who, slug),
        editing=old.ref if old else "",
        form=form,
        preview=typed is not None and fault is None,
        sends_mail=settings().sends_mail,
    )


@router.post(NEWS)
def announce(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Show how an announcement will look, announce it, or save a changed one."""
    typed = {name: frame.text(given, name) for name in ("title", "body")}
    mail, ref = frame.text(given, "mail") == "yes", frame.text(given, "ref")
    try:
        new = frame.schema(AnnouncementIn, {**typed, "mail": mail})
        if frame.text(given, "act") == "preview":
            return _page(request, who, slug, ref, {**typed, "mail": mail})
        if ref:
            announcements.edit(who, slug, ref, frame.schema(AnnouncementChange, typed))
        else:
            announcements.post(who, slug, new)
    except Fault as fault:
        return _page(request, who, slug, ref, {**typed, "mail": mail}, fault)
    return to(f"/competitions/{slug}/organize/announcements?done={'saved' if ref else 'announced'}")


@router.post(NEWS + "/{ref}/delete")
def delete(request: Request, who: Organizer, slug: str, ref: str, given: frame.Fields) -> Response:
    """Take an announcement back, after a question."""
    question = "Take this announcement back? Mails of it that were sent stay sent."
    page = frame.asked(request, who, slug, "announcements", given, question)
    if page is not None:
        return page
    goal = f"/competitions/{slug}/organize/announcements?done=deleted"
    return frame.attempt(
        lambda: announcements.delete(who, slug, ref), goal, lambda fault: _page(request, who, slug, fault=fault)
    )


@router.get(AUDIT)
def audit(
    request: Request,
    who: Organizer,
    slug: str,
    action: Word = "",
    actor: Word = "",
    since: Annotated[str, Query(max_length=20)] = "",
    until: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """What was done in the competition, newest first."""
    asked = {"action": action.strip(), "actor": actor.strip(), "since": since, "until": until}
    fault, found = None, None
    try:
        found = auditing.of_competition(who, slug, chosen(asked), PER_PAGE, cursor)
    except Refused as refused:
        fault = refused
    query = urlencode({name: value for name, value in asked.items() if value})
    return frame.page(
        request,
        who,
        slug,
        "audit",
        fault=fault,
        events=found.items if found else [],
        next_cursor=found.next_cursor if found else None,
        asked=asked,
        query=query,
        export=exported(asked),
    )


def chosen(asked: dict[str, str]) -> auditing.Chosen:
    """The filter of a form's values; days are UTC. Raises Refused for what is no day."""
    return auditing.Chosen(asked["action"] or None, asked["actor"] or None, _day(asked["since"]), _day(asked["until"]))


def _day(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(given).replace(tzinfo=UTC) if given else None
    except ValueError:
        raise Refused(f"{given!r} is no day such as 2026-01-15.", field="since") from None


def exported(asked: dict[str, str]) -> str:
    """The same filter as a query of the API's export."""
    days = {name: f"{asked[name]}T00:00:00Z" for name in ("since", "until") if asked[name]}
    found = {name: asked[name] for name in ("action", "actor") if asked[name]} | days
    return f"?{urlencode(found)}" if found else ""
