"""The page of teams: one's own, invitations, making and leaving one."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from app import problems
from app.accounts.guards import Reader, Submitter
from app.accounts.service import Principal
from app.competitions import routes as competitions
from app.errors import Fault, NotFound, Refused
from app.submissions import team_routes
from app.submissions.team_schemas import InvitationIn, LeaveIn, TeamIn
from app.web.addresses import local, to
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
Text = Annotated[str, Form(max_length=1000)]
TEAM = "/competitions/{slug}/team"


def team_page(request: Request, who: Principal, slug: str, fault: Fault | None = None, name: str = "") -> Response:
    """The teams of a competition and one's own part in them; `fault` is what went wrong with a form."""
    detail = competitions.detail_of(who, slug)
    found = team_routes.listing(who, slug)
    return render(
        request,
        "me/team.html",
        problems.status_of(fault) if fault else 200,
        competition=detail,
        teams=found,
        team=next((one for one in found if one.mine), None),
        invitations=[one for one in team_routes.invitations(who) if one.competition == slug],
        fault=fault,
        given=name,
    )


@router.get(TEAM)
def team(request: Request, who: Reader, slug: str) -> Response:
    """One's team in a competition, and the others."""
    return team_page(request, who, slug)


def _then(request: Request, who: Principal, slug: str, act: Callable[[], Any], name: str = "") -> Response:
    try:
        act()
    except ValidationError as error:
        first = error.errors()[0]["msg"].removeprefix("Value error, ")
        return team_page(request, who, slug, Refused(f"The team's name does not fit: {first}"), name)
    except Fault as fault:
        return team_page(request, who, slug, fault, name)
    return to(f"/competitions/{slug}/team")


@router.post(TEAM)
def create(request: Request, who: Submitter, slug: str, name: Text = "") -> Response:
    """Make a team."""
    return _then(request, who, slug, lambda: team_routes.create(request, who, slug, TeamIn(name=name)), name)


@router.post(TEAM + "/{ref}/rename")
def rename(request: Request, who: Submitter, slug: str, ref: str, name: Text = "") -> Response:
    """Give one's team another name."""
    return _then(request, who, slug, lambda: team_routes.rename(request, who, slug, ref, TeamIn(name=name)), name)


@router.post(TEAM + "/{ref}/invite")
def invite(request: Request, who: Submitter, slug: str, ref: str, username: Text = "") -> Response:
    """Ask somebody to join."""
    given = InvitationIn(username=username.strip())
    return _then(request, who, slug, lambda: team_routes.invite(who, slug, ref, given))


@router.post(TEAM + "/{ref}/leave")
def leave(request: Request, who: Submitter, slug: str, ref: str, lead: Text = "") -> Response:
    """Leave one's team; who leads hands it to `lead`."""
    return _then(
        request, who, slug, lambda: team_routes.leave(request, who, slug, ref, LeaveIn(lead=lead.strip() or None))
    )


@router.post("/competitions/{slug}/invitations/{ref}/{act}")
def answer(request: Request, who: Submitter, slug: str, ref: str, act: str, next: Text = "") -> Response:  # noqa: A002
    """Accept or decline an invitation, or take one's team's back."""
    acts: dict[str, Callable[[], Any]] = {
        "accept": lambda: team_routes.accept(request, who, ref),
        "decline": lambda: team_routes.decline(who, ref),
        "withdraw": lambda: team_routes.withdraw(who, ref),
    }
    if act not in acts:
        raise NotFound(f"There is nothing to do by the name {act!r}.")
    done = _then(request, who, slug, acts[act])
    return to(local(next)) if next and done.status_code == 303 else done
