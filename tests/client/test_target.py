"""SLUG[/PHASE]: the one open phase, or a sentence that names the choices."""

from pathlib import Path
from typing import Any

import pytest

from app.client import config
from app.client.exits import Problem
from app.client.http import Client
from app.client.target import Target, ref_of, resolve, slug_of, split
from tests.client.server import Fake


def phases(*states: str) -> dict[str, Any]:
    return {
        "phases": [
            {"slug": f"p{number}", "status": state, "starts_at": f"2026-12-0{number + 1}T00:00:00Z"}
            for number, state in enumerate(states)
        ]
    }


def test_a_phase_that_is_named_is_not_asked_for(fake: Fake) -> None:
    with Client(config.Server(fake.url)) as client:
        assert resolve(client, "photos/final") == Target("photos", "final")
    assert fake.seen == []


@pytest.mark.parametrize(
    ("states", "to_read", "expected"),
    [
        (("closed", "open", "upcoming"), False, "p1"),
        (("closed", "closed", "upcoming"), True, "p1"),
        (("open", "closed"), True, "p0"),
    ],
)
def test_the_one_phase_that_can_be_meant(fake: Fake, states: tuple[str, ...], to_read: bool, expected: str) -> None:
    fake.on("GET", "/competitions/photos", phases(*states))
    with Client(config.Server(fake.url)) as client:
        assert resolve(client, "photos", to_read=to_read).phase == expected


@pytest.mark.parametrize(
    ("states", "to_read", "exit_code", "says"),
    [
        (("open", "open"), False, 2, "photos/p0, photos/p1"),
        (("closed", "upcoming"), False, 4, "p1 opens"),
        (("closed",), False, 4, "no open phase."),
        (("upcoming",), True, 4, "p0 opens"),
    ],
)
def test_it_never_guesses(fake: Fake, states: tuple[str, ...], to_read: bool, exit_code: int, says: str) -> None:
    fake.on("GET", "/competitions/photos", phases(*states))
    with Client(config.Server(fake.url)) as client, pytest.raises(Problem) as caught:
        resolve(client, "photos", to_read=to_read)
    assert caught.value.exit_code == exit_code
    assert says in caught.value.detail


@pytest.mark.parametrize("text", ["", "/", "a/", "/b", "a/b/c", "../x", "a b", "a/..", "a?x", "ä"])
def test_what_is_no_name_never_becomes_a_path(text: str) -> None:
    with pytest.raises(Problem) as caught:
        split(text)
    assert caught.value.exit_code == 2


def test_a_phase_where_only_a_competition_is_meant() -> None:
    assert slug_of("photos") == "photos"
    with pytest.raises(Problem, match="names a phase"):
        slug_of("photos/dev")


def test_refs_are_names_too() -> None:
    assert ref_of("sub_7h3k9q2m") == "sub_7h3k9q2m"
    with pytest.raises(Problem):
        ref_of("../me")


def test_a_dot_is_the_competition_of_the_environment_or_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PALMARES_COMPETITION", raising=False)
    with pytest.raises(Problem, match="No competition is named"):
        split(".")
    (tmp_path / ".palmares.toml").write_text('competition = "photos/dev"\n')
    assert (split("."), slug_of(".")) == (("photos", "dev"), "photos")
    monkeypatch.setenv("PALMARES_COMPETITION", "prints")
    assert split(".") == ("prints", "")
    monkeypatch.setenv("PALMARES_COMPETITION", "../x")
    with pytest.raises(Problem, match="is not SLUG"):
        split(".")
    monkeypatch.delenv("PALMARES_COMPETITION")
    (tmp_path / ".palmares.toml").write_text("competition = 3")
    with pytest.raises(Problem, match="No competition is named"):
        split(".")
    (tmp_path / ".palmares.toml").write_text("competition")
    with pytest.raises(Problem, match="cannot be read"):
        split(".")
