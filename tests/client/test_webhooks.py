"""Webhooks by command: a secret goes to stdout alone, and a test says what the receiver did."""

import json
from typing import Any

import pytest

from app.client import webhooks
from tests.client.server import Answer, Fake, Palmares

HOOK: dict[str, Any] = {
    "ref": "whk_1", "competition": None, "url": "https://a.org/h", "events": ["phase.opened"], "active": True,
    "disabled": "", "failures": 0, "created_by": "ada", "created_at": "2026-11-23T10:00:00Z",
}  # fmt: skip
SENT: dict[str, Any] = {
    "ref": "msg_1", "event": "webhook.ping", "state": "waiting", "tries": 0, "created_at": "2026-11-23T10:00:00Z",
    "next_at": "2026-11-23T10:00:00Z", "body": "{}", "attempts": [],
}  # fmt: skip
TRIED = {"at": "2026-11-23T10:00:01Z", "status": 500, "milliseconds": 12, "answer": "no\x1b[2J", "error": "Not taken."}


def test_the_secret_is_data_and_all_else_is_talk(signed_in: Palmares, fake: Fake) -> None:
    fake.on("POST", "/me/webhooks", {**HOOK, "secret": "whsec_x", "old_secret_until": None})
    done = signed_in("webhook", "create", "https://a.org/h")
    assert (done.code, done.out, done.err) == (0, "whsec_x\n", "whk_1 tells https://a.org/h of phase.opened\n")
    assert json.loads(fake.seen[-1].body) == {"url": "https://a.org/h"}
    here = "/competitions/photos/webhooks"
    fake.on("POST", f"{here}/whk_1/rotate", {**HOOK, "secret": "whsec_y", "old_secret_until": None})
    assert signed_in("webhook", "rotate", "whk_1", "--competition", "photos").out == "whsec_y\n"


def test_changes_are_only_what_was_given(signed_in: Palmares, fake: Fake) -> None:
    fake.on("PATCH", "/me/webhooks/whk_1", {**HOOK, "disabled": "Switched off by its owner."})
    assert signed_in("webhook", "set", "whk_1", "--off").out == "whk_1 Switched off by its owner.\n"
    assert json.loads(fake.seen[-1].body) == {"active": False}
    signed_in("webhook", "set", "whk_1", "--event", "phase.closed", "--on")
    assert json.loads(fake.seen[-1].body) == {"events": ["phase.closed"], "active": True}


@pytest.mark.parametrize(
    ("state", "tried", "code", "said"),
    [
        ("delivered", {**TRIED, "status": 204, "error": ""}, 0, ""),
        ("waiting", TRIED, 7, "The receiver answered 500."),
        ("waiting", {**TRIED, "status": None, "error": "No answer within 10 seconds."}, 7, "No answer within 10"),
    ],
)
def test_a_test_says_how_the_receiver_answered(
    signed_in: Palmares, fake: Fake, monkeypatch: Any, state: str, tried: dict[str, Any], code: int, said: str
) -> None:
    monkeypatch.setattr(webhooks, "sleep", lambda _: None)
    fake.on("POST", "/me/webhooks/whk_1/test", Answer(SENT, 202))
    later = {**SENT, "state": state, "tries": 1, "attempts": [tried]}
    fake.on("GET", "/me/webhooks/whk_1/deliveries", {"items": [SENT]}, {"items": [later]})
    done = signed_in("webhook", "test", "whk_1")
    assert (done.code, said in done.err) == (code, True)
    assert "msg_1" in done.out
    assert "\x1b" not in done.out
    assert signed_in("webhook", "deliveries", "whk_1", "--json").document["items"] == [later]


def test_lists_resends_and_deletes(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/me/webhooks", {"items": [HOOK], "next_cursor": None})
    assert "whk_1  https://a.org/h  phase.opened  on" in signed_in("webhook", "list").out
    fake.on("POST", "/me/webhooks/whk_1/deliveries/msg_1/resend", Answer(SENT, 202))
    assert signed_in("webhook", "resend", "whk_1", "msg_1").code == 0
    fake.on("DELETE", "/me/webhooks/whk_1", Answer(None, 204))
    assert signed_in("webhook", "delete", "whk_1").code == 0
    assert signed_in("webhook", "delete", "../whk_1").code == 2
