"""The command, run in this process against a server of `tests.client.server`, away from the tester's own settings."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.client import main, transport
from tests.client.server import BAD, GOOD, TOKEN, Fake, Palmares, Result


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What a command makes the client's logger say ends with its test."""
    yield
    log = logging.getLogger("palmares.client")
    log.handlers = [one for one in log.handlers if isinstance(one, logging.NullHandler)]


@pytest.fixture
def fake() -> Iterator[Fake]:
    """A running server."""
    server = Fake()
    yield server
    server.stop()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the client would have made before trying again; none is really made."""
    made: list[float] = []
    monkeypatch.setattr(transport, "sleep", made.append)
    return made


@pytest.fixture
def palmares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pauses: list[float]
) -> Palmares:
    """The command, with a configuration of its own and nothing in the environment."""
    for name in ("PALMARES_URL", "PALMARES_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PALMARES_CONFIG", str(tmp_path / "config" / "config.json"))
    monkeypatch.setenv("TZ", "UTC")

    def call(*words: object) -> Result:
        capsys.readouterr()
        code = main.run([str(word) for word in words])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def signed_in(palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Palmares:
    """The command, with a token for the running server."""
    monkeypatch.setenv("PALMARES_URL", fake.url)
    monkeypatch.setenv("PALMARES_TOKEN", TOKEN)
    return palmares


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A valid submission."""
    path = tmp_path / "good.jsonl"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A submission with an answer C."""
    path = tmp_path / "bad.jsonl"
    path.write_text(BAD, encoding="utf-8")
    return path
