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
def client(fake: Fake, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client for the running server, that waits a hundredth of the time."""
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.005)
    return Client(config.Server(fake.url, "plm_test"))


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Keeps a stream open until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def names(client: Client, seconds: float = 20) -> list[str]:
    """The states that following tells."""
    return [one["state"] for one in waiting.states(client, submission("queued"), seconds)]


def test_the_stream_alone_tells_every_stage(client: Client, fake: Fake, held: threading.Event) -> None:
    states = [submission("queued"), submission("validating"), submission("scoring"), submission("scored")]
    fake.on("GET", f"{PATH}/events", events(*states, hold=held))
    *_, final = told = list(waiting.states(client, submission("queued"), 20))
    assert final["scores"]["final"]["value"] == 0.8123
    assert [one["state"] for one in told] == ["queued", "queued", "validating", "scoring", "scored"]
    assert fake.asked("GET", PATH) == []
    assert fake.asked("GET", f"{PATH}/events")[0].headers["Authorization"] == "Bearer plm_test"


@pytest.mark.parametrize(
    "stream",
    [
        problem(404, "not_found"),
        Answer(b"<html>", headers={"Content-Type": "text/html"}),
        Answer(b"event: state\ndata: {broken\n\n", headers={"Content-Type": "text/event-stream"}),
        Answer(b"event: state\ndata: [1]\n\n", headers={"Content-Type": "text/event-stream"}),
    ],
    ids=["none", "not a stream", "broken event", "strange event"],
)
def test_without_a_good_stream_it_asks(client: Client, fake: Fake, stream: Answer) -> None:
    fake.on("GET", f"{PATH}/events", stream)
    fake.on("GET", PATH, submission("validating"), submission("scoring"), submission("scored"))
    assert names(client) == ["queued", "validating", "scoring", "scored"]
    assert len(fake.asked("GET", PATH)) == 3


def test_what_is_refused_for_good_is_not_asked_for_again(client: Client, fake: Fake) -> None:
    fake.on("GET", f"{PATH}/events", problem(404, "not_found"))
    fake.on("GET", PATH, *[submission("scoring")] * 8, submission("scored"))
    names(client)
    assert len(fake.asked("GET", f"{PATH}/events")) == 1


def test_a_broken_stream_is_taken_up_from_its_last_event(
    client: Client, fake: Fake, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Answer(b"id: validating-1\n" + events(submission("validating")).document.removeprefix(b": ping\n\n"))
    first.headers = {"Content-Type": "text/event-stream"}
    away = problem(503, "service_unavailable")
    fake.on("GET", f"{PATH}/events", first, away, events(submission("scored"), hold=held))
    fake.on("GET", PATH, Answer(submission("validating"), headers={"Retry-After": "15"}))
    assert names(client) == ["queued", "validating", "validating", "scored"], "asked once, then the stream was back"
    assert [one.headers.get("Last-Event-ID") for one in fake.asked("GET", f"{PATH}/events")] == [
        None, "validating-1", "validating-1",
    ]  # fmt: skip


def test_asking_slows_down_and_keeps_to_the_pause_that_the_server_names(
    client: Client, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    real = waiting._Stream.next
    monkeypatch.setattr(waiting._Stream, "next", lambda self, pause: waited.append(pause) or real(self, min(pause, 1)))
    fake.on("GET", f"{PATH}/events", problem(404, "not_found"))
    named = Answer(submission("scoring"), headers={"Retry-After": "1"})
    fake.on("GET", PATH, submission("scoring"), submission("scoring"), named, submission("scored"))
    names(client)
    assert waited[1:] == pytest.approx([0.005, 0.0075, 1])


def test_a_silent_stream_is_not_trusted_for_ever(
    client: Client, fake: Fake, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SILENCE", 0.05)
    fake.on("GET", f"{PATH}/events", events(submission("queued"), hold=held))
    fake.on("GET", PATH, submission("scoring"), submission("failed"))
    assert names(client)[-1] == "failed"


@pytest.mark.parametrize("streams", [True, False])
def test_patience_ends_with_exit_8_and_how_to_go_on(
    client: Client, fake: Fake, held: threading.Event, streams: bool
) -> None:
    open_stream = events(submission("queued"), hold=held)
    fake.on("GET", f"{PATH}/events", open_stream if streams else problem(404, "not_found"))
    fake.on("GET", PATH, submission("scoring"))
    with pytest.raises(Problem) as caught:
        names(client, 0.2)
    assert caught.value.exit_code == 8
    assert "palmares watch sub_7h3k9q2m" in caught.value.fix


def test_what_is_over_is_not_waited_for(client: Client, fake: Fake) -> None:
    assert [one["state"] for one in waiting.states(client, submission("invalid"), 20)] == ["invalid"]
    assert fake.seen == []
