"""Marks: who may set which and when, what they do to the board, and that choosing stays within its number."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app import db
from app.audit import AuditEvent
from app.competitions.errors import PhaseNotOpen
from app.db import now
from app.errors import Denied, Fault
from app.leaderboards import board, marks, service
from app.leaderboards.errors import NotChoosable, ResultsPublished, TooManyChosen
from app.submissions.errors import SubmissionNotFound
from app.submissions.models import Evaluation, Mark
from tests.conftest import World
from tests.leaderboards.test_service import score, standings, team_of


def scored(session, world, who, value: float):
    evaluation_id = score(session, world, who, value)
    service.place(session, evaluation_id)
    session.expire_all()
    return session.get_one(Evaluation, evaluation_id).submission


def finals(session, world) -> list[float]:
    return [row["scores"]["final"]["value"] for row in board.rows_of(session, world.phase)]


def rule(session, world, **given) -> None:
    world.phase.board = given
    session.flush()
    service.rebuild(session, world.phase.id)


def test_the_best_of_the_chosen_counts_and_without_a_choice_the_best(session, world):
    who = world.entrant()
    rule(session, world, counting="choice", choices=2)
    low, middle, _ = (scored(session, world, who, value) for value in (0.1, 0.5, 0.9))
    assert finals(session, world) == [0.9]
    marks.choose(session, who, low.ref)
    assert finals(session, world) == [0.1]
    marks.choose(session, who, middle.ref)
    marks.choose(session, who, middle.ref)
    assert finals(session, world) == [0.5]
    for one in (low, middle):
        marks.unchoose(session, who, one.ref)
    assert finals(session, world) == [0.9]
    acts = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert acts == ["submission.chosen"] * 2 + ["submission.unchosen"] * 2


def test_withdrawn_and_disqualified_ones_leave_the_board_and_only_these_come_back(session, world):
    who = world.entrant()
    first, second = scored(session, world, who, 0.9), scored(session, world, who, 0.5)
    marks.disqualify(session, world.organizer, first.ref, "trained on it")
    assert finals(session, world) == [0.5]
    assert board.rows_of(session, world.phase)[0]["entries"] == 1
    marks.reinstate(session, world.organizer, first.ref)
    assert finals(session, world) == [0.9]
    marks.withdraw(session, who, first.ref)
    marks.reinstate(session, world.organizer, first.ref)
    assert finals(session, world) == [0.5]
    marks.withdraw(session, who, second.ref)
    assert finals(session, world) == []
    acts = [(one.action, one.before, one.after) for one in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert acts == [
        ("submission.disqualified", None, {"reason": "trained on it"}),
        ("submission.reinstated", {"reason": "trained on it"}, None),
        ("submission.withdrawn", None, None),
        ("submission.withdrawn", None, None),
    ]


def test_who_may_not_and_what_cannot_gets_a_fault_and_changes_nothing(session, world):
    ada, ben = world.entrant(), world.entrant()
    mine, other = scored(session, world, ada, 0.5), scored(session, world, ada, 0.6)
    waiting = world.submit(ada)
    with pytest.raises(NotChoosable):
        marks.choose(session, ada, mine.ref)
    rule(session, world, counting="choice", choices=1)
    marks.withdraw(session, ada, other.ref)
    marks.choose(session, ada, waiting.ref)
    refused = [
        (SubmissionNotFound, lambda: marks.choose(session, ben, mine.ref)),
        (SubmissionNotFound, lambda: marks.withdraw(session, ben, mine.ref)),
        (SubmissionNotFound, lambda: marks.disqualify(session, ben, mine.ref, "envy")),
        (Denied, lambda: marks.disqualify(session, ada, mine.ref, "shame")),
        (Denied, lambda: marks.withdraw(session, world.organizer, mine.ref)),
        (Denied, lambda: marks.choose(session, world.organizer, mine.ref)),
        (NotChoosable, lambda: marks.choose(session, ada, other.ref)),
        (TooManyChosen, lambda: marks.choose(session, ada, mine.ref)),
    ]
    before = standings(session, world.phase)
    for kind, act in refused:
        with pytest.raises(kind):
            act()
    world.phase.ends_at = now(session)
    world.phase.publish = "manual"
    session.flush()
    with pytest.raises(PhaseNotOpen):
        marks.unchoose(session, ada, waiting.ref)
    assert standings(session, world.phase) == before
    marks.withdraw(session, ada, mine.ref)  # after the end, until it is published
    world.phase.published_at = now(session)
    session.flush()
    with pytest.raises(ResultsPublished):
        marks.withdraw(session, ada, waiting.ref)


def test_a_team_chooses_as_one(session, world):
    lead, member = world.entrant(), world.entrant()
    team_of(session, world, lead, member)
    rule(session, world, counting="choice", choices=1)
    first, second = scored(session, world, lead, 0.3), scored(session, world, member, 0.9)
    marks.choose(session, member, first.ref)
    assert finals(session, world) == [0.3]
    with pytest.raises(TooManyChosen) as caught:
        marks.choose(session, lead, second.ref)
    assert caught.value.extra["chosen"] == [first.ref]


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_acts_equals_rebuild(session, world, seed):
    chance = random.Random(seed)
    rule(session, world, counting="choice", choices=2, by={"key": "accuracy"})
    people = [world.entrant() for _ in range(3)]
    sent = [scored(session, world, chance.choice(people), chance.random()) for _ in range(12)]
    for _ in range(40):
        one, who = chance.choice(sent), chance.choice([*people, world.organizer])
        act = chance.choice([marks.choose, marks.unchoose, marks.withdraw, marks.reinstate, marks.disqualify])
        try:
            act(session, who, one.ref, *(("why",) if act is marks.disqualify else ()))
        except Fault:
            continue
    placed = standings(session, world.phase)
    service.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == placed


def test_ten_choices_at_once_stay_within_the_number(committed):
    with db.Session.begin() as session:
        world = World(session)
        who = world.entrant()
        rule(session, world, counting="choice", choices=3)
        refs = [scored(session, world, who, 0.5).ref for _ in range(10)]

    def one(ref: str) -> bool:
        try:
            with db.Session.begin() as session:
                marks.choose(session, who, ref)
        except TooManyChosen:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(one, refs)) == 3
    with db.Session.begin() as session:
        assert session.scalar(select(func.count()).where(Mark.chosen_at.is_not(None))) == 3
