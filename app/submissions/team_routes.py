"""HTTP doors of teams and invitations.

Boards come from the leaderboards room, which lies above this one: `create_app` hands their `rebuild` in as
`app.state.rebuild`.
"""

from typing import Annotated

from fastapi import APIRouter, Body, Request, status
from sqlalchemy.orm import Session as OrmSession

from app.accounts.guards import Organizer, Reader, Submitter, Visitor
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Competition, Invitation, Team
from app.db import Session
from app.submissions import team_queries, teams
from app.submissions.team_schemas import InvitationIn, InvitationOut, LeaveIn, TeamIn, TeamOut, invitation_out, team_out

router = APIRouter(tags=["teams"])
TEAMS = "/competitions/{slug}/teams"


def _slug(session: OrmSession, competition_id: int) -> str:
    return session.get_one(Competition, competition_id).slug


def _shown(session: OrmSession, team: Team, who: Principal) -> TeamOut:
    return team_out(session, team, _slug(session, team.competition_id), who.account_id)


def _told(session: OrmSession, invitation: Invitation) -> InvitationOut:
    return invitation_out(session, invitation, _slug(session, invitation.team.competition_id))


@router.get(TEAMS)
def listing(who: Visitor, slug: str) -> list[TeamOut]:
    """The competition's teams, first come first; where names are hidden, only your own (organizers: all)."""
    with Session.begin() as session:
        found = team_queries.visible(session, who, competitions.competition_of(session, slug))
        return [team_out(session, team, slug, who.account_id if who else None) for team in found]


@router.post(TEAMS, status_code=status.HTTP_201_CREATED)
def create(request: Request, who: Submitter, slug: str, given: TeamIn) -> TeamOut:
    """Make a team, with yourself as its lead."""
    with Session.begin() as session:
        return _shown(session, teams.create(session, who, slug, given.name, request.app.state.rebuild), who)


@router.patch(TEAMS + "/{ref}")
def rename(request: Request, who: Submitter, slug: str, ref: str, given: TeamIn) -> TeamOut:
    """Give a team another name; for its lead and for organizers."""
    with Session.begin() as session:
        return _shown(session, teams.rename(session, who, slug, ref, given.name, request.app.state.rebuild), who)


@router.delete(TEAMS + "/{ref}", status_code=status.HTTP_204_NO_CONTENT)
def dissolve(request: Request, who: Organizer, slug: str, ref: str) -> None:
    """End a team: each member stands alone again; for the competition's organizers."""
    with Session.begin() as session:
        teams.dissolve(session, who, slug, ref, request.app.state.rebuild)


@router.delete(TEAMS + "/{ref}/members/{username}", status_code=status.HTTP_204_NO_CONTENT)
def remove(request: Request, who: Organizer, slug: str, ref: str, username: str) -> None:
    """Take a member out of a team; for the competition's organizers."""
    with Session.begin() as session:
        teams.remove(session, who, slug, ref, username, request.app.state.rebuild)


@router.post(TEAMS + "/{ref}/leave", status_code=status.HTTP_204_NO_CONTENT)
def leave(
    request: Request, who: Submitter, slug: str, ref: str, given: Annotated[LeaveIn | None, Body()] = None
) -> None:
    """Leave your team; your submissions stay yours. The last one to leave ends it."""
    with Session.begin() as session:
        lead = given.lead if given else None
        teams.leave(session, who, slug, ref, lead, request.app.state.rebuild)


@router.post(TEAMS + "/{ref}/invitations", status_code=status.HTTP_201_CREATED)
def invite(who: Submitter, slug: str, ref: str, given: InvitationIn) -> InvitationOut:
    """Ask a participant, and their team if they have one, to join yours; for its lead."""
    with Session.begin() as session:
        return _told(session, teams.invite(session, who, slug, ref, given.username))


@router.get("/me/invitations")
def invitations(who: Reader) -> list[InvitationOut]:
    """The open invitations to you, and to members of a team that you lead."""
    with Session.begin() as session:
        return [_told(session, one) for one in team_queries.invitations_to(session, who)]


@router.post("/invitations/{ref}/accept")
def accept(request: Request, who: Submitter, ref: str) -> TeamOut:
    """Join the team that asked; if you lead one, all of yours joins. Joint past use must fit one team's limits."""
    with Session.begin() as session:
        return _shown(session, teams.accept(session, who, ref, request.app.state.rebuild), who)


@router.post("/invitations/{ref}/decline")
def decline(who: Submitter, ref: str) -> InvitationOut:
    """Say no to an invitation."""
    with Session.begin() as session:
        return _told(session, teams.decline(session, who, ref))


@router.post("/invitations/{ref}/withdraw")
def withdraw(who: Submitter, ref: str) -> InvitationOut:
    """Take your team's invitation back; for its lead."""
    with Session.begin() as session:
        return _told(session, teams.withdraw(session, who, ref))
