"""A re-scoring over HTTP, from the new truth to what participants read of it."""

import pytest

from app.competitions import service as competitions
from app.submissions.models import Rescore
from tests.submissions.test_rescoring import begin, judge, placed

PHASE = "/api/v1/competitions/pairs/phases/main"


def test_from_a_new_truth_to_what_participants_read(client, session, world):
    ada, ben = world.entrant(), world.entrant()
    first, second = placed(session, world, ada, 0.8), placed(session, world, ben, 0.6)
    rescore = begin(session, world)
    headers, mine = world.token(world.organizer), world.token(ada)
    [row] = client.get(f"{PHASE}/rescores", headers=headers).json()["items"]
    assert (row["ref"], row["state"], row["done"], row["total"], row["truth_version"]) == (rescore.ref, "open", 0, 2, 2)
    here = f"/api/v1/rescores/{rescore.ref}"
    assert client.get(here, headers=mine).json()["code"] == "rescore_not_found"
    early = client.post(f"{here}/apply", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "rescore_unfinished")
    judge(session, rescore, {first.id: 0.5, second.id: 0.7})
    session.commit()
    moves = client.get(f"{here}/moves", headers=headers).json()
    assert (moves["complete"], moves["entries"], moves["moved"]) == (True, 2, 2)
    assert {one["participant"]: (one["old"]["rank"], one["new"]["rank"], one["places"]) for one in moves["moves"]} == {
        ada.username: (1, 2, -1), ben.username: (2, 1, 1),
    }  # fmt: skip
    assert [row["participant"] for row in client.get(f"{PHASE}/leaderboard").json()["rows"]] == [
        ada.username, ben.username,
    ]  # fmt: skip
    sent = f"/api/v1/submissions/{first.ref}"
    assert client.get(sent, headers=mine).json()["history"] == []
    tag = client.get(f"{PHASE}/leaderboard").headers["etag"]
    done = client.post(f"{here}/apply", headers=headers).json()
    assert (done["state"], done["remaining"]) == ("applied", 0)
    board = client.get(f"{PHASE}/leaderboard", headers={"If-None-Match": tag})
    assert [row["participant"] for row in board.json()["rows"]] == [ben.username, ada.username]
    assert board.json()["rescored"]["reason"] == "p_000 was wrong"
    told = client.get(sent, headers=mine).json()
    assert [(one["version"], one["final"], one["reason"]) for one in told["history"]] == [
        (2, 0.5, "p_000 was wrong"), (1, 0.8, ""),
    ]  # fmt: skip
    reports = [
        client.get(f"{sent}/report{query}", headers=mine).json()["final"]["value"] for query in ("", "?version=1")
    ]
    assert reports == [0.5, 0.8]
    assert client.get(f"{sent}/report?version=3", headers=mine).json()["code"] == "not_scored"
    after = client.get(f"{here}/moves", headers=headers).json()
    assert (after["moves"], after["state"]) == (moves["moves"], "applied")
    past = client.get(f"{PHASE}/leaderboard", params={"at": done["created_at"]}).json()
    assert [row["participant"] for row in past["rows"]] == [ada.username, ben.username]
    page = client.get("/competitions/pairs").text
    assert "p_000 was wrong" in page


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"truth_version": 9}, "truth_not_found"),
        ({"plan": {"name": "pairwise-explained", "weights": {"accuracy": 2.0}}}, "plan_invalid"),
        ({"plan": {"name": "/etc/passwd.yaml"}}, "plan_invalid"),
        ({"plan": {"name": "pairwise-explained", "llm_judge": {"model": "m"}}}, "plan_invalid"),
        ({"weights": {}}, "payload_invalid"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(client, session, world, given, place):
    answer = client.post(f"{PHASE}/rescores", json=given, headers=world.token(world.organizer))
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["code"] == place
    assert session.query(Rescore).count() == 0


def test_new_weights_and_a_cancelled_one(client, session, world):
    who = world.entrant()
    sent = placed(session, world, who, 0.8)
    headers = world.token(world.organizer)
    plan = {"name": "pairwise-explained", "weights": {"accuracy": 0.9, "explanation": 0.1}}
    made = client.post(f"{PHASE}/rescores", json={"plan": plan, "reason": "Accuracy counts more."}, headers=headers)
    assert (made.status_code, made.json()["plan"]["weights"]["accuracy"]) == (201, 0.9)
    again = client.post(f"{PHASE}/rescores", json={}, headers=headers)
    assert (again.status_code, again.json()["code"], again.json()["rescore"]) == (
        409,
        "rescore_open",
        made.json()["ref"],
    )
    here = f"/api/v1/rescores/{made.json()['ref']}"
    assert client.post(f"{here}/cancel", headers=headers).json()["state"] == "cancelled"
    for door in ("apply", "cancel"):
        assert client.post(f"{here}/{door}", headers=headers).json()["code"] == "rescore_ended"
    assert client.get(f"{here}/moves", headers=headers).json()["code"] == "rescore_ended"
    session.expire_all()
    assert len(sent.evaluations) == 1
    assert competitions.phase_of(session, "pairs", "main").plan["weights"]["accuracy"] != 0.9
