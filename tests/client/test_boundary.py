"""Whatever goes wrong: one short message, the right exit code, never a traceback unless asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.client import competitions
from tests.client.server import TOKEN, Answer, Fake, Palmares, problem


@pytest.mark.parametrize(
    "words",
    [["bogus"], ["submit"], ["submit", "x", "/nowhere.zip"], ["leaderboard", "x", "--format", "xml"], ["phase"]],
)
def test_a_wrong_command_line_is_exit_2(palmares: Palmares, words: list[str]) -> None:
    done = palmares(*words)
    assert (done.code, done.out) == (2, "")
    assert "--help" in done.err


def test_a_wrong_command_line_with_json_is_a_document(palmares: Palmares) -> None:
    done = palmares("whoami", "--json", "--bogus")
    assert done.code == 2
    assert (done.document["error"]["code"], done.document["exit_code"]) == ("usage", 2)


def test_a_bug_of_ours_is_short_and_its_traceback_on_demand(
    signed_in: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.on("GET", "/competitions", {"items": [{"slug": "x"}], "next_cursor": None})
    done = signed_in("competitions")
    assert done.code == 7
    assert "unexpected KeyError" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in signed_in("--debug", "competitions").err


def test_what_the_system_refuses_names_the_file(
    palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr(competitions, "opened", refuse)
    done = palmares("competitions")
    assert done.code == 2
    assert "palmares: /some/file: Permission denied" in done.err


def test_a_limit_says_when_it_goes_on(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/me", problem(429, "limit_reached", next_possible_at="2026-11-24T00:00:00Z"))
    done = signed_in("whoami")
    assert done.code == 5
    assert "goes on: 2026-11-2" in done.err


def test_what_the_server_says_cannot_draw(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/me", problem(400, "x\x1b[2J", detail="\x1b]0;evil\x07Sentence\u202e."))
    done = signed_in("whoami")
    assert "palmares: Sentence.\n" in done.err
    assert "\x1b" not in done.err


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    script = f"{sys.executable} -m app.client.main --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


def test_debug_shows_requests_by_id_and_never_the_token(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/me", Answer({"username": "ada", "role": "participant"}, headers={"X-Request-ID": "req-7"}))
    quiet, told = signed_in("whoami"), signed_in("--debug", "whoami")
    assert "req-7" not in quiet.err
    assert "GET /api/v1/me: 200, " in told.err
    assert "request req-7" in told.err
    assert TOKEN not in told.err + told.out
    assert "req-7" not in signed_in("whoami").err, "the next command is quiet again"
