"""Administrators' pages, under /admin: the work, accounts, settings without secrets, the audit log of everything."""

from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from app import problems
from app.accounts import admin_routes as administration
from app.accounts.guards import Admin
from app.accounts.service import Principal
from app.competitions import audit_routes as auditing
from app.errors import Fault, Refused
from app.settings import knobs, settings
from app.submissions import operating_routes as operating
from app.submissions import organizing_routes as organizing
from app.web.organizer import frame
from app.web.organizer.news import chosen
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
SECTIONS = {"": "Work", "accounts": "Accounts", "settings": "Settings", "audit": "Audit log"}
ROLES: tuple[str, ...] = get_args(administration.Role)
PER_PAGE = 50
QUESTIONS = {
    "role": "Give %(name)s the role %(role)s?",
    "disable": "Disable %(name)s? Sessions and tokens end at once; what they sent stays.",
    "enable": "Let %(name)s in again?",
    "retry": "Judge %(name)s once more, as it was sent?",
}
Word = Annotated[str, Query(max_length=254)]
Cursor = Annotated[str | None, Query(max_length=300)]


def _page(request: Request, section: str, fault: Fault | None = None, template: str = "", **values: Any) -> Response:
    return render(
        request,
        f"admin/{template or section or 'work'}.html",
        problems.status_of(fault) if fault else 200,
        sections=SECTIONS,
        section=section,
        here="/admin",
        fault=fault,
        done=frame.DONE.get(request.query_params.get("done", "")),
        questions=QUESTIONS,
        told=frame.told,
        **values,
    )


@router.get("/admin")
def work(request: Request, who: Admin) -> Response:
    """Workers, queues, storage, and what is stuck or failed."""
    return _page(request, "", work=operating.work(who))


@router.get("/admin/accounts")
def accounts(
    request: Request, who: Admin, search: Word = "", role: Word = "", state: Word = "", cursor: Cursor = None
) -> Response:
    """The accounts that were asked for."""
    return _accounts(request, who, {"search": search, "role": role, "state": state}, cursor)


def _accounts(
    request: Request, who: Principal, asked: dict[str, str], cursor: str | None = None, fault: Fault | None = None
) -> Response:
    role: Any = asked["role"] if asked["role"] in ROLES else None
    active = {"active": True, "disabled": False}.get(asked["state"])
    found = administration.accounts(who, asked["search"], role, active, PER_PAGE, cursor)
    query = urlencode({name: value for name, value in asked.items() if value})
    return _page(
        request, "accounts", fault, accounts=found.items, next_cursor=found.next_cursor, asked=asked, query=query,
        roles=ROLES,
    )  # fmt: skip


@router.post("/admin/accounts/{username}")
def change(request: Request, who: Admin, username: str, given: frame.Fields) -> Response:
    """Give a role, disable or enable, after a question."""
    act, role = frame.text(given, "act"), frame.text(given, "role")
    if act not in ("role", "disable", "enable"):
        raise Refused(f"There is no act {act!r}.", field="act")
    page = _asked(request, "accounts", given, QUESTIONS[act], name=username, role=role)
    if page is not None:
        return page
    wanted = {"role": role} if act == "role" else {"active": act == "enable"}

    def do() -> None:
        administration.change(who, username, frame.schema(administration.AccountChange, wanted))

    asked = {"search": username[:64], "role": "", "state": ""}
    goal = f"/admin/accounts?{urlencode({'search': username, 'done': 'saved'})}"
    return frame.attempt(do, goal, lambda fault: _accounts(request, who, asked, fault=fault))


@router.post("/admin/retry/{ref}")
def retry(request: Request, who: Admin, ref: str, given: frame.Fields) -> Response:
    """Judge a failed submission once more, after a question."""
    page = _asked(request, "", given, QUESTIONS["retry"], name=ref)
    if page is not None:
        return page
    return frame.attempt(
        lambda: organizing.retry(request, who, ref),
        "/admin?done=retried",
        lambda fault: _page(request, "", fault, work=operating.work(who)),
    )


def _asked(request: Request, section: str, given: frame.FormData, question: str, **values: Any) -> Response | None:
    """The page that asks before the act, None where it was confirmed."""
    if frame.confirmed(given):
        return None
    return _page(request, section, template="confirm", question=question, values=values, kept=frame.kept(given))


@router.get("/admin/settings")
def shown_settings(request: Request, who: Admin) -> Response:
    """All settings of the web process, without secrets."""
    return _page(request, "settings", knobs=knobs(settings()))


@router.get("/admin/audit")
def audit(
    request: Request,
    who: Admin,
    action: Annotated[str, Query(max_length=64)] = "",
    actor: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[str, Query(max_length=20)] = "",
    until: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = None,
) -> Response:
    """What was done anywhere, newest first."""
    asked = {"action": action.strip(), "actor": actor.strip(), "since": since, "until": until}
    fault, found = None, None
    try:
        found = auditing.everywhere(who, chosen(asked), PER_PAGE, cursor)
    except Refused as refused:
        fault = refused
    query = urlencode({name: value for name, value in asked.items() if value})
    events, following = (found.items, found.next_cursor) if found else ([], None)
    return _page(request, "audit", fault, events=events, next_cursor=following, asked=asked, query=query)
