"""doctor: a line for each thing looked at, and exit 7 as soon as one fails."""

import importlib.util
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from app.client import config
from tests.client.server import Answer, Fake, Palmares, problem

READY = {"status": "ok", "checks": {"database": "ok", "broker": "ok", "storage": "ok", "workers": "ok"}}


@pytest.fixture
def healthy(fake: Fake) -> Fake:
    """A server where all is well."""
    fake.on("GET", "/healthz", {"status": "ok"})
    fake.on("GET", "/readyz", READY)
    fake.on("GET", "/me", {"username": "ada", "role": "participant", "token": {"expires_at": "2027-01-01T00:00:00Z"}})
    return fake


def results(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {check["name"]: check["result"] for check in document["checks"]}


def test_all_is_well(signed_in: Palmares, healthy: Fake) -> None:
    done = signed_in("doctor")
    assert done.code == 0
    assert "ok    server: " in done.out
    found = signed_in("doctor", "--json")
    assert (found.code, found.document["ok"]) == (0, True)
    expected = {"palmares", "model", "configuration", "server", "clock", "service", "token"}
    assert set(results(found.document)) == expected


def failing(fake: Fake, what: str) -> None:
    if what == "token":
        fake.on("GET", "/me", problem(401, "token_invalid"))
    elif what == "service":
        checks = {"database": "ok", "workers": "no worker answers"}
        fake.on("GET", "/readyz", Answer({"status": "unavailable", "checks": checks}, 503))
    elif what == "clock":
        late = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
        fake.on("GET", "/healthz", Answer({"status": "ok"}, headers={"Date": late}))
    else:
        fake.on("GET", "/healthz", Answer(b"<html>", 404, {"Content-Type": "text/html"}))


@pytest.mark.parametrize("what", ["server", "service", "clock", "token"])
def test_each_failure_is_named_and_ends_with_7(signed_in: Palmares, healthy: Fake, what: str) -> None:
    failing(healthy, what)
    found = signed_in("doctor", "--json")
    assert (found.code, found.document["ok"]) == (7, False)
    assert [name for name, result in results(found.document).items() if result == "fail"] == [what]
    assert "fix:" in signed_in("doctor").out


def test_a_service_that_is_not_ready_says_which_part(signed_in: Palmares, healthy: Fake) -> None:
    failing(healthy, "service")
    assert "workers: no worker answers" in signed_in("doctor").out


def test_without_a_token_it_is_only_a_note(palmares: Palmares, healthy: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMARES_URL", healthy.url)
    done = palmares("doctor", "--json")
    assert (done.code, results(done.document)["token"]) == (0, "note")


def test_without_the_model_it_says_how_to_get_it(
    signed_in: Palmares, healthy: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = signed_in("doctor")
    assert done.code == 0
    assert "pip install 'palmares[models]'" in done.out


def test_a_readable_configuration_fails(palmares: Palmares, healthy: Fake) -> None:
    config.remember(healthy.url, "plm_kept", "tok_1", "ada")
    Path(config.path()).chmod(0o644)
    done = palmares("doctor")
    assert done.code == 7
    assert "chmod 600" in done.out
    assert "plm_kept" not in done.out
