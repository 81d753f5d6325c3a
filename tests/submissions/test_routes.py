"""The door: who may is decided before the body, bad files get their exact answer, and nothing of them is kept."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.settings import settings
from app.submissions.models import Submission

GOOD = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n{"id": "s_000", "answer": "B", "explanation": "y"}\n'
POST = "/api/v1/competitions/pairs/phases/main/submissions"


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return packed.getvalue()


@pytest.fixture
def sender(client, world):
    """Sends a body as an entrant and gives the answer."""
    headers = world.token(world.entrant())

    def send(content: bytes, kind: str = "application/zip", **more: str):
        return client.post(POST, content=content, headers={**headers, "Content-Type": kind, **more})

    return send


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(Submission))


def test_a_good_zip_is_taken_and_told_everything(sender, session, client, world):
    answer = sender(zipped(predictions_dot_jsonl=GOOD), **{"X-Filename": "mine.zip", "X-Message": "first%20try"})
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/api/v1/submissions/{body['ref']}"
    assert (body["state"], body["message"], body["file"]["name"]) == ("queued", "first try", "mine.zip")
    assert body["queue"] == {"position": 1, "of": 1}
    assert body["limits"]["can_submit"] is True
    stranger = world.token(world.person())
    assert client.get(answer.headers["location"], headers=stranger).status_code == 404
    assert client.get(answer.headers["location"]).json()["code"] == "not_signed_in"


def test_multipart_and_idempotency(client, world, session):
    headers = world.token(world.entrant()) | {"Idempotency-Key": "one"}
    file = {"file": ("p.zip", zipped(predictions_dot_jsonl=GOOD), "application/zip")}
    refs = {client.post(POST, files=file, data={"message": "m"}, headers=headers).json()["ref"] for _ in range(2)}
    assert len(refs) == count(session) == 1
    other = client.post(POST, content=GOOD, headers={**headers, "Content-Type": "text/plain"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


BOMB = zipped(predictions_dot_jsonl=b"0" * 30_000_000)
BAD = {
    "not a zip": (b"\x00\x01\x02 nothing", 415, "not_an_archive"),
    "empty": (b"", 422, "empty_file"),
    "traversal": (zipped(**{"..__predictions_dot_jsonl": GOOD}), 422, "unsafe_path"),
    "bomb": (BOMB, 422, "compression_ratio"),
    "nested zip": (zipped(inner_dot_zip=zipped(a=b"1")), 422, "nested_archive"),
    "truncated": (zipped(predictions_dot_jsonl=GOOD)[:-10], 422, "truncated"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_at_the_door_and_nothing_is_kept(sender, session, name):
    content, status, code = BAD[name]
    answer = sender(content)
    body = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert code in {finding["code"] for finding in body["findings"]}
    assert all(finding["fix"] for finding in body["findings"])
    assert count(session) == 0


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_cap_is_cut(sender, session, monkeypatch, announced):
    monkeypatch.setattr(settings(), "upload_bytes", 100_000)
    body = b"x" * 1_300_000
    answer = sender(body if announced else iter([body[:700_000], body[700_000:]]))  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert count(session) == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 401, "not_signed_in"), ({"Authorization": "Bearer plm_wrong"}, 401, "token_invalid")],
)
def test_a_stranger_s_body_is_not_read(client, world, headers, status, code):
    taken = []

    def body():
        for _ in range(50):
            taken.append(1)
            yield b"x" * 1_000_000

    answer = client.post(POST, content=body(), headers={"Content-Type": "application/zip", **headers})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_has_not_joined_or_lacks_the_scope_is_told(client, world):
    stranger, reader = world.person(), world.entrant()
    for headers, code in (
        (world.token(stranger), "not_joined"),
        (world.token(reader, "read"), "scope_missing"),
    ):
        answer = client.post(POST, content=GOOD, headers={**headers, "Content-Type": "text/plain"})
        assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_a_closed_phase_and_an_unknown_one(client, world, session):
    headers = {**world.token(world.entrant()), "Content-Type": "text/plain"}
    assert client.post(POST.replace("main", "other"), content=GOOD, headers=headers).json()["code"] == "phase_not_found"
    world.phase.ends_at = world.phase.starts_at + timedelta(minutes=1)
    session.commit()
    answer = client.post(POST, content=GOOD, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "phase_not_open")


def test_check_only_tells_all_at_once_and_costs_nothing(client, world, session):
    headers = {**world.token(world.entrant()), "Content-Type": "application/x-ndjson", "X-Filename": "p.jsonl"}
    lines = [
        {"id": "p_000", "answer": "C", "explanation": "x"},
        {"id": "zzz", "answer": "A", "explanation": "x"},
        {"id": "s_000", "answer": "A"},
    ]
    content = "\n".join(map(json.dumps, lines)).encode()
    answer = client.post(POST.replace("submissions", "validate"), content=content, headers=headers).json()
    assert answer["valid"] is False
    assert {finding["code"] for finding in answer["findings"]} == {"bad_answer", "unknown_id", "missing_field"}
    assert count(session) == 0


def test_lists_page_by_cursor_and_refuse_a_bad_one(client, world):
    who = world.entrant()
    refs = [world.submit(who).ref for _ in range(3)]
    headers = world.token(who)
    first = client.get("/api/v1/submissions?limit=2", headers=headers).json()
    second = client.get("/api/v1/submissions", params={"limit": 2, "cursor": first["next_cursor"]}, headers=headers)
    assert [item["ref"] for item in first["items"] + second.json()["items"]] == refs[::-1]
    bad = client.get("/api/v1/submissions?cursor=nonsense", headers=headers)
    assert (bad.status_code, bad.json()["code"]) == (422, "payload_invalid")


def test_cancel_then_final(client, world):
    who = world.entrant()
    ref = world.submit(who).ref
    headers = world.token(who)
    assert client.post(f"/api/v1/submissions/{ref}/cancel", headers=headers).json()["state"] == "cancelled"
    again = client.post(f"/api/v1/submissions/{ref}/cancel", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "not_cancellable")
    assert client.get(f"/api/v1/submissions/{ref}/report", headers=headers).json()["code"] == "not_scored"


def test_items_are_for_organizers_unless_the_phase_shows_them(client, world):
    who = world.entrant()
    ref = world.submit(who).ref
    mine = client.get(f"/api/v1/submissions/{ref}/items", headers=world.token(who))
    assert (mine.status_code, mine.json()["code"]) == (403, "not_allowed")
    theirs = client.get(f"/api/v1/submissions/{ref}/items", headers=world.token(world.organizer))
    assert (theirs.status_code, theirs.json()["code"]) == (409, "not_scored")


def test_a_large_but_allowed_body_passes_the_door(sender):
    records = GOOD.replace(b'"x"', b'"' + b"word " * 3000 + b'"')
    body = b"\n" * 2_500_000 + records
    assert sender(body, "text/plain").status_code == 202


def test_a_body_beyond_the_framework_s_limit_is_a_problem_too(client):
    body = b"{" + b" " * (settings().body_bytes + 1) + b"}"
    answer = client.post("/api/v1/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_other_sites_cannot_post_with_the_browser_s_cookie(client, world):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/api/v1/auth/login", json={"username": "a", "password": "b"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin")
