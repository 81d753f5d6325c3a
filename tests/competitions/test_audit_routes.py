"""The audit log over HTTP: whose it is, filters, pages and exports that run nothing."""

import json

from app import audit

API = "/api/v1"
HERE = f"{API}/competitions/pairs/audit"


def test_organizers_read_their_own_log_newest_first_page_by_page(client, world, session):
    for number in range(3):
        audit.record(session, world.organizer, "test.done", f"t{number}", competition="pairs")
    audit.record(session, None, "test.other", "x", competition="pairs")
    audit.record(session, None, "test.done", "hidden", competition="elsewhere")
    owner = world.token(world.organizer)
    first = client.get(f"{HERE}?action=test.done&limit=2", headers=owner).json()
    rest = client.get(f"{HERE}?action=test.done&limit=2&cursor={first['next_cursor']}", headers=owner).json()
    assert [row["target"] for page in (first, rest) for row in page["items"]] == ["t2", "t1", "t0"]
    assert rest["next_cursor"] is None
    assert [row["action"] for row in client.get(f"{HERE}?actor=palmares", headers=owner).json()["items"]] == [
        "test.other"
    ]
    params = {"since": first["items"][0]["at"], "action": "test.done"}
    assert [row["target"] for row in client.get(HERE, params=params, headers=owner).json()["items"]] == ["t2"]
    params = {"until": first["items"][1]["at"], "action": "test.done"}
    assert [row["target"] for row in client.get(HERE, params=params, headers=owner).json()["items"]] == ["t0"]
    assert client.get(f"{HERE}?since=2026-01-01T00:00:00", headers=owner).status_code == 422
    stranger = world.token(world.person())
    for door in (HERE, f"{HERE}.csv", f"{HERE}.jsonl"):
        assert client.get(door, headers=stranger).status_code == 403


def test_exports_are_whole_and_run_no_formula(client, world, session):
    audit.record(session, world.organizer, "test.done", "=HYPERLINK(1)", competition="pairs", after={"n": 1})
    owner = world.token(world.organizer)
    assert ",'=HYPERLINK(1)," in client.get(f"{HERE}.csv", headers=owner).text
    lines = [json.loads(line) for line in client.get(f"{HERE}.jsonl", headers=owner).text.splitlines()]
    assert [(line["target"], line["after"]) for line in lines] == [("=HYPERLINK(1)", {"n": 1})]


def test_only_administrators_read_all_and_tokens_leave_rows_without_secrets(client, world):
    admin = world.token(world.person("root", "admin"))
    owner = world.token(world.organizer)
    made = client.post(f"{API}/me/tokens", json={"name": "ci"}, headers=owner).json()
    client.delete(f"{API}/me/tokens/{made['id']}", headers=owner)
    assert client.get(f"{API}/audit", headers=owner).json()["code"] == "scope_missing"
    rows = client.get(f"{API}/audit?actor=organizer", headers=admin)
    acts = [(row["action"], row["target"]) for row in rows.json()["items"]]
    assert acts[:2] == [("token.revoked", made["id"]), ("token.created", made["id"])]
    assert made["token"] not in rows.text


def test_only_a_cancellation_by_an_organizer_is_an_act(client, world, session):
    who = world.entrant()
    first, second = world.submit(who, "1").ref, world.submit(who, "2").ref
    mine, owner = world.token(who), world.token(world.organizer)
    for ref, headers in ((first, mine), (second, owner)):
        assert client.post(f"{API}/submissions/{ref}/cancel", headers=headers).json()["state"] == "cancelled"
    rows = client.get(f"{HERE}?action=submission.cancelled", headers=owner).json()["items"]
    assert [(row["actor"], row["target"]) for row in rows] == [("organizer", second)]
