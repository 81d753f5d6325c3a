"""Uploads in pieces: what came is kept, what does not continue it is refused, and one becomes one submission."""

import asyncio
import base64
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from starlette.requests import ClientDisconnect

from app.competitions.models import Phase
from app.settings import settings
from app.submissions import uploads
from app.submissions.models import PendingUpload, Submission

GOOD = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n{"id": "s_000", "answer": "B", "explanation": "y"}\n'
PHASE = "/api/v1/competitions/pairs/phases/main"
PIECE = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(settings(), "uploads_dir", tmp_path / "uploads")


def metadata(**values: str) -> str:
    told = {"competition": "pairs", "phase": "main", "filename": "p.jsonl", **values}
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items() if value)


@pytest.fixture
def who(client, world):
    """An entrant's headers."""
    return world.token(world.entrant())


@pytest.fixture
def announced(client, who):
    """Announces a file and gives its address."""

    def announce(length: int = len(GOOD), **values: str) -> str:
        answer = client.post(
            "/api/v1/uploads", headers={**who, "Upload-Length": str(length), "Upload-Metadata": metadata(**values)}
        )
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    return announce


def test_pieces_become_one_submission_however_often_it_is_sent(client, who, announced, session):
    place = announced(message="in pieces", sha256=hashlib.sha256(GOOD).hexdigest())
    ref = place.rpartition("/")[2]
    first = client.patch(place, content=GOOD[:40], headers={**who, **PIECE, "Upload-Offset": "0"})
    assert (first.status_code, first.headers["upload-offset"]) == (204, "40")
    early = client.post(f"{PHASE}/submissions?upload={ref}", headers=who)
    assert (early.status_code, early.json()["code"], early.json()["offset"]) == (409, "upload_incomplete", 40)
    asked = client.head(place, headers=who)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("40", str(len(GOOD)))
    assert client.patch(place, content=GOOD[40:], headers={**who, **PIECE, "Upload-Offset": "40"}).status_code == 204
    assert client.post(f"{PHASE}/validate?upload={ref}", headers=who).json()["valid"] is True
    sent = [client.post(f"{PHASE}/submissions?upload={ref}", headers=who) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert len({answer.json()["ref"] for answer in sent}) == 1
    assert sent[0].json()["message"] == "in pieces"
    assert session.scalar(select(func.count()).select_from(Submission)) == 1
    assert not uploads.path_of(ref).exists(), "its bytes are in the store now"


@pytest.mark.parametrize(
    ("offset", "content", "kind", "status", "code"),
    [
        ("1", b"x", PIECE["Content-Type"], 409, "offset_mismatch"),
        ("0", b"x" * (len(GOOD) + 1), PIECE["Content-Type"], 413, "too_large"),
        ("0", b"x", "application/zip", 422, "payload_invalid"),
        ("-1", b"x", PIECE["Content-Type"], 422, None),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(client, who, announced, offset, content, kind, status, code):
    place = announced()
    answer = client.patch(place, content=content, headers={**who, "Content-Type": kind, "Upload-Offset": offset})
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code
    assert client.head(place, headers=who).headers["upload-offset"] == "0"


def test_changed_bytes_are_noticed_by_the_announced_hash(client, who, announced, session):
    place = announced(sha256="0" * 64)
    client.patch(place, content=GOOD, headers={**who, **PIECE, "Upload-Offset": "0"})
    answer = client.post(f"{PHASE}/submissions?upload={place.rpartition('/')[2]}", headers=who)
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    assert session.scalar(select(func.count()).select_from(Submission)) == 0


def test_an_upload_is_its_makers_alone_and_can_be_given_up(client, world, who, announced):
    place = announced()
    stranger = world.token(world.entrant())
    for call in (client.head, client.delete):
        assert call(place, headers=stranger).status_code == 404
    piece = client.patch(place, content=b"x", headers={**stranger, **PIECE, "Upload-Offset": "0"})
    assert (piece.status_code, piece.json()["code"]) == (404, "upload_not_found")
    assert client.delete(place, headers=who).status_code == 204
    assert client.head(place, headers=who).status_code == 404
    assert list(settings().uploads_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": str(2**40)}, 413, "too_large"),
        ({"Upload-Metadata": "filename !!!"}, 422, "payload_invalid"),
        ({"Upload-Metadata": metadata(phase="")}, 422, "payload_invalid"),
        ({"Upload-Metadata": metadata(sha256="abc")}, 422, "payload_invalid"),
        ({"Upload-Metadata": metadata(competition="nothing")}, 404, "competition_not_found"),
    ],
)
def test_what_cannot_be_sent_is_refused_when_it_is_announced(client, who, headers, status, code):
    given = {"Upload-Length": "10", "Upload-Metadata": metadata(), **headers}
    answer = client.post("/api/v1/uploads", headers={**who, **given})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_unfinished_uploads_are_few_and_expire(client, who, announced, session):
    places = [announced() for _ in range(uploads.OPEN_UPLOADS)]
    given = {**who, "Upload-Length": "10", "Upload-Metadata": metadata()}
    refused = client.post("/api/v1/uploads", headers=given)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_uploads")
    session.execute(update(PendingUpload).values(expires_at=PendingUpload.expires_at - timedelta(days=2)))
    assert client.head(places[0], headers=who).status_code == 404
    assert client.post("/api/v1/uploads", headers=given).status_code == 201
    assert len(list(settings().uploads_folder.iterdir())) == 1, "what expired is forgotten, bytes too"


def test_an_upload_for_one_phase_is_not_sent_to_another(client, who, announced, world, session):
    place = announced()
    others = {
        "slug": "other",
        "name": "Other",
        "index": 1,
        "starts_at": world.phase.starts_at,
        "plan": world.phase.plan,
    }
    session.add(Phase(competition_id=world.phase.competition_id, truth_id=world.phase.truth_id, **others))
    session.flush()
    answer = client.post(
        f"/api/v1/competitions/pairs/phases/other/submissions?upload={place.rpartition('/')[2]}", headers=who
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_elsewhere")


def test_what_came_before_a_break_is_kept_and_two_writers_are_kept_apart(announced):
    ref = announced().rpartition("/")[2]

    async def breaks():
        yield GOOD[:10]
        with pytest.raises(uploads.OffsetMismatch):
            await uploads.append(ref, 10, len(GOOD), nothing())
        raise ClientDisconnect

    async def nothing():
        return
        yield b""

    assert asyncio.run(uploads.append(ref, 0, len(GOOD), breaks())) == 10
    assert uploads.offset_of(ref) == 10


def test_the_server_says_what_it_speaks(client):
    answer = client.options("/api/v1/uploads")
    assert answer.headers["tus-version"] == "1.0.0"
    assert "creation" in answer.headers["tus-extension"]
