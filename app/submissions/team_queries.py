"""Reading teams and invitations."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Competition, Invitation, Participation, Team
from app.submissions.errors import TeamNotFound


def teams_of(session: Session, competition: Competition) -> list[Team]:
    """The competition's teams, first come first."""
    return list(session.scalars(select(Team).where(Team.competition_id == competition.id).order_by(Team.id)))


def team_of(session: Session, competition: Competition, ref: str) -> Team:
    """The competition's team of this ref. Raises TeamNotFound."""
    found = session.scalar(select(Team).where(Team.competition_id == competition.id, Team.ref == ref))
    if found is None:
        raise TeamNotFound(f"{competition.slug!r} has no team {ref!r}.")
    return found


def visible(session: Session, who: Principal | None, competition: Competition) -> list[Team]:
    """The teams that the asker may see, first come first: all; where names are hidden, their own, organizers all."""
    if not competition.anonymous or competitions.organizes(who, competition):
        return teams_of(session, competition)
    mine = competitions.participation_of(session, competition, who.account_id) if who else None
    return [mine.team] if mine is not None and mine.team is not None else []


def invitations_to(session: Session, who: Principal) -> list[Invitation]:
    """The open invitations that the asker may answer: to themselves, and to members of a team that they lead."""
    mine = select(Participation.id).where(Participation.account_id == who.account_id)
    led = select(Team.id).where(Team.lead_id.in_(mine))
    asked = Participation.id.in_(mine) | Participation.team_id.in_(led)
    rows = select(Invitation).join(Participation, Participation.id == Invitation.participation_id)
    rows = rows.join(Competition, Competition.id == Participation.competition_id)
    wanted = (asked, Invitation.state == "open", Competition.deleted_at.is_(None))
    return list(session.scalars(rows.where(*wanted).order_by(Invitation.created_at, Invitation.ref)))


def invitations_by(session: Session, team: Team) -> list[Invitation]:
    """The team's open invitations, first come first."""
    rows = select(Invitation).where(Invitation.team_id == team.id, Invitation.state == "open")
    return list(session.scalars(rows.order_by(Invitation.created_at, Invitation.ref)))


def named(session: Session, competition: Competition, username: str) -> Participation | None:
    """The participation of this user name, whatever its status."""
    mine = (Participation.competition_id == competition.id, Account.username == username.lower())
    return session.scalar(select(Participation).join(Participation.account).where(*mine))


def lead_of(session: Session, team: Team) -> Participation:
    """The team's lead."""
    return session.get_one(Participation, team.lead_id)
