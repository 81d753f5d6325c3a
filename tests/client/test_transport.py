"""The way to a server: retries that cannot count twice, Retry-After, pages, and where the token goes."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.client import config
from app.client.exits import Problem
from app.client.http import Client
from app.client.transport import PAUSES
from tests.client.server import Answer, Fake, Palmares, problem


@pytest.fixture
def client(fake: Fake, pauses: list[float]) -> Client:
    """A client for the running server; no pause is really made."""
    return Client(config.Server(fake.url, "plm_test"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_read_is_tried_again_until_the_server_is_back(client: Client, fake: Fake, pauses: list[float]) -> None:
    fake.on("GET", "/me", problem(503, "service_unavailable"), problem(502, "bad"), {"username": "ada"})
    assert client.get("/me") == {"username": "ada"}
    assert pauses == list(PAUSES[:2])


def test_the_servers_own_time_goes_before_ours(client: Client, fake: Fake, pauses: list[float]) -> None:
    limited = problem(429, "rate_limited")
    limited.headers["Retry-After"] = "7"
    fake.on("GET", "/me", limited, {"username": "ada"})
    client.get("/me")
    assert pauses == [7]


def test_a_retry_after_can_be_a_date(client: Client, fake: Fake, pauses: list[float]) -> None:
    limited = problem(429, "rate_limited")
    limited.headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    fake.on("GET", "/me", limited, {"username": "ada"})
    client.get("/me")
    assert len(pauses) == 1
    assert 20 < pauses[0] <= 30


@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [(problem(429, "limit_reached"), "5"), (problem(429, "rate_limited"), "3600"), (problem(500, "internal"), "1")],
)
def test_what_does_not_get_better_soon_is_not_waited_for(
    client: Client, fake: Fake, pauses: list[float], answer: Answer, retry_after: str
) -> None:
    answer.headers["Retry-After"] = retry_after
    fake.on("GET", "/me", answer)
    with pytest.raises(Problem) as caught:
        client.get("/me")
    assert pauses == []
    assert caught.value.extra["retry_after"] == float(retry_after)


def test_a_write_without_key_is_sent_once(client: Client, fake: Fake, pauses: list[float]) -> None:
    fake.on("POST", "/me/tokens", problem(503, "service_unavailable"))
    with pytest.raises(Problem):
        client.post("/me/tokens", {})
    assert len(fake.asked("POST", "/me/tokens")) == 1
    assert pauses == []


def test_a_body_is_sent_from_its_beginning_at_each_try(client: Client, fake: Fake) -> None:
    fake.on("POST", "/x", problem(504, "slow"), {"done": True})
    reply = client.ask("POST", "/x", body=lambda: iter([b"one", b"two"]), headers={"Content-Length": "6"}, again=True)
    assert reply.document == {"done": True}
    assert [seen.body for seen in fake.asked("POST", "/x")] == [b"onetwo", b"onetwo"]


def test_a_refusal_before_the_body_was_read_is_understood(client: Client, fake: Fake) -> None:
    refused = problem(403, "not_joined")
    refused.read_body = False
    fake.on("POST", "/x", refused)
    size = 8 * 1024 * 1024
    with pytest.raises(Problem) as caught:
        client.ask("POST", "/x", body=lambda: iter([b"x" * size]), headers={"Content-Length": str(size)}, again=True)
    assert caught.value.code == "not_joined"


def test_a_server_that_is_not_there_is_exit_7(palmares: Palmares, pauses: list[float]) -> None:
    with Client(config.Server(f"http://127.0.0.1:{free_port()}")) as client, pytest.raises(Problem) as caught:
        client.post("/auth/login", {})
    assert caught.value.exit_code == 7
    assert pauses == list(PAUSES)


def test_lists_are_read_page_by_page(client: Client, fake: Fake) -> None:
    fake.on(
        "GET",
        "/submissions",
        {"items": [1, 2], "next_cursor": "c/2"},
        {"items": [3], "next_cursor": None},
    )
    assert client.all("/submissions", state="scored", phase="") == [1, 2, 3]
    first, second = fake.asked("GET", "/submissions")
    assert first.query == {"limit": "100", "state": "scored"}
    assert second.query == {"limit": "100", "state": "scored", "cursor": "c/2"}


def test_no_more_is_read_than_asked_for(client: Client, fake: Fake) -> None:
    fake.on("GET", "/submissions", {"items": [1, 2, 3], "next_cursor": "more"})
    assert client.all("/submissions", 2) == [1, 2]
    assert fake.asked("GET", "/submissions")[0].query["limit"] == "2"


def test_the_token_travels_as_bearer_and_never_to_where_a_redirect_points(client: Client, fake: Fake) -> None:
    fake.on("GET", "/me", Answer(b"", 307, {"Location": f"{fake.url}/api/v1/elsewhere"}))
    with pytest.raises(Problem) as caught:
        client.get("/me")
    assert caught.value.code == "not_palmares"
    assert [seen.path for seen in fake.seen] == ["/api/v1/me"]
    assert fake.seen[0].headers["Authorization"] == "Bearer plm_test"


def test_without_token_the_origin_is_the_server(fake: Fake) -> None:
    fake.on("GET", "/competitions", {"items": [], "next_cursor": None})
    with Client(config.Server(fake.url)) as client:
        client.all("/competitions")
    assert "Authorization" not in fake.seen[0].headers
    assert fake.seen[0].headers["Origin"] == fake.url


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    fake.on("GET", "/me", {"username": "ada"})
    with Client(config.Server(fake.url)) as client:
        assert client.get("/me") == {"username": "ada"}


@pytest.mark.parametrize(("wanted", "lines"), [("99.0", 1), ("0.0.9", 0), ("strange", 0), ("", 0)])
def test_a_server_that_wants_a_newer_client_is_heard_once(
    palmares: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch, wanted: str, lines: int
) -> None:
    monkeypatch.setenv("PALMARES_URL", fake.url)
    pages = [{"items": [{}], "next_cursor": "more"}, {"items": [], "next_cursor": None}]
    fake.on("GET", "/competitions", *[Answer(page, headers={"Palmares-Client-Min-Version": wanted}) for page in pages])
    done = palmares("competitions", "--json")
    assert (done.code, len(done.err.splitlines())) == (0, lines)
    assert not lines or "older than this server wants (99.0)" in done.err
