"""Competitions, joining, phases and limits, as they are printed."""

import sys
from typing import Any

import pytest

from tests.client.server import Fake, Palmares

PHASE: dict[str, Any] = {
    "slug": "dev",
    "name": "Development",
    "status": "open",
    "starts_at": "2026-11-01T00:00:00Z",
    "ends_at": None,
    "max_submissions_per_day": 5,
    "max_submissions": None,
    "n_items": 60,
}
COMPETITION: dict[str, Any] = {
    "slug": "photos",
    "title": "Photos\x1b[31m",
    "status": "open",
    "participants": 12,
    "joined": None,
    "phases": [PHASE, {**PHASE, "slug": "final", "status": "upcoming"}],
    "terms": "",
}


def test_competitions_are_seen_without_signing_in(
    palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALMARES_URL", fake.url)
    fake.on("GET", "/competitions", {"items": [COMPETITION], "next_cursor": None})
    done = palmares("competitions")
    assert done.code == 0
    assert done.out.splitlines()[1].split() == ["photos", "Photos", "open", "dev", "12"]
    assert palmares("competitions", "--json").document["items"] == [COMPETITION]


def test_a_competition_without_terms_is_joined_at_once(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", COMPETITION)
    fake.on("POST", "/competitions/photos/join", {"competition": "photos", "status": "approved"})
    assert signed_in("join", "photos").out == "you are in: photos\n"
    assert fake.seen[-1].body == b'{"accept_terms":true}'


def test_terms_are_never_accepted_by_silence(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", {**COMPETITION, "terms": "Be kind."})
    fake.on("POST", "/competitions/photos/join", {"competition": "photos", "status": "pending"})
    done = signed_in("join", "photos")
    assert done.code == 2
    assert "--accept-terms" in done.err
    assert fake.asked("POST", "/competitions/photos/join") == []
    done = signed_in("join", "photos", "--accept-terms", "--json")
    assert (done.code, done.document["status"]) == (0, "pending")


def test_who_is_in_is_not_asked_again(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", {**COMPETITION, "terms": "Be kind.", "joined": "approved"})
    fake.on("POST", "/competitions/photos/join", {"competition": "photos", "status": "approved"})
    assert signed_in("join", "photos").out == "you are in: photos\n"


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 4), ("\n", 4), ("", 130)])
def test_on_a_terminal_the_terms_are_shown_and_asked_for(
    signed_in: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdin, "readline", lambda: answer, raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    fake.on("GET", "/competitions/photos", {**COMPETITION, "terms": "Be kind.\x1b[2J"})
    fake.on("POST", "/competitions/photos/join", {"competition": "photos", "status": "approved"})
    done = signed_in("join", "photos")
    assert done.code == code
    assert "Be kind.\n" in done.err
    assert len(fake.asked("POST", "/competitions/photos/join")) == (code == 0)


def test_phases_with_times_and_limits(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", COMPETITION)
    lines = signed_in("phase", "list", "photos").out.splitlines()
    assert [line.split()[0] for line in lines] == ["phase", "dev", "final"]
    assert "never" in lines[1]
    assert "no limit" in lines[1]
    found = signed_in("phase", "list", "photos", "--json").document
    assert (found["version"], found["competition"], len(found["items"])) == (1, "photos", 2)


def test_limits_say_what_is_left_and_why_not(signed_in: Palmares, fake: Fake) -> None:
    limits = {
        "per_day": {"limit": 5, "used": 5, "left": 0, "resets_at": "2026-11-24T00:00:00Z"},
        "total": {"limit": None, "used": 5, "left": None},
        "can_submit": False,
        "reason": {"code": "limit_reached", "detail": "Five a day."},
        "next_possible_at": "2026-11-24T00:00:00Z",
    }
    fake.on("GET", "/competitions/photos/phases/dev/limits", limits)
    done = signed_in("limits", "photos/dev")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("today: 0 of 5 left, resets 2026-11-2")
    assert lines[1].startswith("not now: Five a day. (goes on 2026-11-2")
    found = signed_in("limits", "photos/dev", "--json").document
    assert found["per_day"]["left"] == 0


def test_limits_of_a_team_in_a_rolling_window(signed_in: Palmares, fake: Fake) -> None:
    limits = {
        "per_day": {"limit": 5, "used": 1, "left": 4, "window": "rolling", "resets_at": "2026-11-24T10:00:00Z"},
        "total": {"limit": 9, "used": 7, "left": 2},
        "concurrent": {"limit": 2, "used": 1, "left": 1},
        "invalid": {"limit": 20, "used": 3, "left": 17, "window": "rolling", "resets_at": "2026-11-24T10:00:00Z"},
        "team": "Pixel\x1b[31m Peepers",
        "can_submit": True,
        "reason": None,
        "next_possible_at": "2026-11-23T12:00:00Z",
    }
    fake.on("GET", "/competitions/photos/phases/dev/limits", limits)
    team, day, *rest = signed_in("limits", "photos/dev").out.splitlines()
    assert team == "as the team Pixel Peepers"
    assert day.startswith("last 24 hours: 4 of 5 left, one more 2026-11-24 ")
    assert rest == ["in all: 2 of 9 left", "at a time: 1 of 2 left", "invalid: 17 of 20 left"]
