"""Uploads in pieces: whatever breaks, each byte arrives once, and one submission comes of it."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.client import config, transport, uploading
from app.client.exits import Problem
from app.client.http import Client
from app.client.target import Target
from tests.client.server import GOOD, Answer, Fake, problem

DEV = Target("photos", "dev")
PLACE = "/api/v1/uploads/upl_1"


def at(offset: int) -> Answer:
    """The server stands at an offset."""
    return Answer(b"", 200, {"Upload-Offset": str(offset)})


@pytest.fixture
def client(fake: Fake, pauses: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Client:
    """A client that sends pieces of 40 bytes."""
    monkeypatch.setenv("PALMARES_CONFIG", str(tmp_path / "config" / "config.json"))
    monkeypatch.setattr(uploading, "PIECE", 40)
    monkeypatch.setattr(uploading, "sleep", pauses.append)
    fake.on("POST", "/uploads", Answer(b"", 201, {"Location": PLACE}))
    return Client(config.Server(fake.url, "plm_x"))


def bring(client: Client, file: Path) -> str:
    return uploading.upload(client, DEV, file, "Güte", "key", progress=False)


def test_it_is_announced_with_all_that_a_submission_needs_and_sent_in_pieces(
    client: Client, fake: Fake, good: Path
) -> None:
    fake.on("PATCH", "/uploads/upl_1", at(40), at(len(GOOD)))
    assert bring(client, good) == "upl_1"
    (announced,) = fake.asked("POST", "/uploads")
    told = dict(pair.split() for pair in announced.headers["Upload-Metadata"].split(","))
    plain = {name: base64.b64decode(value).decode() for name, value in told.items()}
    assert plain.pop("sha256") == uploading.files.sha256(good)
    assert plain == {"competition": "photos", "phase": "dev", "filename": "good.jsonl", "message": "Güte"}
    assert announced.headers["Upload-Length"] == str(len(GOOD))
    pieces = fake.asked("PATCH", "/uploads/upl_1")
    assert [piece.body for piece in pieces] == [GOOD.encode()[:40], GOOD.encode()[40:]]
    assert [piece.headers["Upload-Offset"] for piece in pieces] == ["0", "40"]


def test_after_a_break_it_goes_on_where_the_server_stands(
    client: Client, fake: Fake, good: Path, pauses: list[float]
) -> None:
    fake.on("PATCH", "/uploads/upl_1", problem(503, "away"), problem(409, "offset_mismatch"), at(len(GOOD)))
    fake.on("HEAD", "/uploads/upl_1", at(0), at(25))
    bring(client, good)
    assert [seen.headers["Upload-Offset"] for seen in fake.asked("PATCH", "/uploads/upl_1")] == ["0", "0", "25"]
    assert pauses == list(transport.PAUSES[:2])


def test_another_run_goes_on_and_forgets_what_is_done_or_gone(client: Client, fake: Fake, good: Path) -> None:
    fake.on("PATCH", "/uploads/upl_1", at(40), problem(403, "token_revoked"), at(len(GOOD)))
    with pytest.raises(Problem):
        bring(client, good)
    fake.on("HEAD", "/uploads/upl_1", at(40))
    fake.on("PATCH", "/uploads/upl_1", at(len(GOOD)))
    assert bring(client, good) == "upl_1"
    assert len(fake.asked("POST", "/uploads")) == 1
    memory = config.path().with_name("uploads.json")
    assert (list(json.loads(memory.read_text()).values()), memory.stat().st_mode & 0o777) == ([PLACE], 0o600)
    fake.on("HEAD", "/uploads/upl_1", Answer(b"", 404))
    bring(client, good)
    assert len(fake.asked("POST", "/uploads")) == 2
    uploading.forget("upl_1")
    assert json.loads(memory.read_text()) == {}


def test_it_gives_up_where_nothing_moves(client: Client, fake: Fake, good: Path, pauses: list[float]) -> None:
    fake.on("PATCH", "/uploads/upl_1", problem(503, "away"))
    fake.on("HEAD", "/uploads/upl_1", at(0))
    with pytest.raises(Problem, match="Sentence of away"):
        bring(client, good)
    assert pauses == list(transport.PAUSES)


@pytest.fixture
def web(session: Any) -> Iterator[Any]:
    """The application in this process."""
    from fastapi.testclient import TestClient

    from app.main import create_app

    with TestClient(create_app()) as opened:
        yield opened


class Flaky:
    """Cuts each piece at a random byte, as a line would, and hands the head on to the real application."""

    def __init__(self, client: Any, chance: random.Random) -> None:
        self.client, self.chance, self.cuts = client, chance, 0

    def close(self) -> None:
        """Nothing is open."""

    def request(self, method: str, url: str, **given: Any) -> Any:
        import httpx2

        content = given.pop("content", None)
        body = b"".join(content) if content is not None else None
        if method != "PATCH" or self.chance.random() < 0.3:
            return self.client.request(method, url, content=body, **given)
        cut = self.chance.randrange(len(body or b""))
        headers = {**given["headers"], "Content-Length": str(cut)}
        self.client.request(method, url, content=(body or b"")[:cut], **{**given, "headers": headers})
        self.cuts += 1
        raise httpx2.ReadError("the line was cut")


def test_on_a_line_that_cuts_at_random_bytes_one_whole_submission_arrives(
    client: Client, world: Any, web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import storage
    from app.settings import settings
    from app.submissions.models import Submission

    monkeypatch.setattr(settings(), "uploads_dir", tmp_path / "uploads")
    monkeypatch.setattr(uploading, "BIG", 1000)
    monkeypatch.setattr(uploading, "PIECE", 1500)
    token = world.token(world.entrant())["Authorization"].split()[1]
    with Client(config.Server("http://testserver", token)) as mine:
        flaky = Flaky(web, random.Random(5))
        mine._http = flaky  # type: ignore[assignment]
        file = tmp_path / "big.jsonl"
        file.write_text("".join(f'{{"id": "x{number}", "answer": "A"}}\n' for number in range(400)))
        first = mine.submit("pairs/main", file)
        again = mine.submit("pairs/main", file)
    assert flaky.cuts > 5
    assert first["ref"] == again["ref"]
    (row,) = world.session.query(Submission).all()
    assert storage.get(row.file_sha256) == file.read_bytes()
