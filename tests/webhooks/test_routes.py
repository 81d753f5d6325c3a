"""Webhooks over HTTP: a secret is shown once, and whose they are decides who sees, changes and re-sends."""

import pytest
from standardwebhooks import Webhook as Verifier

from app.audit import AuditEvent
from app.webhooks import outbox
from app.webhooks.models import Delivery, Webhook
from app.webhooks.sending import Outcome, signed

API = "/api/v1"
MINE, PAIRS = f"{API}/me/webhooks", f"{API}/competitions/pairs/webhooks"
GIVEN = {"url": "https://hooks.example.org/a?token=b", "events": ["submission.scored", "leaderboard.changed"]}


def test_from_making_one_to_its_log(client, world, session):
    headers = world.token(world.person())
    made = client.post(MINE, json=GIVEN, headers=headers)
    assert made.status_code == 201
    secret, ref = made.json()["secret"], made.json()["ref"]
    here = f"{MINE}/{ref}"
    assert (made.json()["active"], made.json()["competition"], made.json()["events"]) == (
        True, None, ["leaderboard.changed", "submission.scored"],
    )  # fmt: skip
    assert secret not in client.get(MINE, headers=headers).text, "it is shown once"
    sent = client.post(f"{here}/test", headers=headers)
    assert (sent.status_code, sent.json()["event"], sent.json()["state"]) == (202, "webhook.ping", "waiting")
    claimed = outbox.claim(session)
    Verifier(secret).verify(claimed.message.body, signed(claimed.message, claimed.moment))
    outbox.settle(session, claimed, Outcome(500, 12, "no", "Not taken."))
    session.commit()
    [row] = client.get(f"{here}/deliveries", headers=headers).json()["items"]
    assert (row["ref"], row["state"], row["tries"]) == (sent.json()["ref"], "waiting", 1)
    assert [(one["status"], one["milliseconds"], one["answer"]) for one in row["attempts"]] == [(500, 12, "no")]
    again = client.post(f"{here}/deliveries/{row['ref']}/resend", headers=headers)
    assert (again.status_code, again.json()["ref"], again.json()["tries"]) == (202, row["ref"], 0)
    session.expire_all()
    outbox.settle(session, outbox.claim(session), Outcome(200, 3, "ok"))
    session.commit()
    [row] = client.get(f"{here}/deliveries", headers=headers).json()["items"]
    assert (row["state"], row["next_at"], len(row["attempts"])) == ("delivered", None, 2)
    rotated = client.post(f"{here}/rotate", headers=headers).json()
    assert rotated["secret"] != secret
    assert rotated["old_secret_until"]
    off = client.patch(here, json={"active": False}, headers=headers).json()
    assert (off["active"], off["disabled"]) == (False, "Switched off by its owner.")
    assert client.post(f"{here}/test", headers=headers).json()["code"] == "webhook_off"
    assert client.patch(here, json={"active": True}, headers=headers).json()["active"]
    assert client.delete(here, headers=headers).status_code == 204
    assert session.query(Webhook).count() == session.query(Delivery).count() == 0


def test_nobody_sees_or_touches_anothers(client, world, session):
    ada, eve = world.token(world.person()), world.token(world.person())
    owner = world.token(world.organizer)
    mine = client.post(MINE, json=GIVEN, headers=ada).json()["ref"]
    theirs = client.post(PAIRS, json=GIVEN, headers=owner).json()["ref"]
    message = client.post(f"{PAIRS}/{theirs}/test", headers=owner).json()["ref"]
    for headers, ref in ((eve, mine), (eve, theirs), (owner, theirs), (ada, theirs)):
        for method, path in (("GET", "/deliveries"), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test")):
            answer = client.request(method, f"{MINE}/{ref}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "webhook_not_found")
    assert client.get(PAIRS, headers=eve).json()["code"] == "not_allowed"
    assert client.get(f"{PAIRS}/{mine}/deliveries", headers=owner).status_code == 404
    stolen = client.post(f"{MINE}/{mine}/deliveries/{message}/resend", headers=ada)
    assert stolen.json()["code"] == "webhook_not_found"
    assert [row["ref"] for row in client.get(MINE, headers=ada).json()["items"]] == [mine]
    assert [row["ref"] for row in client.get(PAIRS, headers=owner).json()["items"]] == [theirs]
    narrow = world.token(world.person(), "read")
    assert client.post(MINE, json=GIVEN, headers=narrow).json()["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"url": "http://example.org/"}, "webhook_url_refused"),
        ({"url": "https://127.0.0.1/"}, "webhook_url_refused"),
        ({"url": "https://[fd00::1]/"}, "webhook_url_refused"),
        ({"url": "https://a:b@example.org/"}, "webhook_url_refused"),
        ({"url": "file:///etc/passwd"}, "payload_invalid"),
        ({"events": []}, "payload_invalid"),
        ({"events": ["submission.deleted"]}, "payload_invalid"),
        ({"secret": "whsec_mine"}, "payload_invalid"),
    ],
)
def test_what_does_not_fit_is_refused_when_made_and_when_changed(client, world, given, code):
    headers = world.token(world.person())
    assert client.post(MINE, json=GIVEN | given, headers=headers).json()["code"] == code
    ref = client.post(MINE, json=GIVEN, headers=headers).json()["ref"]
    answer = client.patch(f"{MINE}/{ref}", json=given, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_there_are_ten_at_most_and_the_audit_holds_no_address(client, world, session):
    headers = world.token(world.organizer)
    assert {client.post(PAIRS, json=GIVEN, headers=headers).status_code for _ in range(10)} == {201}
    assert client.post(PAIRS, json=GIVEN, headers=headers).json()["code"] == "webhook_limit"
    rows = session.query(AuditEvent).filter_by(action="webhook.created", competition="pairs").all()
    assert len(rows) == 10
    assert rows[0].after["host"] == "hooks.example.org"
    assert "token" not in str(rows[0].after)
