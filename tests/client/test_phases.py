"""Phases moved by hand: what is sent, from which version, and what is said of it."""

import json
from typing import Any

import pytest

from tests.client.server import Fake, Palmares, problem

PATH = "/competitions/photos/phases/dev"
DONE = {"slug": "photos", "version": 8, "changes": [{"path": "phases.dev.paused", "old": False, "new": True}]}
END = "2026-12-01T00:00:00+00:00"


def phase(status: str, ends_at: str | None = END) -> dict[str, Any]:
    found = {"slug": "dev", "status": status, "starts_at": "2026-11-01T00:00:00Z", "ends_at": ends_at}
    return {"slug": "photos", "version": 7, "phases": [found]}


CASES = {
    "open an upcoming one": (["open"], "upcoming", {"starts_at": "now"}, '"7"'),
    "open it later": (["open", "--at", "+2h"], "upcoming", {"starts_at": "+2h"}, '"7"'),
    "open it again": (["open"], "closed", {"ends_at": None}, '"7"'),
    "open it again for a while": (["open", "--until", "+3d"], "closed", {"ends_at": "+3d"}, '"7"'),
    "close": (["close"], "open", {"ends_at": "now"}, "*"),
    "close later": (["close", "--at", "2026-12-01T00:00Z"], "open", {"ends_at": "2026-12-01T00:00Z"}, "*"),
    "extend from its end": (["extend", "--until", "+2h"], "open", {"ends_at": "2026-12-01T02:00:00+00:00"}, '"7"'),
    "extend what has ended": (["extend", "--until", "+2h"], "closed", {"ends_at": "+2h"}, '"7"'),
    "extend to a time": (["extend", "--until", "2027-01-01T00:00Z"], "open", {"ends_at": "2027-01-01T00:00Z"}, '"7"'),
    "pause": (["pause"], "open", {"paused": True}, "*"),
    "resume": (["resume"], "open", {"paused": False}, "*"),
    "freeze": (["freeze"], "open", {"frozen": True}, "*"),
    "unfreeze": (["unfreeze"], "open", {"frozen": False}, "*"),
    "publish": (["publish"], "closed", {"published": True}, "*"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_sent_from_which_version(signed_in: Palmares, fake: Fake, name: str) -> None:
    (verb, *options), status, body, if_match = CASES[name]
    fake.on("GET", "/competitions/photos", phase(status))
    fake.on("PATCH", PATH, DONE)
    done = signed_in("phase", verb, "photos/dev", *options)
    assert (done.code, done.out) == (0, "phases.dev.paused: False -> True\n")
    [sent] = fake.asked("PATCH", PATH)
    assert (json.loads(sent.body), sent.headers["If-Match"]) == (body, if_match)


def test_a_change_of_somebody_else_between_is_not_overwritten(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", phase("open"))
    fake.on("PATCH", PATH, problem(412, "precondition_failed", version=9))
    done = signed_in("phase", "extend", "photos/dev", "--until", "+2h", "--json")
    assert (done.code, done.document["error"]["version"]) == (4, 9)


def test_no_phase_and_no_end_are_said_before_anything_is_sent(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", phase("open", None))
    assert (signed_in("phase", "close", "photos").code, signed_in("phase", "open", "photos/no").code) == (2, 2)
    done = signed_in("phase", "extend", "photos/dev", "--until", "+2h")
    assert (done.code, "no end" in done.err) == (2, True)
    assert fake.asked("PATCH", PATH) == []


def test_nothing_changed_is_said_and_json_is_versioned(signed_in: Palmares, fake: Fake) -> None:
    fake.on("PATCH", PATH, {**DONE, "changes": []})
    done = signed_in("phase", "pause", "photos/dev")
    assert (done.code, done.out) == (0, "")
    assert "nothing changed" in done.err
    found = signed_in("phase", "pause", "photos/dev", "--json").document
    assert (found["version"], found["competition_version"]) == (1, 8)


def test_carry_tells_how_many_and_what_is_still_to_come(signed_in: Palmares, fake: Fake) -> None:
    fake.on("POST", f"{PATH}/carry", {"carried": 3, "pending": 1})
    done = signed_in("phase", "carry", "photos/dev")
    assert (done.code, done.out) == (0, "carried: 3\n")
    assert "1 are still being judged" in done.err
