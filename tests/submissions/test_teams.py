"""Teams: who may what, merging within the joint limits, and that no order of acts breaks a limit or a membership."""

import random
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.audit import AuditEvent
from app.competitions import service as competitions
from app.competitions.errors import JoinPending, ParticipantNotFound
from app.competitions.models import Invitation, Participation, Team
from app.db import now
from app.errors import Denied, Fault
from app.leaderboards.models import Board
from app.leaderboards.service import rebuild
from app.submissions import errors, joint_use, limits, service, team_queries, teams
from app.submissions.errors import LimitReached
from app.submissions.models import Submission
from tests.submissions.test_limits import count, own, posted, put
from tests.submissions.test_service import finish

SLUG = "pairs"


class Club:
    """Acts of people in the world's competition, in few words."""

    def __init__(self, session, world, size: int = 3) -> None:
        self.session, self.world = session, world
        world.competition.team_size = size
        session.flush()

    def team(self, lead, *others, name: str = "") -> Team:
        made = teams.create(self.session, lead, SLUG, name or f"Team of {lead.username}", rebuild)
        for who in others:
            self.join(made, lead, who)
        return made

    def ask(self, team, lead, who) -> Invitation:
        return teams.invite(self.session, lead, SLUG, team.ref, who.username)

    def join(self, team, lead, who) -> Team:
        return teams.accept(self.session, who, self.ask(team, lead, who).ref, rebuild)

    def names(self, team) -> list[str]:
        return [one.account.username for one in team.members]


@pytest.fixture
def club(session, world) -> Club:
    return Club(session, world)


@pytest.fixture
def people(world):
    return [world.entrant() for _ in range(4)]


def test_a_team_is_made_asked_joined_and_left(session, club, people):
    ada, ben, eve, _ = people
    team = club.team(ada, ben, eve)
    assert club.names(team) == [ada.username, ben.username, eve.username]
    teams.leave(session, ada, SLUG, team.ref, None, rebuild)
    assert team_queries.lead_of(session, team).account.username == ben.username
    teams.leave(session, ben, SLUG, team.ref, eve.username.upper(), rebuild)
    assert team_queries.lead_of(session, team).account.username == eve.username
    teams.leave(session, eve, SLUG, team.ref, None, rebuild)
    assert session.scalar(select(func.count()).select_from(Team)) == 0
    assert session.scalars(select(Participation.team_id).distinct()).all() == [None]
    acts = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert acts == ["team.created", *["team.invited", "team.joined"] * 2, *["team.left"] * 3]


def test_two_teams_merge_whole_and_every_board_is_made_anew(session, club, people):
    ada, ben, eve, _ = people
    team, other = club.team(ada), club.team(ben, eve)
    gone = other.ref
    before = session.scalar(select(Board.version))
    asked = club.ask(team, ada, eve)
    with pytest.raises(errors.NotTeamLead):
        teams.accept(session, eve, asked.ref, rebuild)
    assert [one.ref for one in team_queries.invitations_to(session, ben)] == [asked.ref]
    club.ask(team, ada, ben)
    teams.accept(session, ben, asked.ref, rebuild)
    assert club.names(team) == [ada.username, ben.username, eve.username]
    assert session.scalar(select(Team).where(Team.ref == gone)) is None
    assert session.scalar(select(Board.version)) == before + 1
    assert set(session.scalars(select(Invitation.state))) == {"accepted", "withdrawn"}
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (last.action, last.after) == ("team.merged", {"members": [ben.username, eve.username]})


def test_who_may_not_gets_a_fault_and_changes_nothing(session, club, world, people):
    ada, ben, eve, dan = people
    team, other = club.team(ada, ben, name="Ärger"), club.team(dan)
    asked = club.ask(team, ada, eve)
    outsider, baseline, pending = world.person(), world.entrant(), world.entrant()
    own(session, world, baseline).baseline = True
    own(session, world, pending).status = "pending"
    session.flush()
    refused = [
        (errors.AlreadyInTeam, lambda: club.team(ben)),
        (errors.AlreadyInTeam, lambda: club.ask(team, ada, ben)),
        (errors.TeamNameTaken, lambda: club.team(eve, name="äRGER")),
        (errors.TeamNameTaken, lambda: teams.rename(session, dan, SLUG, other.ref, "ÄRGER", rebuild)),
        (errors.NotTeamLead, lambda: teams.rename(session, ben, SLUG, team.ref, "Mine", rebuild)),
        (errors.NotTeamLead, lambda: club.ask(team, ben, dan)),
        (errors.NotTeamLead, lambda: teams.withdraw(session, ben, asked.ref)),
        (errors.NotTeamLead, lambda: teams.leave(session, ben, SLUG, team.ref, "ben", rebuild)),
        (errors.NotTeamMember, lambda: teams.leave(session, eve, SLUG, team.ref, None, rebuild)),
        (ParticipantNotFound, lambda: teams.leave(session, ada, SLUG, team.ref, dan.username, rebuild)),
        (ParticipantNotFound, lambda: club.ask(team, ada, outsider)),
        (ParticipantNotFound, lambda: club.ask(team, ada, pending)),
        (Denied, lambda: club.ask(team, ada, baseline)),
        (Denied, lambda: club.team(baseline)),
        (JoinPending, lambda: club.team(pending)),
        (errors.InvitationNotFound, lambda: teams.accept(session, dan, asked.ref, rebuild)),
        (errors.InvitationNotFound, lambda: teams.withdraw(session, dan, asked.ref)),
        (errors.InvitationNotFound, lambda: teams.decline(session, ada, "inv_none")),
        (errors.TeamNotFound, lambda: teams.rename(session, ada, SLUG, "team_none", "Mine", rebuild)),
        (Denied, lambda: teams.remove(session, ada, SLUG, team.ref, ben.username, rebuild)),
        (Denied, lambda: teams.dissolve(session, ada, SLUG, team.ref, rebuild)),
        (ParticipantNotFound, lambda: teams.remove(session, world.organizer, SLUG, team.ref, dan.username, rebuild)),
    ]
    for kind, act in refused:
        with pytest.raises(Fault) as found:
            act()
        assert type(found.value) is kind
    assert (club.names(team), team.name, club.names(other)) == ([ada.username, ben.username], "Ärger", [dan.username])


def test_an_invitation_is_answered_once_and_asked_once(session, club, people):
    ada, ben, eve, dan = people
    team = club.team(ada)
    first = club.ask(team, ada, ben)
    assert club.ask(team, ada, ben) is first
    teams.decline(session, ben, first.ref)
    for act in (teams.decline, lambda *given: teams.accept(*given, rebuild)):
        with pytest.raises(errors.InvitationAnswered):
            act(session, ben, first.ref)
    second = club.ask(team, ada, ben)
    teams.withdraw(session, ada, second.ref)
    with pytest.raises(errors.InvitationAnswered) as refused:
        teams.accept(session, ben, second.ref, rebuild)
    assert refused.value.extra == {"state": "withdrawn"}
    for who in (ben, eve):
        club.join(team, ada, who)
    with pytest.raises(errors.TeamFull) as full:
        club.ask(team, ada, dan)
    assert full.value.extra == {"members": 4, "team_size": 3}


def test_a_merge_is_refused_where_the_team_would_be_too_large(session, club, people):
    ada, ben, eve, dan = people
    team, other = club.team(ada, ben), club.team(eve, dan)
    with pytest.raises(errors.TeamFull):
        club.join(team, ada, eve)
    assert (club.names(team), club.names(other)) == ([ada.username, ben.username], [eve.username, dan.username])


@pytest.mark.parametrize("phase_is_over", [False, True])
def test_organizers_remove_and_dissolve_at_any_time(session, club, world, people, phase_is_over):
    ada, ben, eve, _ = people
    team = club.team(ada, ben, eve)
    if phase_is_over:
        world.phase.ends_at = now(session)
        session.flush()
        for act in (
            lambda: teams.leave(session, ben, SLUG, team.ref, None, rebuild),
            lambda: teams.rename(session, ada, SLUG, team.ref, "Late", rebuild),
            lambda: club.team(world.entrant()),
        ):
            with pytest.raises(errors.TeamsClosed):
                act()
    teams.remove(session, world.organizer, SLUG, team.ref, ada.username, rebuild)
    assert (club.names(team), team_queries.lead_of(session, team).account.username) == (
        [ben.username, eve.username], ben.username,
    )  # fmt: skip
    teams.rename(session, world.organizer, SLUG, team.ref, "Mended", rebuild)
    teams.dissolve(session, world.organizer, SLUG, team.ref, rebuild)
    assert session.scalar(select(func.count()).select_from(Team)) == 0
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (last.actor, last.before) == ("organizer", {"name": "Mended", "members": [ben.username, eve.username]})


def test_without_teams_nobody_makes_one(session, world, people):
    with pytest.raises(errors.NoTeams):
        Club(session, world, size=1).team(people[0])


def test_joint_past_use_must_fit_and_the_fault_has_the_figures(session, club, world, people):
    ada, ben, *_ = people
    world.phase.max_submissions, world.phase.max_submissions_per_day = 5, 3
    team = club.team(ada)
    session.flush()
    for who, times in ((ada, 2), (ben, 2)):
        for _ in range(times):
            put(session, world.phase, own(session, world, who), now(session))
    with pytest.raises(errors.JointUseTooHigh) as refused:
        club.join(team, ada, ben)
    starts = (now(session) - timedelta(hours=1)).date()
    days = (now(session).date() - starts).days + 1  # an hour before midnight there were two days already
    expected = [{"phase": "main", "kind": "today", "used": 4, "limit": 3}]
    if days == 1:
        expected.append({"phase": "main", "kind": "by now", "used": 4, "limit": 3})
    assert refused.value.extra == {"excess": expected}
    world.phase.max_submissions_per_day = 5
    session.flush()
    assert club.names(club.join(team, ada, ben)) == [ada.username, ben.username]
    world.submit(ben)
    with pytest.raises(LimitReached):
        world.submit(ada)


def test_a_former_member_takes_their_submissions_along(session, club, world, people):
    ada, ben, *_ = people
    team = club.team(ada, ben)
    sent = world.submit(ada)
    assert service.submission_of(session, ben, sent.ref) is sent
    teams.leave(session, ben, SLUG, team.ref, None, rebuild)
    with pytest.raises(errors.SubmissionNotFound):
        service.submission_of(session, ben, sent.ref)
    club.join(team, ada, ben)
    assert service.cancel(session, ben, sent.ref).evaluation.state == "cancelled"


@pytest.mark.parametrize("past", [0, 2, 4, 5])
def test_team_mates_post_at_once_while_another_joins(committed, past):
    """Four share one limit of six; a fifth, who has sent some, joins in the midst: they fit, or they stay two."""
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        world.phase.max_submissions = 6
        people = [world.entrant() for _ in range(5)]
        club = Club(session, world, 5)
        asked = club.ask(club.team(*people[:4]), people[0], people[4]).ref
    assert all(posted(people[4], 1000 + number) for number in range(past))
    start = threading.Barrier(11)

    def post(index: int) -> int:
        start.wait()
        return sum(posted(people[index % 5], 100 * index + number) for number in range(5))

    def accept() -> bool:
        start.wait()
        try:
            with db.Session.begin() as session:
                teams.accept(session, people[4], asked, rebuild)
        except errors.JointUseTooHigh:
            return False
        return True

    with ThreadPoolExecutor(11) as pool:
        posts = [pool.submit(post, index) for index in range(10)]
        joined = pool.submit(accept).result()
        assert past + sum(one.result() for one in posts) == count()
    # As one team six in all, as two entrants six each.
    assert count() == (6 if joined else 12)


def test_teams_that_accept_one_another_at_once_end_as_one(committed):
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        people = [world.entrant() for _ in range(6)]
        club = Club(session, world, 6)
        made = [club.team(who) for who in people]
        asked = [
            (other, club.ask(team, who, other).ref)
            for who, team in zip(people, made, strict=True)
            for other in people
            if other is not who
        ]
    random.Random(0).shuffle(asked)
    start = threading.Barrier(10)

    def accept(index: int) -> None:
        start.wait()
        for who, ref in asked[index::10]:
            try:
                with db.Session.begin() as session:
                    teams.accept(session, who, ref, rebuild)
            except (errors.InvitationNotFound, errors.InvitationAnswered, errors.NotTeamLead):
                pass

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(accept, range(10)))
    with db.Session.begin() as session:
        [team] = session.scalars(select(Team))
        assert len(team.members) == 6
        assert team.lead_id in {one.id for one in team.members}


class Clock:
    """The server's clock in every room that asks it, moved by the test."""

    def __init__(self, session, monkeypatch) -> None:
        self.moment = now(session)
        for room in (limits, joint_use, teams, service, competitions):
            monkeypatch.setattr(room, "now", lambda _: self.moment)


@pytest.mark.parametrize("window", ["day", "rolling"])
@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_acts_breaks_a_limit_or_a_membership(session, club, world, monkeypatch, seed, window):
    chance, clock, phase = random.Random(seed), Clock(session, monkeypatch), world.phase
    phase.limit_window, phase.max_submissions_per_day, phase.max_submissions, phase.max_concurrent = window, 3, 9, 2
    people = [world.entrant() for _ in range(5)]

    def accept() -> None:
        who = chance.choice([one for one in people if team_queries.invitations_to(session, one)])
        asked = sorted(team_queries.invitations_to(session, who), key=lambda one: one.team_id)
        teams.accept(session, who, chance.choice(asked).ref, rebuild)

    def invite() -> None:
        team = chance.choice(team_queries.teams_of(session, world.competition))
        lead = next(one for one in people if own(session, world, one).id == team.lead_id)
        club.ask(team, lead, chance.choice(people))

    def leave() -> None:
        who = chance.choice([one for one in people if own(session, world, one).team])
        teams.leave(session, who, SLUG, own(session, world, who).team.ref, None, rebuild)

    def end() -> None:
        sent = session.scalars(select(Submission).order_by(Submission.id))
        waiting = [one for one in sent if one.evaluation.state == "queued"]
        state = chance.choice(["scored", "scored", "scored", "invalid", "failed", "cancelled"])
        report = {"final": 0.5} if state == "scored" else {}
        finish(session, chance.choice(waiting), state, problem={"code": "x"}, **report)

    acts = {
        "create": lambda: club.team(chance.choice(people)),
        "invite": invite,
        "accept": accept,
        "leave": leave,
        "submit": lambda: world.submit(chance.choice(people)),
        "end": end,
    }
    outcomes: Counter[str] = Counter()
    for name in chance.choices(list(acts), [2, 6, 6, 1, 7, 5], k=150):
        clock.moment += timedelta(hours=chance.choice([0, 0, 0, 0, 1, 5]))
        try:
            with session.begin_nested():
                acts[name]()
            outcomes[name] += 1
        except (Fault, IndexError) as refused:  # IndexError: nobody to do it
            outcomes[type(refused).__name__] += 1
        check(session, phase, clock.moment)
    assert all(outcomes[name] for name in (*acts, "LimitReached")), outcomes


def check(session, phase, moment) -> None:
    """Count by hand: no entrant is above a limit, and every team has a lead among its members and is not too large."""
    session.expire_all()
    sent: dict[tuple[int | None, int | None], list[Submission]] = defaultdict(list)
    for one in session.scalars(select(Submission)):
        if one.evaluation.state not in ("failed", "cancelled", "invalid"):
            sent[f"{one.participation.team_id or 'alone'} {one.participation.team_id or one.participation_id}"].append(
                one
            )
    for entrant, those in sent.items():
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight if phase.limit_window == "day" else moment - timedelta(days=1) + timedelta(microseconds=1)
        assert len(those) <= phase.max_submissions, entrant
        assert sum(one.created_at >= since for one in those) <= phase.max_submissions_per_day, entrant
        assert sum(one.evaluation.state == "queued" for one in those) <= phase.max_concurrent, entrant
    for team in session.scalars(select(Team)):
        assert 1 <= len(team.members) <= phase.competition.team_size
        assert team.lead_id in {one.id for one in team.members}
