"""Teams: make one, invite, accept (which may merge two), leave, remove, dissolve. Plain functions on an open session.

Decision: the submissions stay each participant's own; a team is who counts together at present. Who joins brings them
along, who leaves takes them along, and the boards of all phases, also of those that are over, are made anew in the
same transaction (`rebuild`, handed in from the room above). To join or merge, the joint past use must fit the limits,
by Kaggle's rule: in all, no more than one team could have sent up to now. Participants may change teams until the last
phase ends, organizers always. Rejected: teams per phase, a lock by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.competitions import errors as competition_errors
from app.competitions import service as competitions
from app.competitions.models import Competition, Invitation, Participation, Phase, Team
from app.db import new_ref, now
from app.errors import Denied
from app.submissions import errors, joint_use
from app.submissions.team_queries import lead_of, named, team_of, teams_of

Rebuild = Callable[[Session, int], None]


@dataclass(frozen=True, slots=True)
class Held:
    """What a change of teams has locked: the competition's phases, and the members of all entrants in it."""

    phases: Sequence[Phase]
    members: Sequence[Participation]


def create(session: Session, who: Principal, slug: str, name: str, rebuild: Rebuild) -> Team:
    """Make a team of oneself.

    Raises CompetitionNotFound, NotJoined, JoinPending, JoinDenied, Denied, NoTeams, TeamsClosed, AlreadyInTeam,
    TeamNameTaken.
    """
    competition = _begin(session, competitions.competition_of(session, slug))
    _require_teams(session, competition)
    mine = _participation(session, competition, who)
    held = _hold(session, competition, [], [mine])
    _require_competing(mine)
    if mine.team is not None:
        raise errors.AlreadyInTeam(f"You are in the team {mine.team.name!r}.")
    _require_free(session, competition, name, None)
    made = Team(ref=new_ref("team"), competition_id=competition.id, name=name, lead_id=mine.id)
    session.add(made)
    session.flush()
    _move(session, held.members, made.id)
    audit.record(session, who, "team.created", made.ref, competition=slug, after={"name": name, "lead": who.username})
    _rebuild(session, held, rebuild)
    return made


def rename(session: Session, who: Principal, slug: str, ref: str, name: str, rebuild: Rebuild) -> Team:
    """Give the team another name: its lead, and organizers at any time.

    Raises CompetitionNotFound, TeamNotFound, NotTeamLead, TeamsClosed, TeamNameTaken.
    """
    competition = _begin(session, competitions.competition_of(session, slug))
    team = team_of(session, competition, ref)
    if not competitions.organizes(who, competition):
        _require_lead(session, who, team)
        _require_open(session, competition)
    held = _hold(session, competition, [team], [])
    _require_free(session, competition, name, team)
    before, team.name = team.name, name
    session.flush()
    told = {"before": {"name": before}, "after": {"name": name}}
    audit.record(session, who, "team.renamed", ref, competition=slug, **told)
    _rebuild(session, held, rebuild)
    return team


def invite(session: Session, who: Principal, slug: str, ref: str, username: str) -> Invitation:
    """Ask a participant into the team; asking again gives the open invitation.

    Raises CompetitionNotFound, TeamNotFound, NotTeamLead, NoTeams, TeamsClosed, ParticipantNotFound, Denied,
    AlreadyInTeam, TeamFull.
    """
    competition = _begin(session, competitions.competition_of(session, slug))
    _require_teams(session, competition)
    team = team_of(session, competition, ref)
    _require_lead(session, who, team)
    asked = named(session, competition, username)
    if asked is None or asked.status != "approved":
        raise competition_errors.ParticipantNotFound(f"Nobody called {username!r} takes part in {slug!r}.")
    _require_competing(asked)
    if asked.team_id == team.id:
        raise errors.AlreadyInTeam(f"{username} is in {team.name!r} already.")
    members = len(_members(session, [team.id]))
    if members >= competition.team_size:
        raise _full(competition, members + 1)
    same = (Invitation.team_id == team.id, Invitation.participation_id == asked.id, Invitation.state == "open")
    found = session.scalar(select(Invitation).where(*same))
    if found is None:
        found = Invitation(ref=new_ref("inv"), team_id=team.id, participation_id=asked.id, invited_by=who.account_id)
        session.add(found)
        session.flush()
        session.refresh(found)
        audit.record(session, who, "team.invited", ref, competition=slug, after={"participant": asked.account.username})
    return found


def accept(session: Session, who: Principal, ref: str, rebuild: Rebuild) -> Team:
    """Join the team that asked; who leads a team of their own brings all of it, and that one is no more.

    Raises InvitationNotFound, InvitationAnswered, JoinPending, JoinDenied, NotTeamLead, NoTeams, TeamsClosed, TeamFull,
    JointUseTooHigh.
    """
    invitation, asked, competition = _addressed(session, who, ref)
    _require_teams(session, competition)
    team, old = invitation.team, asked.team
    held = _hold(session, competition, [team] if old is None else [team, old], [asked])
    _require_competing(asked)
    if len(held.members) > competition.team_size:
        raise _full(competition, len(held.members))
    joint_use.require(session, held.phases, [one.id for one in held.members])
    came = [one.account.username for one in held.members if one.team_id != team.id]
    gone = None if old is None else {"team": old.ref, "name": old.name}
    _move(session, held.members, team.id)
    _answer(session, invitation, "accepted")
    moot = (Invitation.team_id == team.id, Invitation.participation_id.in_([one.id for one in held.members]))
    for other in session.scalars(select(Invitation).where(*moot, Invitation.state == "open")):
        _answer(session, other, "withdrawn")
    if old is not None:
        _end(session, old)
    action = "team.joined" if old is None else "team.merged"
    audit.record(session, who, action, team.ref, competition=competition.slug, before=gone, after={"members": came})
    _rebuild(session, held, rebuild)
    return team


def decline(session: Session, who: Principal, ref: str) -> Invitation:
    """Say no. Raises InvitationNotFound, InvitationAnswered, NotTeamLead."""
    invitation, asked, competition = _addressed(session, who, ref)
    _answer(session, invitation, "declined")
    told = {"participant": asked.account.username}
    audit.record(session, who, "team.declined", invitation.team.ref, competition=competition.slug, after=told)
    return invitation


def withdraw(session: Session, who: Principal, ref: str) -> Invitation:
    """Take an invitation back, by the team's lead. Raises InvitationNotFound, InvitationAnswered, NotTeamLead."""
    invitation, competition = _invitation(session, ref)
    mine = competitions.participation_of(session, competition, who.account_id)
    if mine is None or mine.team_id != invitation.team_id:
        raise errors.InvitationNotFound(f"There is no invitation {ref!r} by your team.")
    _require_lead(session, who, invitation.team)
    _require_unanswered(invitation)
    _answer(session, invitation, "withdrawn")
    audit.record(session, who, "team.withdrew", invitation.team.ref, competition=competition.slug, after={"ref": ref})
    return invitation


def leave(session: Session, who: Principal, slug: str, ref: str, lead: str | None, rebuild: Rebuild) -> None:
    """Leave the team; a lead hands over to the one named, else to the earliest member. The last one ends the team.

    Raises CompetitionNotFound, TeamNotFound, NotTeamMember, NotTeamLead, TeamsClosed, ParticipantNotFound.
    """
    competition = _begin(session, competitions.competition_of(session, slug))
    team = team_of(session, competition, ref)
    mine = competitions.participation_of(session, competition, who.account_id)
    if mine is None or mine.team_id != team.id:
        raise errors.NotTeamMember
    _require_open(session, competition)
    if lead is not None and team.lead_id != mine.id:
        raise errors.NotTeamLead(f"Only {lead_of(session, team).account.username} may name who leads {team.name!r}.")
    _depart(session, who, competition, team, mine, lead, "team.left", rebuild)


def remove(session: Session, who: Principal, slug: str, ref: str, username: str, rebuild: Rebuild) -> None:
    """Take a member out of a team, by the organizers, at any time.

    Raises CompetitionNotFound, Denied, TeamNotFound, ParticipantNotFound.
    """
    competition = _begin(session, competitions.competition_of(session, slug))
    _require_organizer(who, competition)
    team = team_of(session, competition, ref)
    member = named(session, competition, username)
    if member is None or member.team_id != team.id:
        raise competition_errors.ParticipantNotFound(f"{username!r} is not in {team.name!r}.")
    _depart(session, who, competition, team, member, None, "team.member_removed", rebuild)


def dissolve(session: Session, who: Principal, slug: str, ref: str, rebuild: Rebuild) -> None:
    """End a team, by the organizers, at any time. Raises CompetitionNotFound, Denied, TeamNotFound."""
    competition = _begin(session, competitions.competition_of(session, slug))
    _require_organizer(who, competition)
    team = team_of(session, competition, ref)
    held = _hold(session, competition, [team], [])
    before = {"name": team.name, "members": [one.account.username for one in held.members]}
    _move(session, held.members, None)
    _end(session, team)
    audit.record(session, who, "team.dissolved", ref, competition=slug, before=before)
    _rebuild(session, held, rebuild)


def _begin(session: Session, competition: Competition) -> Competition:
    """Hold the competition against other changes of its teams, and of its rules; not against submissions."""
    session.refresh(competition, with_for_update={"of": Competition, "key_share": True})
    return competition


def _hold(session: Session, competition: Competition, teams: list[Team], people: list[Participation]) -> Held:
    """Hold the phases for share, and these teams and people, all their members included, for update; in this order."""
    ids = [team.id for team in teams]
    mine = Phase.competition_id == competition.id
    phases = select(Phase).where(mine).order_by(Phase.id).with_for_update(read=True, of=Phase)
    found = session.scalars(phases.execution_options(populate_existing=True)).all()
    session.execute(select(Team.id).where(Team.id.in_(ids)).order_by(Team.id).with_for_update())
    return Held(found, _members(session, ids, [one.id for one in people]))


def _members(session: Session, teams: list[int], people: Sequence[int] = ()) -> Sequence[Participation]:
    """These people and the members of these teams, held for update."""
    rows = select(Participation).where(Participation.team_id.in_(teams) | Participation.id.in_(people))
    held = rows.order_by(Participation.id).with_for_update(of=Participation)
    return session.scalars(held.execution_options(populate_existing=True)).all()


def _participation(session: Session, competition: Competition, who: Principal) -> Participation:
    found = competitions.participation_of(session, competition, who.account_id)
    if found is None:
        raise competition_errors.NotJoined
    return found


def _invitation(session: Session, ref: str) -> tuple[Invitation, Competition]:
    """The invitation, read under its competition's hold. Raises InvitationNotFound."""
    where = select(Competition).join(Team, Team.competition_id == Competition.id).join(Invitation)
    competition = session.scalar(where.where(Invitation.ref == ref, Competition.deleted_at.is_(None)))
    # Its team may end until the competition is held.
    found = session.get(Invitation, ref) if competition and _begin(session, competition) else None
    if competition is None or found is None:
        raise errors.InvitationNotFound(f"There is no invitation {ref!r} to you.")
    return found, competition


def _addressed(session: Session, who: Principal, ref: str) -> tuple[Invitation, Participation, Competition]:
    """An open invitation that the asker may answer, and whom it asks: themselves, or a member of the team they lead."""
    invitation, competition = _invitation(session, ref)
    mine = competitions.participation_of(session, competition, who.account_id)
    asked = session.get_one(Participation, invitation.participation_id)
    leads = mine is not None and asked.team is not None and asked.team.lead_id == mine.id
    if mine is None or not (mine.id == asked.id or leads):
        raise errors.InvitationNotFound(f"There is no invitation {ref!r} to you.")
    _require_unanswered(invitation)
    if asked.team is not None and not leads:
        lead = lead_of(session, asked.team)
        raise errors.NotTeamLead(f"{lead.account.username} answers for {asked.team.name!r}, or you leave it first.")
    return invitation, asked, competition


def _require_unanswered(invitation: Invitation) -> None:
    if invitation.state != "open":
        raise errors.InvitationAnswered(f"It is {invitation.state}.", state=invitation.state)


def _require_teams(session: Session, competition: Competition) -> None:
    if competition.team_size <= 1:
        raise errors.NoTeams
    _require_open(session, competition)


def _require_open(session: Session, competition: Competition) -> None:
    moment = now(session)
    if competition.phases and all(competitions.status_of(one, moment) == "closed" for one in competition.phases):
        raise errors.TeamsClosed


def _require_competing(participation: Participation) -> None:
    if participation.status == "pending":
        raise competition_errors.JoinPending
    if participation.status != "approved":
        raise competition_errors.JoinDenied(participation.reason)
    if participation.baseline:
        raise Denied(f"{participation.account.username} takes part as a baseline, which is in no team.")


def _require_organizer(who: Principal, competition: Competition) -> None:
    if not competitions.organizes(who, competition):
        raise Denied("Only the competition's organizers may change the teams of others.")


def _require_lead(session: Session, who: Principal, team: Team) -> None:
    lead = lead_of(session, team)
    if lead.account_id != who.account_id:
        raise errors.NotTeamLead(f"{lead.account.username} leads {team.name!r}.")


def _require_free(session: Session, competition: Competition, name: str, own: Team | None) -> None:
    others = [one for one in teams_of(session, competition) if one is not own]
    if name.casefold() in {one.name.casefold() for one in others}:
        raise errors.TeamNameTaken(f"There is a team {name!r} in {competition.slug!r}.")


def _full(competition: Competition, members: int) -> errors.TeamFull:
    size = competition.team_size
    text = f"Together there would be {members} members; a team may have {size}."
    return errors.TeamFull(text, members=members, team_size=size)


def _move(session: Session, members: Sequence[Participation], team_id: int | None) -> None:
    rows = update(Participation).where(Participation.id.in_([one.id for one in members]))
    session.execute(rows.values(team_id=team_id).execution_options(synchronize_session=False))
    session.expire_all()


def _end(session: Session, team: Team) -> None:
    session.execute(delete(Team).where(Team.id == team.id).execution_options(synchronize_session=False))
    session.expire_all()


def _answer(session: Session, invitation: Invitation, state: str) -> None:
    invitation.state, invitation.answered_at = state, now(session)
    session.flush()


def _depart(
    session: Session,
    who: Principal,
    competition: Competition,
    team: Team,
    member: Participation,
    lead: str | None,
    action: str,
    rebuild: Rebuild,
) -> None:
    """Take the member out; hand the lead over, or end the team with its last member."""
    held = _hold(session, competition, [team], [])
    rest = [one for one in held.members if one.id != member.id]
    heirs = [one for one in rest if lead is None or one.account.username == lead.lower()]
    if rest and not heirs:
        raise competition_errors.ParticipantNotFound(f"{lead!r} is no other member of {team.name!r}.")
    told = {"member": member.account.username}
    if rest and team.lead_id == member.id:
        team.lead_id = heirs[0].id
        told["lead"] = heirs[0].account.username
        session.flush()
    audit.record(session, who, action, team.ref, competition=competition.slug, after=told)
    _move(session, [member], None)
    if not rest:
        _end(session, team)
    _rebuild(session, held, rebuild)


def _rebuild(session: Session, held: Held, rebuild: Rebuild) -> None:
    """Make the boards of all phases anew for the teams as they are now."""
    session.flush()
    for phase in held.phases:
        rebuild(session, phase.id)
    session.expire_all()
