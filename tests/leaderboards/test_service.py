"""The board: place and rebuild agree whatever the order, and equal values share a rank."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import db
from app.competitions.models import Participation, Team
from app.competitions.visibility import view_of
from app.db import now
from app.leaderboards import board, service
from app.leaderboards.models import Standing
from app.submissions.models import Evaluation, Mark
from tests.conftest import World


def score(session, world, who, value: float, phase: str = "main", **scores: float) -> int:
    evaluation = world.submit(who, phase=phase).evaluation
    told = {"final": value, "accuracy": value, "explanation": value} | scores
    session.execute(
        update(Evaluation)
        .where(Evaluation.id == evaluation.id)
        .values(
            state="scored",
            final=value,
            finished_at=func.clock_timestamp(),
            report={key: {"value": one, "ci95": [0.0, 1.0]} for key, one in told.items()},
        )
    )
    return evaluation.id


def standings(session, phase):
    columns = (
        Standing.board,
        Standing.participation_id,
        Standing.evaluation_id,
        Standing.sort_keys,
        Standing.submitted_at,
        Standing.entries,
    )
    rows = session.execute(select(*columns).where(Standing.phase_id == phase.id))
    return {(*row[:3], tuple(row[3]), *row[4:]) for row in rows}


def rank_of(session, submission):
    return board.rank_of(session, submission, view_of(submission.phase, None, now(session)))


RULES = [
    {},
    {"counting": "latest", "by": {"key": "accuracy"}, "ties": [{"key": "explanation", "direction": "asc"}]},
    {"counting": "choice", "choices": 2, "by": {"key": "both"}, "computed": [
        {"key": "both", "operation": "min", "of": ["accuracy", "explanation"]}]},
    {"counting": "all", "by": {"key": "place", "direction": "asc"}, "computed": [
        {"key": "place", "operation": "rank", "of": ["accuracy", "explanation.bleu"]}]},
]  # fmt: skip


def own(session, who) -> Participation:
    return session.scalars(select(Participation).where(Participation.account_id == who.account_id)).one()


def team_of(session, world, *people) -> Team:
    members = [own(session, who) for who in people]
    team = Team(ref="team_x", competition_id=world.competition.id, name="Pixel Peepers", lead_id=members[0].id)
    session.add(team)
    session.flush()
    for one in members:
        one.team_id = team.id
    session.flush()
    return team


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_of_placing_equals_rebuild_and_the_board_of_this_moment(session, world, seed, rule):
    """Under every rule, with a team, late ones, choices, withdrawals, disqualifications and a ban in between."""
    chance = random.Random(seed)
    world.phase.board, world.phase.accept_late = rule, True
    people = [world.entrant() for _ in range(4)]
    team_of(session, world, *people[:2])
    waiting, scored = [], []
    for step in range(24):
        if step == 18:
            world.phase.ends_at = now(session)
        values = [chance.choice([0.1, 0.5, 0.9]) for _ in range(3)]
        new = score(session, world, chance.choice(people), values[0], accuracy=values[1], explanation=values[2])
        waiting.append(new)
        chance.shuffle(waiting)
        if chance.random() < 0.7:
            scored.append(waiting.pop())
            service.place(session, scored[-1])
        if scored and chance.random() < 0.5:
            one = session.get_one(Evaluation, chance.choice(scored)).submission
            stamp = chance.choice(["chosen_at", "withdrawn_at", "disqualified_at"])
            session.merge(Mark(submission_id=one.id, **{stamp: now(session)}))
            session.flush()
            service.replace(session, world.phase.id, one.participation_id)
    for evaluation_id in waiting:
        service.place(session, evaluation_id)
    own(session, people[3]).status = "banned"
    session.flush()
    service.replace(session, world.phase.id, own(session, people[3]).id)
    placed = standings(session, world.phase)
    assert {one[0] for one in placed} == {"main", "late"}
    assert {one[1] for one in placed} <= {own(session, people[place]).id for place in (0, 2)}
    service.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == placed
    past = {
        (name, one.entrant_id, one.evaluation_id, one.sort_keys, one.submitted_at, one.entries)
        for name in ("main", "late")
        for one in board.entries_of(session, world.phase, name, now(session))
    }
    assert past == placed


@pytest.mark.parametrize("seed", range(3))
def test_place_in_any_order_equals_rebuild(session, world, seed):
    chance = random.Random(seed)
    people = [world.entrant() for _ in range(4)]
    scored = [score(session, world, who, chance.choice([0.1, 0.5, 0.9])) for who in people for _ in range(5)]
    chance.shuffle(scored)
    for evaluation_id in scored:
        service.place(session, evaluation_id)
    placed = standings(session, world.phase)
    service.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == placed
    assert len(placed) == 4
    assert board.version_of(session, world.phase.id) == len(scored) + 1


def test_equal_values_share_a_rank_and_the_earlier_stands_first(session, world):
    people = [world.entrant() for _ in range(4)]
    for who, value in zip(people, (0.5, 0.9, 0.5, 0.1), strict=True):
        service.place(session, score(session, world, who, value))
    rows = board.rows_of(session, world.phase)
    assert [(row["rank"], row["participant"]) for row in rows] == [
        (1, people[1].username), (2, people[0].username), (2, people[2].username), (4, people[3].username),
    ]  # fmt: skip
    assert rows[0]["scores"]["final"] == {"value": 0.9, "ci95": [0.0, 1.0]}


def test_the_best_counts_and_the_rank_says_so(session, world):
    who = world.entrant()
    ids = [score(session, world, who, value) for value in (0.4, 0.8, 0.8, 0.2)]
    for evaluation_id in ids:
        service.place(session, evaluation_id)
    [(row,)] = session.execute(select(Standing)).all()
    assert (row.evaluation_id, row.entries) == (ids[1], 4)
    session.expire_all()
    last = session.get_one(Evaluation, ids[3]).submission
    assert rank_of(session, last) == {"rank": 1, "of": 1, "counts": False}
    assert row.submitted_at - last.created_at < timedelta(0)


def test_late_ones_stand_on_their_own_board_and_move_nobody(client, session, world):
    early, both = world.entrant(), world.entrant()
    for who, value in ((early, 0.5), (both, 0.4)):
        service.place(session, score(session, world, who, value))
    world.phase.accept_late, world.phase.ends_at = True, now(session) - timedelta(seconds=1)
    session.flush()
    late = score(session, world, both, 0.9)
    service.place(session, late)
    placed = standings(session, world.phase)
    service.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == placed
    session.commit()
    path = "/api/v1/competitions/pairs/phases/main/leaderboard"
    main, after = client.get(path), client.get(f"{path}?board=late")
    assert [(row["rank"], row["participant"]) for row in main.json()["rows"]] == [
        (1, early.username), (2, both.username),
    ]  # fmt: skip
    assert [(row["rank"], row["participant"]) for row in after.json()["rows"]] == [(1, both.username)]
    assert main.headers["etag"] != after.headers["etag"]
    submission = session.get_one(Evaluation, late).submission
    assert rank_of(session, submission) == {"rank": 1, "of": 1, "counts": True}


def test_placed_at_once_by_several_workers_nothing_is_lost(committed):
    with db.Session.begin() as session:
        world = World(session)
        people = [world.entrant() for _ in range(2)]
        ids = [score(session, world, people[number % 2], number / 100) for number in range(20)]

    def one(evaluation_id: int) -> None:
        with db.Session.begin() as session:
            service.place(session, evaluation_id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, ids))
    with db.Session.begin() as session:
        placed = standings(session, world.phase)
        assert {(row[2], row[5]) for row in placed} == {(ids[18], 10), (ids[19], 10)}
        service.rebuild(session, world.phase.id)
        assert standings(session, world.phase) == placed
        assert board.version_of(session, world.phase.id) == len(ids) + 1
