"""Sending and following submissions: what goes to the server, what is printed, and how it ends."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.client.server import GOOD, TOKEN, Answer, Fake, Palmares, events, problem, submission

REF = "sub_7h3k9q2m"
LIMITS: dict[str, Any] = {
    "per_day": {"limit": 5, "used": 2, "left": 3, "resets_at": "2026-11-24T00:00:00Z"},
    "total": {"limit": 100, "used": 2, "left": 98},
    "can_submit": True,
    "reason": None,
    "next_possible_at": None,
}
SUBMIT = "/competitions/photos/phases/dev/submissions"


@pytest.fixture
def server(fake: Fake) -> Fake:
    """A server that takes a submission and scores it."""
    fake.on(
        "POST", SUBMIT, Answer(submission("queued", limits=LIMITS), 202, {"Location": f"/api/v1/submissions/{REF}"})
    )
    fake.on("GET", f"/submissions/{REF}/events", events(submission("validating"), submission("scored")))
    return fake


def test_submit_says_reference_limits_and_page(signed_in: Palmares, server: Fake, good: Path) -> None:
    done = signed_in("submit", "photos/dev", good, "-m", "erste Güte")
    assert (done.code, done.out) == (0, f"{REF}\n")
    assert "today: 3 of 5 left, resets 2026-11-2" in done.err
    assert "in all: 98 of 100 left" in done.err
    assert f"page: {server.url}/submissions/{REF}" in done.err
    (sent,) = server.seen
    assert sent.body == GOOD.encode()
    assert sent.headers["X-Filename"] == "good.jsonl"
    assert sent.headers["X-Message"] == "erste%20G%C3%BCte"
    assert sent.headers["Content-Type"] == "application/octet-stream"
    key = hashlib.sha256(f"photos/dev\n{hashlib.sha256(GOOD.encode()).hexdigest()}".encode()).hexdigest()
    assert sent.headers["Idempotency-Key"] == key


def test_submit_and_wait_ends_with_score_interval_and_rank(signed_in: Palmares, server: Fake, good: Path) -> None:
    done = signed_in("submit", "photos/dev", good, "--wait")
    assert done.code == 0
    assert done.out.splitlines() == [
        REF,
        "final: 0.8123 [0.7500, 0.8700]",
        "accuracy: 0.9000 [0.8400, 0.9500]",
        "explanation: 0.7246",
        "rank: 2 of 9",
    ]
    stages = [line for line in done.err.splitlines() if line.split(",")[0] in ("queued", "validating", "scored")]
    assert stages == ["queued, place 3 of 12", "validating", "scored"]


def test_with_json_there_is_one_document(signed_in: Palmares, server: Fake, good: Path) -> None:
    sent = signed_in("submit", "photos/dev", good, "--json").document
    assert (sent["version"], sent["ref"], sent["state"], sent["limits"]) == (1, REF, "queued", LIMITS)
    final = signed_in("submit", "photos/dev", good, "--json", "--wait", "30", "--fail-under", "final=0.8").document
    assert (final["version"], final["state"], final["scores"]["final"]["value"]) == (1, "scored", 0.8123)
    assert final["below"] == []


def test_the_one_open_phase_is_found(signed_in: Palmares, server: Fake, good: Path) -> None:
    server.on("GET", "/competitions/photos", {"phases": [{"slug": "dev", "status": "open"}]})
    assert signed_in("submit", "photos", good).code == 0


def test_an_invalid_file_is_not_sent_unless_asked_for(signed_in: Palmares, server: Fake, bad: Path) -> None:
    done = signed_in("submit", "photos/dev", bad)
    assert (done.code, done.out) == (3, "")
    assert "bad.jsonl:1: bad_answer:" in done.err
    assert server.seen == []
    found = signed_in("submit", "photos/dev", bad, "--json").document
    assert [one["code"] for one in found["error"]["findings"]] == ["bad_answer"]
    assert signed_in("submit", "photos/dev", bad, "--no-check").code == 0
    assert len(server.seen) == 1


def test_the_same_key_is_sent_again_when_the_line_breaks(
    signed_in: Palmares, server: Fake, good: Path, pauses: list[float]
) -> None:
    server.on("POST", SUBMIT, problem(503, "service_unavailable"), Answer(submission(), 202))
    assert signed_in("submit", "photos/dev", good, "--idempotency-key", "my-key").code == 0
    assert [seen.headers["Idempotency-Key"] for seen in server.seen] == ["my-key", "my-key"]
    assert len(pauses) == 1


def test_a_reached_limit_is_exit_5_and_says_when(signed_in: Palmares, server: Fake, good: Path) -> None:
    server.on("POST", SUBMIT, problem(429, "limit_reached", next_possible_at="2026-11-24T00:00:00Z"))
    done = signed_in("submit", "photos/dev", good, "--json")
    assert (done.code, done.document["exit_code"]) == (5, 5)
    assert done.document["error"]["next_possible_at"] == "2026-11-24T00:00:00Z"
    assert "goes on: 2026-11-2" in done.err


FINDING = {
    "code": "unknown_id",
    "message": "No such pair.",
    "file": "a.jsonl",
    "line": 3,
    "item_id": "p_9",
    "fix": "Mend.",
}
PROBLEM = {
    "code": "worker_lost",
    "title": "Lost",
    "detail": "The worker was lost.",
    "fix": "Nothing; it costs no quota.",
}


@pytest.mark.parametrize(
    ("state", "more", "code", "says"),
    [
        ("invalid", {"findings": [FINDING], "findings_total": 1}, 3, "a.jsonl:3: unknown_id: No such pair. (p_9)"),
        ("failed", {"problem": PROBLEM}, 7, "worker_lost: The worker was lost."),
        ("cancelled", {}, 6, ""),
    ],
)
@pytest.mark.parametrize("words", [["submit", "photos/dev", "GOOD", "--wait"], ["watch", REF]])
def test_the_end_decides_the_exit_code(
    signed_in: Palmares,
    server: Fake,
    good: Path,
    words: list[str],
    state: str,
    more: dict[str, Any],
    code: int,
    says: str,
) -> None:
    server.on("GET", f"/submissions/{REF}", submission("queued"))
    server.on("GET", f"/submissions/{REF}/events", events(submission(state, **more)))
    done = signed_in(*[good if word == "GOOD" else word for word in words])
    assert done.code == code
    assert says in done.out
    with_json = signed_in(*[good if word == "GOOD" else word for word in words], "--json")
    assert (with_json.code, with_json.document["state"]) == (code, state)


@pytest.mark.parametrize(
    ("floors", "code"),
    [
        (["final=0.8123"], 0),
        (["final=0.82"], 9),
        (["final=0.8", "accuracy=0.95"], 9),
        (["explanation.semantic=0.5"], 0),
        (["explanation.semantic=0.9"], 9),
        (["beauty=0.5"], 2),
    ],
)
def test_fail_under(signed_in: Palmares, server: Fake, floors: list[str], code: int) -> None:
    server.on("GET", f"/submissions/{REF}", submission("scored"))
    parts = {"final": {"value": 0.8123}, "explanation.semantic": {"value": 0.7}, "n_items": 100}
    server.on("GET", f"/submissions/{REF}/report", parts)
    done = signed_in("watch", REF, *[word for floor in floors for word in ("--fail-under", floor)])
    assert done.code == code
    if code == 9:
        assert "below" in done.err
        assert "final: 0.8123" in done.out


@pytest.mark.parametrize("given", ["final", "final=", "final=x", "=0.5", "final=1.5", "final=nan"])
def test_a_threshold_that_is_none_is_refused(signed_in: Palmares, server: Fake, good: Path, given: str) -> None:
    assert signed_in("submit", "photos/dev", good, "--wait", "--fail-under", given).code == 2
    assert server.seen == []


def test_a_threshold_needs_a_score(signed_in: Palmares, server: Fake, good: Path) -> None:
    done = signed_in("submit", "photos/dev", good, "--fail-under", "final=0.8")
    assert done.code == 2
    assert "--wait" in done.err
    assert server.seen == []


def test_a_wait_that_is_over_is_exit_8(signed_in: Palmares, server: Fake, good: Path) -> None:
    held = threading.Event()
    server.on("GET", f"/submissions/{REF}/events", events(submission("validating"), hold=held))
    server.on("GET", f"/submissions/{REF}", submission("scoring"))
    done = signed_in("submit", "photos/dev", good, "--wait", "1")
    held.set()
    assert done.code == 8
    assert done.out == f"{REF}\n"
    assert f"palmares watch {REF}" in done.err


@pytest.mark.parametrize("words", [["watch", REF], ["submit", "photos/dev", "GOOD", "--wait"]])
def test_ctrl_c_is_exit_130_and_says_how_to_go_on(server: Fake, good: Path, tmp_path: Path, words: list[str]) -> None:
    held = threading.Event()
    server.on("GET", f"/submissions/{REF}", submission("queued"))
    server.on("GET", f"/submissions/{REF}/events", events(submission("scoring"), hold=held))
    own = {"PALMARES_URL": server.url, "PALMARES_TOKEN": TOKEN, "PALMARES_CONFIG": str(tmp_path / "config.json")}
    command = [sys.executable, "-m", "app.client.main", *[str(good) if word == "GOOD" else word for word in words]]
    running = subprocess.Popen(  # a shell in the background would have its children ignore the signal
        command,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **own},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stderr is not None
    while running.stderr.readline() != "scoring\n":
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    held.set()
    assert running.returncode == 130
    assert f"palmares watch {REF}" in said
    assert "Traceback" not in said


def test_status_says_all_there_is(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", f"/submissions/{REF}", submission("queued"), submission("scored"))
    done = signed_in("status", REF)
    assert done.code == 0
    assert done.out.splitlines()[0] == f"{REF} photos/dev: queued, place 3 of 12"
    done = signed_in("status", REF)
    assert "final: 0.8123 [0.7500, 0.8700]" in done.out
    assert "signature: palmares:0.1.0" in done.out
    assert signed_in("status", REF, "--json").document["state"] == "scored"


def test_status_of_a_bad_end_is_still_data(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", f"/submissions/{REF}", submission("invalid", findings=[FINDING], findings_total=1))
    done = signed_in("status", REF)
    assert done.code == 0
    assert "unknown_id" in done.out


def test_submissions_are_listed_and_filtered(signed_in: Palmares, fake: Fake) -> None:
    rows = [submission("scored", message="first\x1b[2J"), submission("queued", ref="sub_other")]
    fake.on("GET", "/submissions", {"items": rows, "next_cursor": None})
    done = signed_in("submissions", "photos/dev", "--state", "scored", "--limit", "20")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["submission", "phase", "sent", "state", "final", "message"]
    assert "0.8123 [0.7500, 0.8700]" in lines[1]
    assert "\x1b" not in done.out
    query = {"limit": "20", "competition": "photos", "phase": "dev", "state": "scored"}
    assert fake.seen[0].query == query
    assert len(signed_in("submissions", "--json").document["items"]) == 2
    assert fake.seen[1].query == {"limit": "50"}


def test_cancel(signed_in: Palmares, fake: Fake) -> None:
    fake.on("POST", f"/submissions/{REF}/cancel", submission("cancelled"))
    assert signed_in("cancel", REF).out == f"{REF}: cancelled\n"
    assert signed_in("cancel", REF, "--json").document["state"] == "cancelled"
    fake.on("POST", f"/submissions/{REF}/cancel", problem(409, "not_cancellable"))
    assert signed_in("cancel", REF).code == 4


def test_a_replayed_submission_is_called_so(signed_in: Palmares, server: Fake, good: Path) -> None:
    old, new = "2026-11-23T10:00:00Z", "2026-11-23T10:05:00Z"
    answer = Answer(submission("queued", created_at=old), 202, {"Date": "Mon, 23 Nov 2026 10:05:00 GMT"})
    server.on("POST", SUBMIT, answer)
    assert "was sent before" in signed_in("submit", "photos/dev", good).err
    server.on("POST", SUBMIT, Answer(submission("queued", created_at=new), 202, answer.headers))
    assert "was sent before" not in signed_in("submit", "photos/dev", good).err
