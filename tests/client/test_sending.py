"""Which way a file goes: small ones whole, big ones in pieces, and whole where the server takes no pieces now."""

from pathlib import Path

import pytest

from app.client import config, sending, uploading
from app.client.exits import Problem
from app.client.http import Client
from app.client.target import Target
from tests.client.server import GOOD, Answer, Fake, problem, submission

SUBMIT = "/competitions/photos/phases/dev/submissions"
DEV = Target("photos", "dev")
PLACE = "/api/v1/uploads/upl_1"


@pytest.fixture
def client(fake: Fake, pauses: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Client:
    """A client of a server that takes uploads; every file is big."""
    monkeypatch.setenv("PALMARES_CONFIG", str(tmp_path / "config" / "config.json"))
    monkeypatch.setattr(uploading, "BIG", 1)
    fake.on("POST", "/uploads", Answer(b"", 201, {"Location": PLACE}))
    fake.on("PATCH", "/uploads/upl_1", Answer(b"", 200, {"Upload-Offset": str(len(GOOD))}))
    fake.on("POST", SUBMIT, Answer(submission(), 202))
    return Client(config.Server(fake.url, "plm_x"))


def test_a_small_file_is_one_request(client: Client, fake: Fake, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BIG", 8 * 1024 * 1024)
    sending.send(client, DEV, good)
    assert [(seen.method, seen.body) for seen in fake.seen] == [("POST", GOOD.encode())]


def test_a_big_file_is_named_by_its_upload_under_the_key_of_its_content(client: Client, fake: Fake, good: Path) -> None:
    sending.send(client, DEV, good)
    (sent,) = fake.asked("POST", SUBMIT)
    assert (sent.query, sent.body) == ({"upload": "upl_1"}, b"")
    assert sent.headers["Idempotency-Key"] == sending.default_key(DEV, good)


@pytest.mark.parametrize("refusal", [problem(404, "not_found"), problem(429, "limit_reached")])
def test_where_no_upload_is_taken_the_file_goes_whole(client: Client, fake: Fake, good: Path, refusal: Answer) -> None:
    fake.on("POST", "/uploads", refusal)
    sending.send(client, DEV, good)
    (sent,) = fake.asked("POST", SUBMIT)
    assert (sent.query, sent.body) == ({}, GOOD.encode())


def test_a_refusal_that_is_one_is_told(client: Client, fake: Fake, good: Path) -> None:
    fake.on("POST", "/uploads", problem(403, "not_joined"))
    with pytest.raises(Problem) as caught:
        sending.send(client, DEV, good)
    assert caught.value.code == "not_joined"
    assert fake.asked("POST", SUBMIT) == []


@pytest.mark.parametrize(
    ("refusal", "announced"), [(problem(422, "checksum_mismatch"), 2), (problem(429, "limit_reached"), 1)]
)
def test_an_upload_that_is_no_good_is_begun_anew_by_the_next_run_and_a_good_one_is_used(
    client: Client, fake: Fake, good: Path, refusal: Answer, announced: int
) -> None:
    fake.on("HEAD", "/uploads/upl_1", Answer(b"", 200, {"Upload-Offset": str(len(GOOD))}))
    fake.on("POST", SUBMIT, refusal, Answer(submission(), 202))
    with pytest.raises(Problem):
        sending.send(client, DEV, good)
    assert sending.send(client, DEV, good).document["ref"] == "sub_7h3k9q2m"
    assert len(fake.asked("POST", "/uploads")) == announced
