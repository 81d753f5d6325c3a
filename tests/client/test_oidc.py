"""Signing in by a job's identity: only this server's audience, nothing secret told, and what is missing is said."""

import json

import pytest

from app.client import config, oidc
from app.client.exits import Problem
from tests.client.server import Answer, Fake, Palmares, problem


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """No identity, whatever runs the tests."""
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", oidc.VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_login_trades_the_identity_for_a_token_and_keeps_it(
    palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(oidc.VARIABLE, "of.gitlab.job")
    fake.on("POST", "/auth/oidc", {"token": "plm_short", "id": "tok_1", "expires_at": "2026-11-23T10:00:00Z"})
    fake.on("GET", "/me", {"username": "ada", "role": "participant"})
    done = palmares("--debug", "login", "--url", fake.url, "--oidc")
    assert done.code == 0
    assert json.loads(fake.seen[0].body) == {"token": "of.gitlab.job"}
    assert config.kept(fake.url)["token"] == "plm_short"
    assert not {"plm_short", "of.gitlab.job"} & set((done.out + done.err).split())


def test_a_refused_identity_is_exit_4(palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(oidc.VARIABLE, "of.another.job")
    fake.on("POST", "/auth/oidc", problem(403, "not_trusted"))
    assert palmares("login", "--url", fake.url, "--oidc").code == 4
    assert config.kept(fake.url) == {}


@pytest.mark.parametrize(
    "answer", [Answer({}, 403), Answer({"other": 1}), Answer(b"<html>"), Answer([1]), Answer(b"", 302)]
)
def test_an_identity_that_is_not_given_is_the_platforms_fault(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{fake.url}/api/v1/id")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of-the-runner")
    fake.on("GET", "/id", answer)
    with pytest.raises(Problem) as caught:
        oidc.exchange(config.Server(fake.url))
    assert (caught.value.code, caught.value.exit_code) == ("no_identity", 7)
    assert fake.asked("POST", "/auth/oidc") == []


def test_one_way_to_sign_in_at_a_time(palmares: Palmares) -> None:
    assert palmares("login", "--oidc", "--token-stdin").code == 2
