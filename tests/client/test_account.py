"""Signing in and out, and tokens: what is sent, what is kept, what is never shown, and no prompt without a terminal."""

import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.client import config
from tests.client.server import Answer, Fake, Palmares, problem

ME = {"username": "ada", "email": "ada@example.org", "role": "participant", "created_at": "2026-11-01T00:00:00Z"}
MADE = {
    "id": "tok_1",
    "name": "here",
    "scopes": ["read", "submit"],
    "created_at": "2026-11-23T00:00:00Z",
    "expires_at": "2027-02-21T00:00:00Z",
    "last_used_at": None,
}


@pytest.fixture
def server(fake: Fake) -> Fake:
    """A server that lets ada in."""
    fake.on("POST", "/auth/login", Answer(ME, headers={"Set-Cookie": "palmares=secret; HttpOnly; Path=/"}))
    fake.on("POST", "/auth/logout", Answer(None, 204))
    fake.on("POST", "/me/tokens", Answer({**MADE, "token": "plm_new"}, 201))
    fake.on("GET", "/me", {**ME, "token": MADE})
    return fake


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_login_trades_the_password_for_a_token(
    palmares: Palmares, server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, "open sesame \n")
    done = palmares("login", "--url", server.url, "--username", "ada", "--password-stdin", "--days", "7")
    assert done.code == 0
    assert done.out.startswith(f"signed in at {server.url} as ada")
    assert "plm_new" not in done.out + done.err
    assert config.server() == config.Server(server.url, "plm_new")
    sent = [(seen.path.removeprefix("/api/v1"), seen.headers.get("Cookie")) for seen in server.seen]
    cookie = "palmares=secret"
    assert sent == [("/auth/login", None), ("/me/tokens", cookie), ("/auth/logout", cookie), ("/me", None)]
    assert json.loads(server.seen[0].body) == {"username": "ada", "password": "open sesame "}
    asked = json.loads(server.seen[1].body)
    assert (asked["scopes"], asked["expires_in_days"]) == (["read", "submit"], 7)
    assert server.seen[3].headers["Authorization"] == "Bearer plm_new"


@pytest.mark.parametrize(
    ("role", "words", "scopes"),
    [
        ("organizer", [], ["read", "submit", "organize"]),
        ("admin", [], ["read", "submit", "organize"]),
        ("organizer", ["--scope", "read"], ["read"]),
    ],
)
def test_scopes_follow_the_role_unless_given(
    palmares: Palmares, server: Fake, monkeypatch: pytest.MonkeyPatch, role: str, words: list[str], scopes: list[str]
) -> None:
    server.on("POST", "/auth/login", {**ME, "role": role})
    given(monkeypatch, "pw\n")
    assert palmares("login", "--url", server.url, "--username", "ada", "--password-stdin", *words).code == 0
    assert json.loads(server.asked("POST", "/me/tokens")[0].body)["scopes"] == scopes


def test_a_wrong_password_keeps_nothing(palmares: Palmares, server: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    server.on("POST", "/auth/login", problem(401, "wrong_credentials"))
    given(monkeypatch, "pw\n")
    assert palmares("login", "--url", server.url, "--username", "ada", "--password-stdin").code == 4
    assert config.server(server.url).token == ""


def test_a_token_made_elsewhere_is_looked_at_before_it_is_kept(
    palmares: Palmares, server: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, "plm_elsewhere\n")
    done = palmares("login", "--url", server.url, "--token-stdin", "--json")
    assert (done.code, done.document["username"]) == (0, "ada")
    assert config.kept(server.url) == {"token": "plm_elsewhere", "id": "tok_1", "username": "ada"}
    server.on("GET", "/me", problem(401, "token_invalid"))
    given(monkeypatch, "plm_bad\n")
    assert palmares("login", "--url", server.url, "--token-stdin").code == 4
    assert config.kept(server.url)["token"] == "plm_elsewhere"


@pytest.mark.parametrize(("words", "flag"), [([], "--username"), (["--username", "ada"], "--password-stdin")])
def test_without_a_terminal_nothing_is_asked(palmares: Palmares, server: Fake, words: list[str], flag: str) -> None:
    done = palmares("login", "--url", server.url, *words)
    assert done.code == 2
    assert flag in done.err
    assert "PALMARES_TOKEN" in done.err
    assert server.seen == []


def test_on_a_terminal_the_password_is_asked_for_and_not_echoed(server: Fake, tmp_path: Path) -> None:
    near, far = pty.openpty()
    environment = {**os.environ, "PALMARES_CONFIG": str(tmp_path / "config.json"), "PALMARES_TOKEN": ""}
    command = [sys.executable, "-m", "app.client.main", "login", "--url", server.url]
    running = subprocess.Popen(
        command, stdin=far, stdout=subprocess.PIPE, stderr=far, env=environment, start_new_session=True
    )
    os.close(far)
    shown = b""
    for prompt, typed in ((b"address: ", b"ada\n"), (b"Password: ", b"open sesame\n")):
        while prompt not in shown:
            shown += os.read(near, 1024)
        time.sleep(0.05)  # the terminal stops echoing right after the prompt
        os.write(near, typed)
    out, _ = running.communicate(timeout=20)
    os.close(near)
    assert running.returncode == 0
    assert out.startswith(b"signed in at")
    assert b"sesame" not in shown + out
    assert json.loads(server.seen[0].body)["password"] == "open sesame"


def test_logout_revokes_and_forgets(palmares: Palmares, fake: Fake) -> None:
    config.remember(fake.url, "plm_kept", "tok_1", "ada")
    fake.on("DELETE", "/me/tokens/tok_1", Answer(None, 204))
    assert palmares("logout").code == 0
    assert fake.seen[0].headers["Authorization"] == "Bearer plm_kept"
    assert config.server(fake.url).token == ""
    assert palmares("logout").code == 0


@pytest.mark.parametrize(
    ("answer", "says"), [(problem(404, "token_not_found"), False), (problem(500, "internal"), True)]
)
def test_logout_forgets_even_if_the_server_did_not(palmares: Palmares, fake: Fake, answer: Answer, says: bool) -> None:
    config.remember(fake.url, "plm_kept", "tok_1", "ada")
    fake.on("DELETE", "/me/tokens/tok_1", answer)
    done = palmares("logout")
    assert done.code == 0
    assert ("did not revoke" in done.err) == says
    assert config.server(fake.url).token == ""


def test_whoami_says_until_when(signed_in: Palmares, server: Fake) -> None:
    done = signed_in("whoami")
    assert done.out.splitlines()[0] == f"ada (participant) at {server.url}"
    assert "read, submit" in done.out
    found = signed_in("whoami", "--json").document
    assert (found["username"], found["token"]["expires_at"], found["token_from_environment"]) == (
        "ada",
        "2027-02-21T00:00:00Z",
        True,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["whoami"],
        ["join", "photos"],
        ["submissions"],
        ["limits", "photos"],
        ["status", "sub_1"],
        ["watch", "sub_1"],
        ["cancel", "sub_1"],
        ["token", "list"],
        ["token", "create", "ci"],
        ["token", "revoke", "tok_1"],
    ],
)
def test_without_a_token_nothing_is_sent(
    palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("PALMARES_URL", fake.url)
    done = palmares(*words)
    assert done.code == 4
    assert "palmares login" in done.err
    assert fake.seen == []


def test_a_new_token_alone_is_on_stdout(signed_in: Palmares, server: Fake) -> None:
    done = signed_in("token", "create", "ci", "--scope", "read", "--scope", "organize", "--days", "30")
    assert (done.code, done.out) == (0, "plm_new\n")
    sent: Any = json.loads(server.asked("POST", "/me/tokens")[0].body)
    assert sent == {"name": "ci", "scopes": ["read", "organize"], "expires_in_days": 30}
    assert signed_in("token", "create", "ci", "--json").document["token"] == "plm_new"


def test_tokens_are_listed_and_revoked(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/me/tokens", {"items": [MADE], "next_cursor": None})
    fake.on("DELETE", "/me/tokens/tok_1", Answer(None, 204))
    assert "never" in signed_in("token", "list").out
    assert signed_in("token", "list", "--json").document["items"] == [MADE]
    assert signed_in("token", "revoke", "tok_1").code == 0
    assert signed_in("token", "revoke", "../tok_1").code == 2
