"""`rescore`: one command to begin and to go on, and what it shows before anything changes."""

import json
from pathlib import Path

from tests.client.server import Fake, Palmares

PHASE = "/competitions/pairs/phases/main"
OPEN = {
    "ref": "res_1", "competition": "pairs", "phase": "main", "state": "open", "reason": "s_001 was wrong",
    "truth_version": 2, "plan": {}, "total": 3, "done": 3, "failed": 0, "remaining": 0, "kept": [],
    "created_at": "2026-03-01T12:00:00Z", "ends_at": None, "ended_at": None,
}  # fmt: skip
MOVES = {
    "version": 1, "rescore": "res_1", "state": "open", "complete": True, "board": "main", "key": "final", "entries": 2,
    "changed": 2, "moved": 2,
    "moves": [
        {"participant": "ben", "team": False, "baseline": False, "old": {"rank": 2, "ref": "sub_b", "value": 0.6},
         "new": {"rank": 1, "ref": "sub_b", "value": 0.7}, "places": 1, "change": 0.1, "items_changed": 1,
         "items": {"s_001": 0.5}},
        {"participant": "ada", "team": False, "baseline": False, "old": {"rank": 1, "ref": "sub_a", "value": 0.8},
         "new": None, "places": None, "change": None, "items_changed": 0, "items": {}},
    ],
    "items": [{"item_id": "s_001", "entries": 1, "mean_change": 0.5}],
}  # fmt: skip


def ready(fake: Fake, *found: dict) -> None:
    fake.on("GET", f"{PHASE}/rescores", {"items": list(found), "next_cursor": None})
    fake.on("GET", "/rescores/res_1", OPEN)
    fake.on("GET", "/rescores/res_1/moves", MOVES)


def test_a_new_truth_is_given_judged_and_shown(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    ready(fake)
    truth = tmp_path / "truth.jsonl"
    truth.write_text("{}")
    given = {"version": 2, "n_items": 1, "sha256": "0" * 64, "created_at": OPEN["created_at"], "current": False}
    fake.on("PUT", f"{PHASE}/truth", given | {"argues_against": ["s_001"]})
    fake.on("POST", f"{PHASE}/rescores", OPEN | {"done": 1, "remaining": 2})
    told = signed_in("rescore", "pairs/main", "--preview", "--truth", truth, "--reason", "s_001 was wrong")
    assert told.code == 0
    assert [line.split() for line in told.out.splitlines()[1:]] == [
        ["ben", "2", "1", "0.6000", "0.7000", "+0.1000", "1"], ["ada", "1", "–", "0.8000", "–", "0"],
    ]  # fmt: skip
    for words in (
        "1 references argue against",
        "3 of 3 judged",
        "2 of 2 entries change",
        "s_001: 1 entries",
        "--apply",
    ):
        assert words in told.err
    sent = json.loads(fake.asked("POST", f"{PHASE}/rescores")[0].body)
    assert sent == {"reason": "s_001 was wrong", "truth_version": 2}


def test_the_open_one_is_gone_on_with_and_applied(signed_in: Palmares, fake: Fake) -> None:
    ready(fake, OPEN)
    assert signed_in("rescore", "pairs/main", "--preview").code == 0
    assert fake.asked("POST", f"{PHASE}/rescores") == []
    fake.on("POST", "/rescores/res_1/apply", OPEN | {"state": "applied"})
    told = signed_in("rescore", "pairs/main", "--apply", "--skip-failed", "--json").document
    assert (told["state"], told["moves"]["moved"]) == ("applied", 2)
    assert fake.asked("POST", "/rescores/res_1/apply")[0].query == {"skip_failed": "true"}
    fake.on("POST", "/rescores/res_1/cancel", OPEN | {"state": "cancelled"})
    assert "cancelled" in signed_in("rescore", "pairs/main", "--cancel").err


def test_what_cannot_be_meant_is_refused(signed_in: Palmares, fake: Fake) -> None:
    ready(fake)
    assert signed_in("rescore", "pairs/main", "--apply", "--cancel").code == 2
    assert "never judged anew" in signed_in("rescore", "pairs/main", "--apply").err


def test_versions_of_a_truth(signed_in: Palmares, fake: Fake) -> None:
    one = {"version": 1, "n_items": 2, "sha256": "a" * 64, "created_at": OPEN["created_at"], "current": True}
    fake.on("GET", f"{PHASE}/truth", {"items": [one]})
    assert signed_in("truth", "list", "pairs/main").out.splitlines()[1].split()[:3] == ["1", "2", "yes"]
