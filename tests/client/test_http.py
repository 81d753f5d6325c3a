"""`palmares.Client`: cheap to import, lazy in its lists, silent, and the same requests as the commands'."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

import app
from app.client import waiting
from app.client.exits import Problem
from app.client.http import Client
from tests.client.server import GOOD, Answer, Fake, events, problem, submission

REF = "sub_7h3k9q2m"


@pytest.fixture
def client(fake: Fake, pauses: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Client:
    """A client for the running server."""
    monkeypatch.setenv("PALMARES_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.005)
    return Client(fake.url, token="plm_given")


def test_the_package_offers_it_and_importing_the_package_costs_nothing() -> None:
    assert app.Client is Client
    assert app.Problem is Problem
    with pytest.raises(AttributeError, match="no attribute 'Server'"):
        app.Server  # noqa: B018
    script = "import sys; before = set(sys.modules); import app; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    came = {name.partition(".")[0] for name in done.stdout.split()}
    assert came - sys.stdlib_module_names == {"app"}
    assert "app.client" not in done.stdout


def test_the_environment_counts_where_nothing_is_given(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMARES_URL", fake.url)
    monkeypatch.setenv("PALMARES_TOKEN", "plm_env")
    fake.on("GET", "/me", {"username": "ada"})
    with Client() as of_environment, Client(token="plm_mine") as mine:
        assert of_environment.me()["username"] == mine.me()["username"] == "ada"
    assert [seen.headers["Authorization"] for seen in fake.seen] == ["Bearer plm_env", "Bearer plm_mine"]


def test_submit_and_wait_say_nothing_and_survive_a_broken_line(
    client: Client, fake: Fake, good: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    away = problem(503, "service_unavailable")
    away.headers["Retry-After"] = "2"
    fake.on("POST", "/competitions/photos/phases/dev/submissions", away, Answer(submission(), 202))
    fake.on("GET", f"/submissions/{REF}", submission("queued"))
    fake.on("GET", f"/submissions/{REF}/events", events(submission("scoring"), submission("scored")))
    sent = client.submit("photos/dev", str(good), "Güte")
    assert [one["state"] for one in client.watch(sent["ref"])] == ["queued", "scoring", "scored"]
    assert client.wait(sent["ref"])["scores"] == submission("scored")["scores"]
    first, second = fake.asked("POST", "/competitions/photos/phases/dev/submissions")
    assert (first.body, second.body) == (GOOD.encode(), GOOD.encode())
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert capfd.readouterr() == ("", "")


def test_a_wait_that_is_over_is_a_problem(client: Client, fake: Fake) -> None:
    fake.on("GET", f"/submissions/{REF}", submission("scoring"))
    fake.on("GET", f"/submissions/{REF}/events", problem(404, "not_found"))
    with pytest.raises(Problem) as caught:
        client.wait(REF, timeout=0.05)
    assert (caught.value.code, caught.value.extra["ref"]) == ("wait_timed_out", REF)


def test_a_page_is_asked_for_when_it_is_needed(client: Client, fake: Fake) -> None:
    pages = [{"items": [{"ref": f"sub_{page}{n}"} for n in range(2)], "next_cursor": f"c{page}"} for page in range(9)]
    fake.on("GET", "/submissions", *pages)
    refs = [one["ref"] for one in islice(client.submissions("photos/dev", state="scored"), 3)]
    assert refs == ["sub_00", "sub_01", "sub_10"]
    assert [seen.query.get("cursor") for seen in fake.seen] == [None, "c0"]
    assert fake.seen[0].query["phase"] == "dev"


def test_what_organizers_do_is_sent_so_that_it_can_be_repeated(client: Client, fake: Fake, good: Path) -> None:
    fake.on("PATCH", "/competitions/photos/phases/dev", problem(502, "away"), {"changes": []})
    fake.on("PATCH", "/competitions/photos/participants/a%20b", {"status": "approved"})
    fake.on("PUT", "/competitions/photos/phases/dev/truth", {"version": 2})
    client.change("photos/dev", paused=True)
    client.decide("photos", "a b", status="approved")
    assert client.put_truth("photos/dev", good)["version"] == 2
    first, second, decided, put = fake.seen
    assert json.loads(second.body) == {"paused": True}
    assert (first.headers["If-Match"], put.body) == ("*", GOOD.encode())
    assert json.loads(decided.body) == {"status": "approved"}


@pytest.mark.parametrize(
    ("call", "path", "query"),
    [
        (lambda c: c.leaderboard("photos/dev", board="late"), "/competitions/photos/phases/dev/leaderboard", "late"),
        (lambda c: c.compare("sub_1", "sub_2"), "/submissions/sub_1/comparison", "sub_2"),
        (lambda c: c.overall("photos"), "/competitions/photos/leaderboard", None),
        (lambda c: c.limits("photos/dev"), "/competitions/photos/phases/dev/limits", None),
        (lambda c: c.report("sub_1"), "/submissions/sub_1/report", None),
    ],
)
def test_each_read_has_its_path(client: Client, fake: Fake, call, path, query) -> None:  # type: ignore[no-untyped-def]
    fake.on("GET", path, {"found": True})
    assert call(client) == {"found": True}
    assert list(fake.seen[0].query.values()) == ([query] if query else [])


@pytest.mark.parametrize("ref", ["../me", "a/b", "", "a?b"])
def test_no_reference_becomes_another_path(client: Client, fake: Fake, ref: str) -> None:
    with pytest.raises(Problem):
        client.submission(ref)
    assert fake.seen == []
