"""Leaderboards and results: what the asker may see, nothing of what stands still or is another's to know."""

import io
import zipfile
from datetime import timedelta

from app.db import now
from tests.codabench.conftest import scored


def test_a_board_in_its_three_forms(call, world, session):
    ada, ben = call(), call()
    low, high = scored(session, world, ada.who, 0.25), scored(session, world, ben.who, 0.75)
    session.commit()
    number = world.phase.id
    board = ada("GET", f"/api/leaderboards/{number}/")
    assert [(row["rank"], row["owner"], row["id"]) for row in board["submissions"]] == [
        (1, ben.who.username, high.id), (2, ada.who.username, low.id)
    ]  # fmt: skip
    primary = [one for one in board["submissions"][0]["scores"] if one["is_primary"]]
    assert [(one["column_key"], one["score"]) for one in primary] == [("final", "0.7500000000")]
    assert ada("GET", "/api/leaderboards/") == []
    assert ada("GET", f"/api/leaderboards/?phase={number}")[0]["submissions"] == board["submissions"]
    page = ada("GET", f"/api/phases/{number}/get_leaderboard/")
    assert page["submissions"][0]["scores"][0]["score"] == "0.7500"
    assert page["tasks"][0]["columns"] == board["columns"]
    assert ada.client.get(f"/api/leaderboards/{number}/").json()["submissions"], "boards are public"


def test_a_frozen_anonymous_board_tells_what_ours_tells(call, world, session):
    ada, ben = call(), call()
    scored(session, world, ada.who, 0.25)
    world.phase.frozen_at = now(session)
    world.competition.anonymous = True
    session.commit()
    world.phase.frozen_at = now(session) - timedelta(days=1)
    session.commit()
    told = ben("GET", f"/api/leaderboards/{world.phase.id}/")
    assert told["submissions"] == []
    world.phase.frozen_at = None
    session.commit()
    [row] = ben("GET", f"/api/leaderboards/{world.phase.id}/")["submissions"]
    assert row["owner"].startswith("anonymous-")
    [row] = call(world.organizer)("GET", f"/api/leaderboards/{world.phase.id}/")["submissions"]
    assert row["owner"] == ada.who.username


def test_results_are_for_organizers(call, world, session):
    ada, olga = call(), call(world.organizer)
    made = scored(session, world, ada.who, 0.25)
    session.commit()
    place, number = f"/api/competitions/{world.competition.id}/results", world.phase.id
    found = olga("GET", f"{place}.json?phase={number}")
    row = found[f"Main - Main({number})"][f"{ada.who.username}-{made.id}"]
    assert row[f"Main({number})-Final"] == "0.2500000000"
    table = olga("GET", f"{place}.csv").text.splitlines()
    assert table[0].startswith(f"Username,fact_sheet_answers,Main({number})-Final")
    assert table[1].startswith(f"{ada.who.username}-{made.id},,0.25")
    with zipfile.ZipFile(io.BytesIO(olga("GET", f"{place}.zip").content)) as archive:
        assert archive.read("board-1.csv").decode().splitlines() == table
    for kind in ("json", "csv", "zip"):
        assert ada("GET", f"{place}.{kind}", 403)["code"] == "not_allowed"
        assert ada.client.get(f"{place}.{kind}").status_code == 401
