"""The board over phases: mean and weights, what is missing, ties, warnings, and what it keeps hidden."""

import pytest

from app.db import now
from app.leaderboards import service
from app.leaderboards.errors import BoardHidden, NoOverallBoard
from app.leaderboards.overall import open_queries, overall_of
from tests.leaderboards.test_carrying import next_phase
from tests.leaderboards.test_service import own, score

PATH = "/api/v1/competitions/pairs/leaderboard"


@pytest.fixture
def two(session, world):
    """Two phases, and who scored what in them: ada 0.8 and 0.2, ben 0.4 and 0.6, eve only 0.9 in the first."""
    second = next_phase(session, world)
    second.carry_from_id, second.max_submissions = None, None
    world.competition.overall = {"key": "final", "weights": None}
    session.flush()
    session.expire_all()
    ada, ben, eve = (world.entrant() for _ in range(3))
    for who, phase, value in (
        (ada, "main", 0.8), (ada, "final", 0.2), (ben, "main", 0.4), (ben, "final", 0.6), (eve, "main", 0.9),
    ):  # fmt: skip
        service.place(session, score(session, world, who, value, phase))
    session.commit()
    return ada, ben, eve, second


def told(board) -> list[tuple]:
    return [(row.rank, row.participant, row.value) for row in board.rows]


def test_the_mean_of_the_phases_with_ties_and_what_is_missing(client, session, world, two):
    ada, ben, eve, _ = two
    board = overall_of(ben, "pairs")
    assert told(board) == [(1, ada.username, 0.5), (1, ben.username, 0.5), (3, eve.username, 0.45)]
    assert (board.rows[2].missing, board.rows[2].phases) == (["final"], {"main": 0.9, "final": None})
    assert [row.mine for row in board.rows] == [False, True, False]
    head, first, *_ = client.get(f"{PATH}.csv").text.splitlines()
    assert head == "rank,participant,overall,main,final,missing,baseline"
    assert first == f"1,{ada.username},0.5,0.8,0.2,,False"
    answer = client.get(PATH)
    assert client.get(PATH, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_weights_decide_and_baselines_take_no_rank(session, world, two):
    ada, ben, eve, _ = two
    world.competition.overall = {"key": "accuracy", "weights": {"main": 0.25, "final": 0.75}}
    own(session, eve).baseline = True
    session.commit()
    assert told(overall_of(None, "pairs")) == [
        (1, ben.username, pytest.approx(0.55)), (2, ada.username, pytest.approx(0.35)),
        (None, eve.username, pytest.approx(0.225)),
    ]  # fmt: skip


def test_phases_that_could_be_fitted_to_are_named(session, world, two):
    *_, second = two
    assert [one["phase"] for one in overall_of(None, "pairs").warnings] == ["main", "final"]
    second.max_submissions = 1
    assert open_queries(second, 0.5) is None
    second.max_submissions, second.split = None, {"share": 0.5, "seed": 0}
    assert open_queries(second, 0.5) is None


def test_it_tells_nothing_that_its_boards_hide(session, world, two):
    ada, _, eve, second = two
    second.frozen_at = world.phase.starts_at
    session.commit()
    assert overall_of(None, "pairs").rows[0].participant == eve.username
    assert overall_of(world.organizer, "pairs").rows[0].participant == ada.username
    world.competition.anonymous = True
    session.commit()
    with pytest.raises(BoardHidden):
        overall_of(ada, "pairs")
    for phase in (world.phase, second):
        phase.published_at = now(session)
    session.commit()
    assert len(overall_of(None, "pairs").rows) == 3
    world.phase.board = {"hidden": ["final"]}
    session.commit()
    with pytest.raises(BoardHidden):
        overall_of(None, "pairs")
    world.competition.overall = None
    session.commit()
    with pytest.raises(NoOverallBoard):
        overall_of(None, "pairs")
