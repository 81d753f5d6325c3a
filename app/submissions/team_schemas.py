"""What goes in and out over HTTP about teams and invitations."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.competitions.models import Invitation, Participation, Team
from app.submissions import team_queries

SHORTEST, LONGEST = 2, 64
# Letters, symbols and marks by their category, of which nothing is seen.
BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def team_name(text: str) -> str:
    r"""A name as it is kept: compatible forms made one, no spaces around, single spaces within.

    Raises ValueError for characters that cannot be seen, and for names that are too short or long.

    >>> team_name("  Ada\u2003&  Ben ")
    'Ada & Ben'
    """
    name = unicodedata.normalize("NFKC", text)
    words = name.split(" ")
    if not name.isprintable() or BLANK & set(name):
        raise ValueError("a name has visible characters and single spaces only.")
    name = " ".join(word for word in words if word)
    marks = sum(unicodedata.category(one).startswith("M") for one in name)
    if not any(one.isalnum() for one in name) or marks > len(name) / 2:
        raise ValueError("a name needs letters or digits.")
    if not SHORTEST <= len(name) <= LONGEST:
        raise ValueError(f"a name has {SHORTEST} to {LONGEST} characters.")
    return name


class TeamIn(BaseModel):
    """A team's name."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(team_name)]


class InvitationIn(BaseModel):
    """Whom to ask, by user name; the lead of a team stands for all of it."""

    model_config = ConfigDict(extra="forbid")

    username: str


class LeaveIn(BaseModel):
    """Who leads from now on, by user name, where the lead leaves; null: the earliest member."""

    model_config = ConfigDict(extra="forbid")

    lead: str | None = None


class InvitationOut(BaseModel):
    """An invitation: open, accepted, declined or withdrawn."""

    ref: str
    competition: str
    team: str
    team_name: str
    participant: str
    state: str
    created_at: datetime


class TeamOut(BaseModel):
    """A team. `mine`: the asker is in it; only then `invitations` has its open ones."""

    ref: str
    name: str
    lead: str
    members: list[str]
    created_at: datetime
    mine: bool
    invitations: list[InvitationOut]


def invitation_out(session: Session, invitation: Invitation, slug: str) -> InvitationOut:
    """An invitation as JSON."""
    asked = session.get_one(Participation, invitation.participation_id)
    return InvitationOut(
        ref=invitation.ref,
        competition=slug,
        team=invitation.team.ref,
        team_name=invitation.team.name,
        participant=asked.account.username,
        state=invitation.state,
        created_at=invitation.created_at,
    )


def team_out(session: Session, team: Team, slug: str, account_id: int | None) -> TeamOut:
    """A team as the asker sees it."""
    mine = any(one.account_id == account_id for one in team.members)
    sent = team_queries.invitations_by(session, team) if mine else []
    return TeamOut(
        ref=team.ref,
        name=team.name,
        lead=team_queries.lead_of(session, team).account.username,
        members=[one.account.username for one in team.members],
        created_at=team.created_at,
        mine=mine,
        invitations=[invitation_out(session, one, slug) for one in sent],
    )
