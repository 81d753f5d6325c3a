"""Changing a competition over HTTP: versions, rules that would contradict each other, deleting and restoring."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit import AuditEvent
from app.competitions.models import Phase
from app.db import now

HERE = "/api/v1/competitions/pairs"


@pytest.fixture
def organizer(client, world):
    """Sends as the organizer, by default whatever the version is."""
    headers = world.token(world.organizer)

    def send(method: str, path: str = "", given=None, **more: str):
        return client.request(method, HERE + path, json=given, headers={"If-Match": "*", **headers, **more})

    send.headers = headers
    return send


@pytest.fixture
def final(session, world) -> Phase:
    """A second phase, to come."""
    phase = Phase(
        competition_id=world.competition.id, slug="final", name="Final", index=1, plan=world.phase.plan,
        starts_at=now(session) + timedelta(days=1),
    )  # fmt: skip
    session.add(phase)
    session.flush()
    session.expire(world.competition)
    return phase


def test_of_two_organizers_at_once_the_second_is_told_and_nothing_is_lost(client, session, world, organizer):
    tag = client.get(HERE).headers["etag"]
    first = organizer("PATCH", "", {"title": "Pairs 2026", "team_size": 3}, **{"If-Match": tag})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    second = organizer("PATCH", "/phases/main", {"name": "Mine"}, **{"If-Match": tag})
    assert (second.status_code, second.json()["code"], second.json()["version"]) == (412, "precondition_failed", 2)
    found = client.get(HERE)
    assert (found.json()["title"], found.json()["phases"][0]["name"]) == ("Pairs 2026", "Main")
    assert found.headers["etag"] == first.headers["etag"] == '"2"'
    again = organizer("PATCH", "/phases/main", {"name": "Mine"}, **{"If-Match": found.headers["etag"]})
    assert again.json()["changes"] == [{"path": "phases.main.name", "old": "Main", "new": "Mine"}]


def test_a_change_says_what_it_is_made_from_and_who_may_not_is_refused(client, world, organizer):
    bare = client.patch(HERE, json={"title": "X"}, headers=organizer.headers)
    assert (bare.status_code, bare.json()["code"]) == (428, "precondition_required")
    other = world.token(world.person("other", "organizer")) | {"If-Match": "*"}
    assert client.patch(HERE, json={"title": "X"}, headers=other).json()["code"] == "not_allowed"
    assert client.delete(HERE, headers=other).json()["code"] == "not_allowed"
    assert organizer("PATCH", "", {"titel": "X"}).status_code == 422
    assert organizer("PATCH", "", {"title": "a\x00b"}).status_code == 422


def test_what_changed_is_told_and_written_down_and_the_same_again_is_no_change(session, organizer):
    terms = {"terms": "Be fair.", "allowed_emails": ["@example.org"], "anonymous": True}
    told = organizer("PATCH", "", terms).json()
    assert [change["path"] for change in told["changes"]] == ["terms", "anonymous", "allowed_emails", "terms_version"]
    same = organizer("PATCH", "", terms).json()
    assert (same["version"], same["changes"]) == (told["version"], [])
    [row] = session.scalars(select(AuditEvent).where(AuditEvent.competition == "pairs"))
    assert (row.action, row.actor, row.before["terms_version"], row.after["terms_version"]) == (
        "competition.changed", "organizer", 1, 2,
    )  # fmt: skip


def test_times_go_by_the_clock_of_the_database(session, world, organizer):
    answer = organizer("PATCH", "/phases/main", {"ends_at": "+2h"})
    assert answer.status_code == 200
    session.refresh(world.phase)
    assert abs(world.phase.ends_at - now(session) - timedelta(hours=2)) < timedelta(minutes=1)
    organizer("PATCH", "/phases/main", {"ends_at": "now"})
    assert organizer("GET").json()["phases"][0]["status"] == "closed"


def test_frozen_and_published_are_stamped_once_and_taken_back(session, world, organizer):
    organizer("PATCH", "/phases/main", {"frozen": True, "published": True})
    session.refresh(world.phase)
    stamp = world.phase.frozen_at
    assert stamp is not None
    assert organizer("PATCH", "/phases/main", {"frozen": True}).json()["changes"] == []
    organizer("PATCH", "/phases/main", {"frozen": False, "published": False})
    session.refresh(world.phase)
    assert (world.phase.frozen_at, world.phase.published_at) == (None, None)


def test_a_change_of_the_board_is_a_new_version_of_it(client, organizer):
    board = f"{HERE}/phases/main/leaderboard"
    before = client.get(board).headers["etag"]
    assert organizer("PATCH", "/phases/main", {"name": "Other"}).status_code == 200
    assert client.get(board).headers["etag"] == before
    assert organizer("PATCH", "/phases/main", {"board": {"counting": "latest"}}).status_code == 200
    assert client.get(board).headers["etag"] != before


BAD = {
    "backwards": ("main", {"ends_at": "2020-01-01T00:00:00Z"}, "ends_at", "before it starts"),
    "no zone": ("main", {"ends_at": "2030-01-01T00:00:00"}, "body.ends_at", ""),
    "unknown key": ("main", {"board": {"by": {"key": "beauty"}}}, "body.board", "there are: accuracy"),
    "unknown gate": ("main", {"gate": "nowhere"}, "gate", "there are: main, final"),
    "own gate": ("main", {"gate": "main"}, "gate", "circle"),
    "carried from itself": ("main", {"carry_from": "main"}, "carry_from", "earlier"),
    "carried from a later one": ("main", {"carry_from": "final"}, "carry_from", "earlier"),
    "unknown items": ("main", {"split": {"items": ["p_999"]}}, "split.items", "p_999"),
    "every item public": ("main", {"split": {"items": ["p_000", "s_000"]}}, "split.items", "leave some out"),
    "a ladder without a split": ("main", {"board": {"ladder": True}}, "board.ladder", "public items"),
    "both ways of a split": ("main", {"split": {"share": 0.5, "items": ["p_000"]}}, "body.split", "either"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_contradicts_is_refused_with_its_place_and_changes_nothing(organizer, final, session, name):
    phase, given, place, words = BAD[name]
    answer = organizer("PATCH", f"/phases/{phase}", {"name": "Changed", **given})
    assert answer.status_code == 422
    [field] = [one for one in answer.json()["fields"] if one["where"].startswith(place)][:1]
    assert words in field["message"]
    assert organizer("GET").json()["phases"][0]["name"] == "Main"


def test_gates_in_a_circle_are_named_in_their_order(organizer, final):
    assert organizer("PATCH", "/phases/final", {"gate": "main"}).status_code == 200
    answer = organizer("PATCH", "/phases/main", {"gate": "final"})
    assert (answer.status_code, answer.json()["code"]) == (422, "rule_invalid")
    assert "'main' needs 'final' needs 'main'" in answer.json()["detail"]
    assert organizer("PATCH", "", {"overall": {"weights": {"main": 0.5, "finale": 0.5}}}).json()["fields"] == [
        {"where": "overall.weights", "message": "there is no phase 'finale'; there are: main, final."}
    ]


def test_the_split_stays_once_there_are_submissions(session, world, organizer):
    assert organizer("PATCH", "/phases/main", {"split": {"items": ["p_000"]}}).status_code == 200
    world.submit(world.entrant())
    session.commit()
    answer = organizer("PATCH", "/phases/main", {"split": None})
    assert (answer.status_code, answer.json()["code"]) == (409, "scoring_in_use")
    assert organizer("PATCH", "/phases/main", {"split": {"items": ["p_000"]}}).json()["changes"] == []


def test_a_deleted_competition_is_hidden_at_once_and_comes_back_within_the_grace(client, session, world, organizer):
    who = world.entrant()
    sent = world.submit(who)
    mine = world.token(who)
    doors = ["", "/phases", "/phases/main/leaderboard", "/phases/main/limits"]
    world.competition.pages = [{"title": "Overview", "content": "Which is better, and why?"}]
    session.flush()
    packed = client.get(f"{HERE}/bundle", headers=organizer.headers).content
    assert organizer("DELETE").status_code == 204
    assert [client.get(HERE + door, headers=mine).status_code for door in doors] == [404] * 4
    assert client.get(f"/api/v1/submissions/{sent.ref}", headers=mine).status_code == 404
    assert client.get("/api/v1/submissions", headers=mine).json()["items"] == []
    assert client.get("/api/v1/competitions").json()["items"] == []
    assert client.post(f"{HERE}/restore", headers=mine).status_code == 404
    refused = client.post("/api/v1/competitions", content=packed, headers=organizer.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "competition_deleted"), refused.text
    assert organizer("POST", "/restore").json()["version"] == 3
    assert [client.get(HERE + door, headers=mine).status_code for door in doors] == [200] * 4
    world.competition.deleted_at = now(session) - timedelta(days=31)
    session.commit()
    assert organizer("POST", "/restore").status_code == 404
