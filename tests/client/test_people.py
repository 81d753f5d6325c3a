"""Participants and organizers, as organizers change and list them."""

import json
from typing import Any

import pytest

from tests.client.server import Answer, Fake, Palmares

ADA: dict[str, Any] = {
    "username": "ada",
    "status": "banned",
    "reason": "Two\x1b[31m accounts",
    "baseline": False,
    "terms_version": 1,
    "joined_at": "2026-11-23T10:00:00Z",
}


def test_the_list_is_filtered_and_draws_nothing(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos/participants", {"items": [ADA], "next_cursor": None})
    done = signed_in("participants", "list", "photos", "--status", "banned")
    assert "ada" in done.out
    assert "Two accounts" in done.out
    assert fake.asked("GET", "/competitions/photos/participants")[0].query["status"] == "banned"
    fake.on("GET", "/competitions/photos/participants.csv", Answer(b"username\nada\n"))
    words = ["participants", "list", "photos", "--status", "banned", "--format", "csv"]
    assert signed_in(*words).out == "username\nada\n"
    assert fake.asked("GET", "/competitions/photos/participants.csv")[0].query == {"status": "banned"}


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (["approve"], {"status": "approved"}),
        (["deny"], {"status": "denied", "reason": ""}),
        (["ban", "--reason", "Cheats."], {"status": "banned", "reason": "Cheats."}),
        (["unban"], {"status": "approved"}),
        (["baseline"], {"baseline": True}),
        (["baseline", "--off"], {"baseline": False}),
    ],
)
def test_each_verb_sends_its_decision_for_every_user(
    signed_in: Palmares, fake: Fake, words: list[str], sent: dict[str, Any]
) -> None:
    for user in ("ada", "grace"):
        fake.on("PATCH", f"/competitions/photos/participants/{user}", {**ADA, "username": user})
    done = signed_in("participants", words[0], "photos", "ada", "grace", *words[1:])
    assert (done.code, done.out) == (0, "ada: banned\ngrace: banned\n")
    for user in ("ada", "grace"):
        assert [json.loads(seen.body) for seen in fake.asked("PATCH", f"/competitions/photos/participants/{user}")] == [
            sent
        ]


def test_organizers_are_added_transferred_and_removed(signed_in: Palmares, fake: Fake) -> None:
    both = {"items": [{"username": "org", "owner": True}, {"username": "ada", "owner": False}]}
    fake.on("PUT", "/competitions/photos/organizers/ada", both)
    fake.on("POST", "/competitions/photos/organizers/ada/transfer", both)
    fake.on("DELETE", "/competitions/photos/organizers/ada", Answer(status=204))
    assert signed_in("organizers", "add", "photos", "ada").out.split() == ["organizer", "owner", "org", "yes", "ada"]
    assert signed_in("organizers", "transfer", "photos", "ada", "--json").document["items"] == both["items"]
    assert signed_in("organizers", "remove", "photos", "ada").code == 0
