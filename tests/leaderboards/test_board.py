"""Reading a board: baselines beside the competition, teams by name, computed columns that rank, past boards."""

import pytest
from sqlalchemy import select

from app.db import now
from app.leaderboards import board, service
from app.submissions.models import Evaluation
from tests.leaderboards.test_service import own, rank_of, score, team_of


def entered(session, world, *values: float):
    people = []
    for value in values:
        people.append(world.entrant())
        service.place(session, score(session, world, people[-1], value))
    return people


def told(rows) -> list[tuple]:
    return [(row["rank"], row["participant"]) for row in rows]


def test_a_baseline_stands_where_it_belongs_and_takes_no_place(session, world):
    first, baseline, last = entered(session, world, 0.9, 0.9, 0.3)
    own(session, baseline).baseline = True
    session.flush()
    rows = board.rows_of(session, world.phase)
    assert told(rows) == [(1, first.username), (None, baseline.username), (2, last.username)]
    assert [row["baseline"] for row in rows] == [False, True, False]
    session.expire_all()
    placed = session.scalars(select(Evaluation).order_by(Evaluation.id)).all()
    assert [rank_of(session, one.submission) for one in placed] == [
        {"rank": 1, "of": 2, "counts": True},
        {"rank": None, "of": 2, "counts": True},
        {"rank": 2, "of": 2, "counts": True},
    ]


def test_a_team_has_one_row_under_its_name(session, world):
    lead, member, alone = entered(session, world, 0.2, 0.8, 0.5)
    team_of(session, world, lead, member)
    service.rebuild(session, world.phase.id)
    rows = board.rows_of(session, world.phase)
    assert told(rows) == [(1, "Pixel Peepers"), (2, alone.username)]
    assert (rows[0]["team"], rows[0]["entries"], rows[1]["team"]) == (True, 2, False)


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_a_mean_of_ranks_may_rank(session, world, direction):
    world.phase.board = {
        "by": {"key": "place", "direction": direction},
        "computed": [{"key": "place", "operation": "rank", "of": ["accuracy", "explanation"]}],
    }
    session.flush()
    people = [world.entrant() for _ in range(3)]
    # Ranks 1 and 3, 2 and 1, 3 and 2: the means are 2, 1.5 and 2.5, in another order than the means of the values.
    for who, values in zip(people, ((0.9, 0.0), (0.3, 0.5), (0.2, 0.4)), strict=True):
        service.place(session, score(session, world, who, 0.5, accuracy=values[0], explanation=values[1]))
    expected = [people[1], people[0], people[2]]
    rows = board.rows_of(session, world.phase)
    assert told(rows) == [
        (place, who.username) for place, who in enumerate(expected if direction == "asc" else expected[::-1], 1)
    ]
    means = {row["participant"]: row["scores"]["place"]["value"] for row in rows}
    assert [means[who.username] for who in people] == [2.0, 1.5, 2.5]
    session.expire_all()
    best = session.scalars(select(Evaluation).order_by(Evaluation.id).limit(1)).one().submission
    assert rank_of(session, best) == {"rank": 2, "of": 3, "counts": True}


def test_all_count_and_each_has_its_rank(session, world):
    world.phase.board = {"counting": "all"}
    session.flush()
    who, rival = world.entrant(), world.entrant()
    ids = [score(session, world, one, value) for one, value in ((who, 0.9), (rival, 0.5), (who, 0.1))]
    for evaluation_id in ids:
        service.place(session, evaluation_id)
    assert told(board.rows_of(session, world.phase)) == [(1, who.username), (2, rival.username), (3, who.username)]
    session.expire_all()
    assert [rank_of(session, session.get_one(Evaluation, one).submission)["rank"] for one in ids] == [1, 2, 3]


def test_a_past_board_is_what_was_known_then(session, world):
    ada, ben = entered(session, world, 0.4, 0.6)
    then = now(session)
    service.place(session, score(session, world, ada, 0.9))
    late = world.entrant()
    service.place(session, score(session, world, late, 0.1))
    assert told(board.rows_of(session, world.phase, at=then)) == [(1, ben.username), (2, ada.username)]
    assert [row["entries"] for row in board.rows_of(session, world.phase, at=then)] == [1, 1]
    assert told(board.rows_of(session, world.phase))[0] == (1, ada.username)
    assert board.rows_of(session, world.phase, at=world.phase.starts_at) == []
