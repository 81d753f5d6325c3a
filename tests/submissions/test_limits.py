"""Limits: exact at the edges, never exceeded by parallel posts, never lost after a failure of ours."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.competitions.models import Participation, Team
from app.db import new_ref
from app.submissions import limits, service
from app.submissions.errors import LimitReached
from app.submissions.models import Evaluation, Rescore, Submission
from tests.submissions.test_service import finish

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MIDNIGHT, DAY, TICK = NOON.replace(hour=0), timedelta(days=1), timedelta(microseconds=1)


def own(session, world, who) -> Participation:
    participation = session.scalar(select(Participation).where(Participation.account_id == who.account_id))
    assert participation is not None
    return participation


@pytest.fixture
def used(session, world, monkeypatch):
    """The limits at NOON of somebody whose submissions were sent at these times and stand in these states."""
    world.phase.starts_at = NOON - timedelta(days=30)
    who = world.entrant()

    def at_noon(*sent: tuple[datetime, str], **rules: object) -> limits.Limits:
        for name, value in rules.items():
            setattr(world.phase, name, value)
        session.flush()
        participation = own(session, world, who)
        for moment, state in sent:
            put(session, world.phase, participation, moment, state)
        monkeypatch.setattr(limits, "now", lambda _: NOON)
        return limits.limits_of(session, world.phase, participation)

    return at_noon


def put(session, phase, participation, moment: datetime, state: str = "scored", **more: object) -> Submission:
    """A submission as it would be, had it been sent at that moment."""
    made = Submission(
        ref=new_ref("sub"), phase_id=phase.id, participation_id=participation.id, file_name="x", file_size=1,
        file_sha256="0" * 64, created_at=moment, **more,
    )  # fmt: skip
    session.add(made)
    session.flush()
    evaluate(session, made, state, moment)
    return made


def evaluate(session, made: Submission, state: str, moment: datetime | None, version: int = 1, **more: object) -> None:
    ended = state in ("invalid", "scored", "failed", "cancelled")
    session.add(
        Evaluation(
            submission_id=made.id, version=version, truth_id=made.phase.truth_id, plan={}, state=state,
            queued_at=made.created_at, announce_at=made.created_at, effective_at=moment,
            finished_at=made.created_at if ended else None, final=0.5 if state == "scored" else None,
            problem={"code": "x"} if state == "failed" else None, **more,
        )
    )  # fmt: skip
    session.flush()


@pytest.mark.parametrize(
    ("window", "times", "count", "frees_at"),
    [
        ("day", [MIDNIGHT - TICK, MIDNIGHT, NOON], 2, MIDNIGHT + DAY),
        ("day", [], 0, MIDNIGHT + DAY),
        ("rolling", [NOON - DAY, NOON - DAY + TICK, NOON], 2, NOON + TICK),
        ("rolling", [MIDNIGHT - TICK, MIDNIGHT, NOON], 3, MIDNIGHT - TICK + DAY),
        ("rolling", [NOON - DAY], 0, None),
    ],
)
def test_windows_are_exact_at_their_edges(used, window, times, count, frees_at):
    found = used(*((moment, "scored") for moment in times), limit_window=window, max_submissions_per_day=3)
    assert (found.day.used, found.day.left, found.day.frees_at) == (count, 3 - count, frees_at)
    assert found.total.used == len(times)


@pytest.mark.parametrize(("limit", "leaver"), [(4, 0), (3, 1), (2, 2), (1, 3)])
def test_a_lowered_limit_waits_for_as_many_as_must_leave(used, limit, leaver):
    times = [NOON - timedelta(hours=hours) for hours in (20, 15, 10, 5)]
    found = used(*((one, "scored") for one in times), limit_window="rolling", max_submissions_per_day=limit)
    assert found.next_possible_at == times[leaver] + DAY


HOUR = timedelta(hours=1)
REASONS = {
    "nothing": ([], {}, "", NOON),
    "day": ([(NOON, "scored")], {"max_submissions_per_day": 1}, "All 1 submissions of today are used (UTC).",
            MIDNIGHT + DAY),
    "rolling": ([(NOON - HOUR, "scored")], {"max_submissions_per_day": 1, "limit_window": "rolling"},
                "All 1 submissions of the last 24 hours are used.", NOON - HOUR + DAY),
    "total": ([(NOON - 9 * DAY, "scored")], {"max_submissions": 1}, "All 1 submissions of this phase are used.", None),
    "invalid": ([(NOON, "invalid"), (MIDNIGHT - TICK, "invalid")], {"max_invalid_per_day": 1},
                "1 invalid submissions today (UTC); check files first: `palmares validate`.", MIDNIGHT + DAY),
    "the later of two": ([(NOON - 2 * HOUR, "invalid"), (NOON - HOUR, "scored")],
                         {"max_invalid_per_day": 1, "max_submissions_per_day": 1, "limit_window": "rolling"},
                         "All 1 submissions of the last 24 hours are used. 1 invalid submissions in the last 24 hours; "
                         "check files first: `palmares validate`.", NOON - HOUR + DAY),
    "the phase ends": ([(NOON, "scored")], {"max_submissions_per_day": 1, "ends_at": MIDNIGHT + DAY},
                       "All 1 submissions of today are used (UTC). The phase ends before that.", None),
    "late ones are taken": ([(NOON, "scored")], {"max_submissions_per_day": 1, "ends_at": MIDNIGHT + DAY,
                            "accept_late": True}, "All 1 submissions of today are used (UTC).", MIDNIGHT + DAY),
}  # fmt: skip


@pytest.mark.parametrize("name", REASONS)
def test_why_not_and_when_again(used, name):
    sent, rules, reason, possible = REASONS[name]
    found = used(*sent, **rules)
    assert (found.reason, found.next_possible_at) == (reason, possible)


def test_what_waits_counts_at_a_time_and_is_named(session, world):
    world.phase.max_concurrent = 2
    who = world.entrant()
    first, second = world.submit(who), world.submit(who)
    with pytest.raises(LimitReached) as refused:
        world.submit(who)
    assert refused.value.detail == f"Only 2 at a time may wait for their score; wait until one ends: {first.ref}, " \
        f"{second.ref}."  # fmt: skip
    assert refused.value.extra == {"next_possible_at": None, "retry_after": None}
    finish(session, first, "invalid")
    assert world.submit(who).ref


@pytest.mark.parametrize(("state", "costs"), [
    ("failed", (0, 0)), ("cancelled", (0, 0)), ("invalid", (0, 1)), ("scored", (1, 0)), ("scoring", (1, 0)),
])  # fmt: skip
def test_what_a_submission_costs_by_its_state(used, state, costs):
    found = used((NOON, state), max_concurrent=1)
    assert (found.day.used, found.invalid.used) == costs
    assert found.total.used == found.day.used
    assert found.concurrent.used == (state == "scoring")


def test_carried_ones_and_rescorings_cost_nothing(session, world, used):
    assert used().total.used == 0
    participation = own(session, world, world.entrant())
    sent = put(session, world.phase, participation, NOON - 9 * DAY, "failed")
    rescore = Rescore(
        ref="r", phase_id=world.phase.id, truth_id=world.phase.truth_id, plan={}, created_by=participation.account_id
    )
    session.add(rescore)
    session.flush()
    put(session, world.phase, participation, NOON, "queued", carried_from_id=sent.id)
    evaluate(session, sent, "scoring", None, 2, rescore_id=rescore.id)
    found = limits.limits_of(session, world.phase, participation)
    assert (found.total.used, found.day.used, found.concurrent.used) == (0, 0, 0)


def test_a_failure_gives_back_what_it_took(session, world):
    world.phase.max_submissions, world.phase.max_submissions_per_day, world.phase.max_concurrent = 1, 1, 1
    who = world.entrant()
    for state in ("failed", "cancelled", "failed"):
        one = world.submit(who)
        with pytest.raises(LimitReached):
            world.submit(who)
        finish(session, one, state, problem={"code": "x"})
    assert world.submit(who).ref


def test_members_of_a_team_share_one_limit(session, world):
    world.phase.max_submissions = 2
    ada, ben, eve = (world.entrant() for _ in range(3))
    world.submit(ada)
    join(session, world, ada, ben)
    world.submit(ben)
    for who in (ada, ben):
        found = limits.limits_of(session, world.phase, own(session, world, who))
        assert (found.total.left, found.team) == (0, "Team")
        with pytest.raises(LimitReached):
            world.submit(who)
    assert world.submit(eve).ref


def join(session, world, *people) -> Team:
    """These people as a team, whatever the rules say."""
    rows = [own(session, world, who) for who in people]
    team = Team(ref=new_ref("team"), competition_id=world.competition.id, name="Team", lead_id=rows[0].id)
    session.add(team)
    session.flush()
    for row in rows:
        row.team_id = team.id
    session.flush()
    session.expire_all()
    return team


RULES = {"max_submissions_per_day": 5, "max_submissions": 5, "max_concurrent": 5}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("window", ["day", "rolling"])
@pytest.mark.parametrize("size", [1, 3])
def test_fifty_at_once_never_exceed_the_limit(committed, rule, window, size):
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        setattr(world.phase, rule, RULES[rule])
        world.phase.limit_window = window
        people = [world.entrant() for _ in range(size)]
        if size > 1:
            join(session, world, *people)
    with ThreadPoolExecutor(20) as pool:
        accepted = sum(pool.map(lambda number: posted(people[number % size], number), range(50)))
    assert accepted == count() == RULES[rule]


def posted(who, number: int) -> bool:
    """Whether one more was taken."""
    try:
        with db.Session.begin() as session:
            service.submit(session, who, "pairs", "main", service.Received("0" * 64, 1, "x"), "", str(number))
    except LimitReached:
        return False
    return True


def count() -> int:
    with db.Session.begin() as session:
        return session.scalar(select(func.count()).select_from(Submission))


def test_what_fails_while_others_post_comes_back_whole(committed):
    from tests.conftest import World

    with db.Session.begin() as session:
        world = World(session)
        world.phase.max_submissions = 3
        who = world.entrant()

    def one(number: int) -> bool:
        taken = posted(who, number)
        if taken and number % 2:
            with db.Session.begin() as session:
                sent = session.scalars(select(Submission).where(Submission.idempotency_key == str(number))).one()
                finish(session, sent, "failed", problem={"code": "x"})
        return taken

    numbers = list(range(50))
    random.Random(0).shuffle(numbers)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, numbers))
    # What failed came back: what is left can be used up exactly, and no more.
    more = [posted(who, 1000 + number * 2) for number in range(5)]
    with db.Session.begin() as session:
        alive = select(func.count()).select_from(Evaluation).where(Evaluation.state != "failed")
        assert session.scalar(alive) == 3
    assert more == sorted(more, reverse=True)
