"""Who led and when: only what was better than all before, as far as the board itself tells it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.competitions.models import Participation
from app.db import now
from app.leaderboards.showing import Asked
from app.leaderboards.tops import tops_of
from app.submissions.models import Evaluation, Submission
from tests.leaderboards.test_service import score

ASKED = Asked("pairs", "main")


def sent(session, world, who, value: float, hours_ago: float) -> None:
    """A score of a submission that was sent, and judged, so many hours ago."""
    number = score(session, world, who, value)
    at = now(session) - timedelta(hours=hours_ago)
    evaluation = session.get_one(Evaluation, number)
    session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")  # rows are final by trigger
    session.execute(update(Evaluation).where(Evaluation.id == number).values(finished_at=at, effective_at=at))
    session.execute(update(Submission).where(Submission.id == evaluation.submission_id).values(created_at=at))
    session.connection().exec_driver_sql("SET LOCAL session_replication_role = origin")


@pytest.fixture
def race(session, world):
    """ada leads, ben takes over, ada answers; a worse one, an equal one and a baseline lead nothing."""
    ada, ben, base = world.entrant(), world.entrant(), world.entrant()
    for who, value, ago in ((ada, 0.4, 9), (ben, 0.6, 7), (ben, 0.5, 6), (ada, 0.7, 5), (ben, 0.7, 4), (base, 0.9, 3)):
        sent(session, world, who, value, ago)
    mine = Participation.account_id == base.account_id
    session.execute(update(Participation).where(mine).values(baseline=True))
    session.commit()
    return ada, ben


def test_each_top_beats_all_before_it(session, world, race):
    ada, ben = race
    told = tops_of(None, ASKED)
    assert (told.key, told.direction) == ("final", "desc")
    assert [(one.participant, one.value) for one in told.items] == [
        (ada.username, 0.4), (ben.username, 0.6), (ada.username, 0.7)
    ]  # fmt: skip


def test_names_are_hidden_where_the_board_hides_them_and_it_stands_still_with_it(session, world, race):
    world.competition.anonymous = True
    world.phase.frozen_at = now(session) - timedelta(hours=6.5)
    session.commit()
    told = tops_of(None, ASKED)
    assert [(one.participant, one.value) for one in told.items] == [(None, 0.4), (None, 0.6)]
    assert told.as_of == world.phase.frozen_at
    assert [one.participant for one in tops_of(world.organizer, ASKED).items] == [
        who.username for who in (*race, race[0])
    ]


def test_a_ladder_and_a_mean_of_ranks_tell_nothing(session, world, race):
    world.phase.board = {"by": {"key": "mean"}, "computed": [{"key": "mean", "operation": "rank", "of": ["final"]}]}
    session.commit()
    assert tops_of(None, ASKED).items == []
    world.phase.board = {"ladder": True}
    world.phase.split = {"share": 0.5, "seed": "x", "ids": None}
    session.commit()
    assert tops_of(race[0], ASKED).items == []


def test_where_less_is_better_the_top_falls(session, world, race):
    world.phase.board = {"by": {"key": "accuracy", "direction": "asc"}}
    session.commit()
    assert [one.value for one in tops_of(None, ASKED).items] == [0.4]
