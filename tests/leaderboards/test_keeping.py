"""Boards that are kept: made once, made anew after every change, and never with another reader's row marked."""

import pytest

from app.db import now
from app.leaderboards import marks, service, showing
from app.leaderboards.keeping import Made, Shelf
from app.leaderboards.schemas import BoardOut
from app.leaderboards.showing import Asked, board_of
from app.submissions import teams
from tests.leaderboards.test_service import own
from tests.leaderboards.test_showing import names, scored

MAIN = Asked("pairs", "main")


def made(rows: int) -> Made:
    values = {"ref": "sub_1", "submitted_at": "2026-01-01T00:00Z", "entries": 1, "scores": {}, "rank": 1}
    told = {"competition": "c", "phase": "p", "board_version": 1, "columns": []}
    each = [{"participant": f"anonymous-{number}", **values} for number in range(rows)]
    board = BoardOut.model_validate({**told, "rows": each})
    return Made(board, [(number, f"person{number}", False) for number in range(rows)])


def test_what_is_not_read_goes_first_and_rows_are_bounded():
    shelf = Shelf(most_rows=10)
    one, two, three = made(3), made(3), made(4)
    shelf.put("one", one)
    shelf.put("two", two)
    shelf.put("one", one)  # twice is once
    assert shelf.get("two") is two
    shelf.put("three", three)
    assert [shelf.get(key) for key in ("one", "two", "three")] == [None, two, three]
    shelf.put("large", made(11))
    assert [shelf.get(key) for key in ("two", "three", "large")] == [None, None, None]


def test_ones_own_row_is_marked_in_a_copy():
    kept = made(2)
    mine = kept.seen_by(1)
    assert [(row.participant, row.mine) for row in mine.rows] == [("anonymous-0", False), ("person1", True)]
    assert not any(row.mine for row in kept.seen_by(None).rows)
    assert kept.board.rows[1].participant == "anonymous-1"


@pytest.fixture
def counted(monkeypatch) -> list[str]:
    """Which boards were made of rows."""
    found: list[str] = []
    real = showing.rows_of

    def rows_of(session, phase, board, at=None):
        found.append(board)
        return real(session, phase, board, at)

    monkeypatch.setattr(showing, "rows_of", rows_of)
    return found


def test_a_board_is_made_once_for_all_who_see_the_same(session, world, counted):
    ada, ben = world.entrant(), world.entrant()
    scored(session, world, ada, 0.4)
    scored(session, world, ben, 0.6)
    past = Asked("pairs", "main", at=now(session))
    for asked in (MAIN, past):
        counted.clear()
        boards = [board_of(who, asked) for who in (None, ada, ben, world.person())]
        assert len(counted) == 1
        assert [[row.participant for row in board.rows if row.mine] for board in boards] == [
            [], [ada.username], [ben.username], [],
        ]  # fmt: skip
    board_of(world.organizer, MAIN)
    assert len(counted) == 2  # organizers have a board of their own


def ban(session, world, who) -> None:
    own(session, who).status = "banned"
    session.flush()
    service.rebuild(session, world.phase.id)


CHANGES = {
    "a score": lambda session, world, who, ref: scored(session, world, who, 0.9),
    "a disqualification": lambda session, world, who, ref: marks.disqualify(session, world.organizer, ref, "Copied."),
    "a ban": lambda session, world, who, ref: ban(session, world, who),
    "a team": lambda session, world, who, ref: teams.create(session, who, "pairs", "Peepers", service.rebuild),
    "an edit": lambda session, world, who, ref: setattr(world.competition, "version", world.competition.version + 1),
    "another rule": lambda session, world, who, ref: setattr(world.phase, "board", {"titles": {"final": "Whole"}}),
    "names hidden": lambda session, world, who, ref: setattr(world.competition, "anonymous", True),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("past", [False, True])
def test_every_change_makes_it_anew(session, world, counted, change, past):
    world.competition.team_size = 2
    ada, ben = world.entrant(), world.entrant()
    refs = [scored(session, world, who, value) for who, value in ((ada, 0.4), (ben, 0.6))]
    asked = Asked("pairs", "main", at=now(session)) if past else MAIN
    before = board_of(None, asked)
    assert names(before) == [ben.username, ada.username]
    CHANGES[change](session, world, ben, refs[1])
    session.commit()
    session.expire_all()
    after = board_of(None, asked)
    assert len(counted) == 2
    if change in ("a ban", "a team", "another rule", "names hidden"):
        assert after != before
