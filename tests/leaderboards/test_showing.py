"""What of a board is shown to whom: frozen, anonymous and past boards, and that no door tells what is hidden."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import now
from app.leaderboards import service
from app.leaderboards.errors import BoardHidden, BoardNotFound
from app.leaderboards.showing import Asked, board_of
from app.submissions.models import Evaluation
from tests.leaderboards import test_ranking
from tests.leaderboards.test_service import own, score, standings, team_of

PATH = "/api/v1/competitions/pairs/phases/main/leaderboard"
MAIN = Asked("pairs", "main")


def scored(session, world, who, value: float) -> str:
    evaluation_id = score(session, world, who, value)
    service.place(session, evaluation_id)
    session.commit()
    session.expire_all()
    return session.get_one(Evaluation, evaluation_id).submission.ref


def names(board) -> list[str]:
    return [row.participant for row in board.rows]


@pytest.fixture
def frozen(session, world):
    """A board that was frozen with one entry of ada; ben, who came after, is first in truth."""
    ada, ben = world.entrant(), world.entrant()
    refs = [scored(session, world, ada, 0.4)]
    world.phase.frozen_at = now(session)
    session.commit()
    refs += [scored(session, world, ben, 0.9), scored(session, world, ada, 0.6)]
    return ada, ben, refs


def test_a_frozen_board_is_as_it_was_for_all_but_organizers(session, world, frozen):
    ada, ben, _ = frozen
    for who in (None, ada, ben):
        board = board_of(who, MAIN)
        assert [(row.participant, row.scores["final"]["value"], row.entries) for row in board.rows] == [
            (ada.username, 0.4, 1)
        ]
        assert (board.frozen, board.as_of, board.board_version) == (True, world.phase.frozen_at, None)
    seen = board_of(world.organizer, MAIN)
    assert (names(seen), seen.frozen) == ([ben.username, ada.username], False)
    world.phase.published_at = now(session)
    session.commit()
    assert names(board_of(None, MAIN)) == [ben.username, ada.username]


def test_no_door_tells_what_goes_on_behind_a_frozen_board(client, session, world, frozen):
    ada, ben, refs = frozen
    stranger, own_token, organizer = {}, world.token(ben), world.token(world.organizer)
    before = {kind: client.get(PATH + kind, headers=stranger) for kind in ("", ".csv")}
    scored(session, world, world.entrant(), 0.95)
    for kind, first in before.items():
        again = client.get(PATH + kind)
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        assert client.get(PATH + kind, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    told = client.get(f"/api/v1/submissions/{refs[1]}", headers=own_token).json()
    assert (told["rank"], told["scores"]["final"]["value"]) == (None, 0.9)
    assert client.get(f"/api/v1/submissions/{refs[1]}", headers=organizer).json()["rank"]["rank"] == 2
    late = client.get(PATH, params={"at": (now(session) + timedelta(hours=1)).isoformat()})
    assert [row["participant"] for row in late.json()["rows"]] == [ada.username]
    assert client.get(PATH, params={"at": "yesterday"}).status_code == 422


def test_who_came_after_the_freeze_is_compared_with_nobody(client, session, world):
    ada, ben = world.entrant(), world.entrant()
    mine = test_ranking.score(session, world, ada, 60)
    world.phase.frozen_at = now(session)
    session.commit()
    after = test_ranking.score(session, world, ben, 90)
    path = f"/api/v1/submissions/{mine.ref}/comparison"
    assert (
        client.get(path, params={"with": after.ref}, headers=world.token(ada)).json()["code"] == "submission_not_found"
    )
    other = f"/api/v1/submissions/{after.ref}/comparison"
    assert client.get(other, params={"with": mine.ref}, headers=world.token(ben)).status_code == 200
    world.phase.board = {"hidden": ["accuracy"]}
    session.commit()
    assert client.get(other, params={"with": mine.ref}, headers=world.token(ben)).json()["code"] == "not_compared"


def test_names_are_hidden_until_publishing_and_ones_own_row_is_known(client, session, world):
    ada, ben, eve = (world.entrant() for _ in range(3))
    world.competition.anonymous = True
    team_of(session, world, ben, eve)
    for who, value in ((ada, 0.4), (eve, 0.9)):
        scored(session, world, who, value)
    seen = board_of(None, MAIN)
    assert all(row.participant.startswith("anonymous-") and not row.team and not row.mine for row in seen.rows)
    assert len(set(names(seen))) == 2
    text = client.get(PATH).text + client.get(f"{PATH}.csv").text
    assert not any(name in text for name in (ada.username, ben.username, eve.username, "Pixel Peepers"))
    own_view = board_of(ben, MAIN)
    assert [(row.participant, row.mine) for row in own_view.rows] == [
        ("Pixel Peepers", True), (seen.rows[1].participant, False),
    ]  # fmt: skip
    scored(session, world, ada, 0.95)
    assert names(board_of(None, MAIN)) == names(seen)[::-1]  # the same names in another order
    tags = {client.get(PATH, headers=who).headers["etag"] for who in ({}, world.token(ada), world.token(ben))}
    assert len(tags) == 3
    assert names(board_of(world.organizer, MAIN)) == [ada.username, "Pixel Peepers"]
    world.phase.ends_at = now(session)
    session.commit()
    assert names(board_of(None, MAIN)) == [ada.username, "Pixel Peepers"]


def test_hidden_columns_are_in_no_row_and_no_csv_of_others(client, session, world):
    world.phase.board = {"hidden": ["accuracy"], "by": {"key": "accuracy"}}
    session.commit()
    scored(session, world, world.entrant(), 0.4)
    for told in (client.get(PATH).text, client.get(f"{PATH}.csv").text):
        assert "accuracy" not in told
    assert "accuracy" in client.get(f"{PATH}.csv", headers=world.token(world.organizer)).text


def test_the_board_at_a_moment(client, session, world):
    ada, ben = world.entrant(), world.entrant()
    scored(session, world, ada, 0.4)
    then = now(session).isoformat()
    scored(session, world, ben, 0.9)
    past = client.get(PATH, params={"at": then})
    assert [row["participant"] for row in past.json()["rows"]] == [ada.username]
    assert (past.json()["as_of"] is not None, past.json()["board_version"]) == (True, None)
    assert ben.username not in client.get(f"{PATH}.csv", params={"at": then}).text
    assert [row["participant"] for row in client.get(PATH).json()["rows"]] == [ben.username, ada.username]


def test_an_unchanged_board_is_answered_without_reading_a_row(client, session, world, monkeypatch):
    scored(session, world, world.entrant(), 0.4)
    tag = client.get(PATH).headers["etag"]
    monkeypatch.setattr("app.leaderboards.routes.board_of", None)
    assert client.get(PATH, headers={"If-None-Match": f'W/{tag}, "other"'}).status_code == 304


def test_boards_that_are_not_there_or_not_shown(session, world):
    with pytest.raises(BoardNotFound):
        board_of(None, Asked("pairs", "main", "public"))
    world.phase.split = {"share": 0.5, "seed": 0}
    session.commit()
    for board in ("main", "late"):
        with pytest.raises(BoardHidden):
            board_of(None, Asked("pairs", "main", board))
        board_of(world.organizer, Asked("pairs", "main", board))
    assert board_of(None, MAIN).board == "public"


def test_a_baseline_keeps_its_name_and_a_teams_name_is_no_formula(client, session, world):
    baseline, lead = world.entrant(), world.entrant()
    world.competition.anonymous = True
    own(session, baseline).baseline = True
    scored(session, world, baseline, 0.4)
    assert names(board_of(None, MAIN)) == [baseline.username]
    world.competition.anonymous = False
    team_of(session, world, lead).name = "=1+1"
    scored(session, world, lead, 0.9)
    assert "1,'=1+1," in client.get(f"{PATH}.csv").text
    assert json.loads(client.get(PATH).text)["rows"][0]["participant"] == "=1+1"
    assert session.scalars(select(Evaluation.id)).all()


@pytest.fixture
def split(session, world):
    """The first 50 of 100 items are public; ada is right in 40 public and no hidden ones, ben in 20 and 30."""
    world.phase.split = {"items": [f"p_{number:03d}" for number in range(50)], "seed": 0}
    world.phase.truth.item_ids = [f"p_{number:03d}" for number in range(100)]
    world.phase.show_items = True
    session.commit()
    found = []
    for public, private in ((40, 0), (20, 30)):
        right = [number < public or 50 <= number < 50 + private for number in range(100)]
        reports = {
            "report": (public + private) / 100, "public_report": public / 50, "private_report": private / 50,
        }  # fmt: skip
        told = {
            name: {key: {"value": value, "ci95": [0.0, 1.0]} for key in ("final", "accuracy", "explanation")}
            for name, value in reports.items()
        }
        found.append(world.entrant())
        test_ranking.score(session, world, found[-1], right, **told)
    return found


def test_hidden_items_are_told_by_no_door_until_publishing(client, session, world, split):
    ada, ben = split
    public, truth = board_of(ada, MAIN), board_of(world.organizer, MAIN)
    assert (public.board, names(public)) == ("public", [ada.username, ben.username])
    assert [row.scores["final"]["value"] for row in public.rows] == [0.8, 0.4]
    assert (truth.board, names(truth)) == ("main", [ben.username, ada.username])
    assert [row.scores["final"]["value"] for row in truth.rows] == [0.6, 0.0]
    assert [tuple(row.rank_ci95) for row in (*public.rows, *truth.rows)] == [(1, 1), (2, 2)] * 2
    own_token = world.token(ben)
    path = f"/api/v1/submissions/{public.rows[1].ref}"

    def told() -> list:
        submission = client.get(path, headers=own_token).json()
        other = client.get(f"{path}/comparison", params={"with": public.rows[0].ref}, headers=own_token).json()
        return [
            submission["scores"]["final"]["value"],
            submission["rank"]["rank"],
            client.get(f"{path}/report", headers=own_token).json()["final"]["value"],
            len(client.get(f"{path}/items", headers=own_token).text.splitlines()),
            (other["n_items"], other["scores"]["final"]["a"]),
        ]

    assert told() == [0.4, 2, 0.4, 50, (50, 0.4)]
    world.phase.published_at = now(session)
    session.commit()
    assert told() == [0.5, 1, 0.5, 100, (100, 0.5)]
    assert board_of(None, MAIN).boards == ["main", "public", "late"]


def test_a_ladder_shows_what_beats_the_noise_rounded_and_nothing_finer(client, session, world, split):
    ada, ben = split
    world.phase.board = {"ladder": True}
    session.flush()
    service.rebuild(session, world.phase.id)
    session.commit()

    def sent(public: int) -> str:
        right = [number < public for number in range(100)]
        report = {"value": public / 50 + 0.001, "ci95": [0.0, 1.0]}
        both = {name: dict.fromkeys(("final", "accuracy", "explanation"), report) | {"n_items": 50} for name in PARTS}
        return test_ranking.score(session, world, ben, right, **both).ref

    near, far = sent(21), sent(35)
    board = board_of(ben, MAIN)
    assert [(row.participant, row.scores) for row in board.rows] == [
        (ada.username, {"final": {"value": 0.8}}), (ben.username, {"final": {"value": 0.7}}),
    ]  # fmt: skip
    assert [column.key for column in board.columns] == ["final"]
    assert {row.shown_rank for row in board.rows} == {None}
    headers = world.token(ben)
    scores = {ref: client.get(f"/api/v1/submissions/{ref}", headers=headers).json()["scores"] for ref in (near, far)}
    assert scores == {near: None, far: {"final": {"value": 0.7}}}
    for door in ("report", "items", f"comparison?with={near}"):
        assert client.get(f"/api/v1/submissions/{far}/{door}", headers=headers).status_code == 403
    placed = standings(session, world.phase)
    service.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == placed
    world.phase.published_at = now(session)
    session.commit()
    assert client.get(f"/api/v1/submissions/{near}", headers=headers).json()["scores"]["final"]["value"] == 0.21


PARTS = ("public_report", "private_report")
