"""Following a submission: by the stream, by asking, and to the end of one's patience."""

import threading
from collections.abc import Iterator

import pytest

from app.client import config, waiting
from app.client.exits import Problem
from app.client.http import Client
from tests.client.server import Answer, Fake, events, problem, submission

PATH = "/submissions/sub_7h3k9q2m"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between two questions; none is really made."""
    made: list[float] = []
    monkeypatch.setattr(waiting, "sleep", made.append)
    return made


@pytest.fixture
def client(fake: Fake, pauses: list[float], slept: list[float]) -> Client:
    """A client for the running server."""
    return Client(config.Server(fake.url, "plm_test"))


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Keeps a stream open until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_the_stream_alone_tells_every_stage(
    client: Client, fake: Fake, held: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    states = [submission("queued"), submission("validating"), submission("scoring"), submission("scored")]
    fake.on("GET", f"{PATH}/events", events(*states, hold=held))
    final = waiting.follow(client, submission("queued"), 20)
    assert final["scores"]["final"]["value"] == 0.8123
    assert capsys.readouterr().err.splitlines() == ["queued, place 3 of 12", "validating", "scoring", "scored"]
    assert fake.asked("GET", PATH) == []
    assert fake.asked("GET", f"{PATH}/events")[0].headers["Authorization"] == "Bearer plm_test"


@pytest.mark.parametrize(
    "stream",
    [
        problem(404, "not_found"),
        Answer(b"<html>", headers={"Content-Type": "text/html"}),
        events(submission("validating")),
        Answer(b"event: state\ndata: {broken\n\n", headers={"Content-Type": "text/event-stream"}),
        Answer(b"event: state\ndata: [1]\n\n", headers={"Content-Type": "text/event-stream"}),
    ],
    ids=["none", "not a stream", "ends early", "broken event", "strange event"],
)
def test_without_a_good_stream_it_asks(client: Client, fake: Fake, slept: list[float], stream: Answer) -> None:
    fake.on("GET", f"{PATH}/events", stream)
    fake.on("GET", PATH, submission("validating"), submission("scoring"), submission("scored"))
    assert waiting.follow(client, submission("queued"), 20)["state"] == "scored"
    assert len(fake.asked("GET", PATH)) == 3
    assert slept == [waiting.FIRST_PAUSE, waiting.FIRST_PAUSE * 1.5]


def test_asking_keeps_to_the_pause_that_the_server_names(client: Client, fake: Fake, slept: list[float]) -> None:
    fake.on("GET", f"{PATH}/events", problem(404, "not_found"))
    fake.on("GET", PATH, Answer(submission("scoring"), headers={"Retry-After": "3"}), submission("scored"))
    waiting.follow(client, submission("queued"), 20)
    assert slept == [3]


def test_a_silent_stream_is_not_trusted_for_ever(
    client: Client, fake: Fake, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SILENCE", 0.05)
    fake.on("GET", f"{PATH}/events", events(submission("queued"), hold=held))
    fake.on("GET", PATH, submission("scoring"), submission("failed"))
    assert waiting.follow(client, submission("queued"), 20)["state"] == "failed"


@pytest.mark.parametrize("streams", [True, False])
def test_patience_ends_with_exit_8_and_how_to_go_on(
    client: Client, fake: Fake, held: threading.Event, streams: bool
) -> None:
    open_stream = events(submission("queued"), hold=held)
    fake.on("GET", f"{PATH}/events", open_stream if streams else problem(404, "not_found"))
    fake.on("GET", PATH, submission("scoring"))
    with pytest.raises(Problem) as caught:
        waiting.follow(client, submission("queued"), 0.2)
    assert caught.value.exit_code == 8
    assert "palmares watch sub_7h3k9q2m" in caught.value.fix


def test_what_is_over_is_not_waited_for(client: Client, fake: Fake) -> None:
    assert waiting.follow(client, submission("invalid"), 20)["state"] == "invalid"
    assert fake.seen == []
