"""Competitions over HTTP: bundles tell all their faults and change nothing."""

import io
import zipfile

import pytest
from sqlalchemy import select

from app.audit import AuditEvent
from app.competitions.models import Competition

YAML = """\
version: 2
slug: fresh
title: Fresh
terms: terms.md
pages: [{title: Overview, file: terms.md}]
tasks:
  - {index: 0, reference_data: truth.jsonl, scorer: {name: pairwise-explained}}
phases:
  - {index: 0, name: Main, start: 2026-01-01, end: 2029-01-01, tasks: [0]}
"""
TRUTH = '{"id": "p_000", "answer": "A", "explanation": "hidden words"}\n'


def bundle(yaml: str = YAML, truth: str = TRUTH) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in {"competition.yaml": yaml, "terms.md": "Be fair.", "truth.jsonl": truth}.items():
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.fixture
def apply(client, world):
    """Posts a bundle as the organizer."""
    headers = world.token(world.organizer) | {"Content-Type": "application/zip"}

    def post(content: bytes, dry_run: bool = False):
        return client.post(f"/api/v1/competitions?dry_run={str(dry_run).lower()}", content=content, headers=headers)

    return post


def test_apply_twice_changes_once_and_a_dry_run_changes_nothing(apply, session):
    dry = apply(bundle(), dry_run=True)
    assert (dry.status_code, dry.json()["created"]) == (200, True)
    assert session.scalar(select(Competition).where(Competition.slug == "fresh")) is None
    first = apply(bundle())
    assert (first.status_code, first.json()["changes"]) == (201, dry.json()["changes"])
    assert apply(bundle()).json()["changes"] == []
    second = apply(bundle(YAML.replace("title: Fresh", "title: Fresher")))
    assert second.json()["changes"] == [{"path": "title", "old": "Fresh", "new": "Fresher"}]


BAD = {
    "no yaml": (YAML.replace("version: 2", "version: [2"), TRUTH, "bad_yaml", None),
    "version": (YAML.replace("version: 2", "version: 1"), TRUTH, "bad_value", 1),
    "no file": (YAML.replace("terms: terms.md", "terms: nothing.md"), TRUTH, "missing_file", 4),
    "no task": (YAML.replace("tasks: [0]", "tasks: [7]"), TRUTH, "unknown_task", 9),
    "backwards": (YAML.replace("2029-01-01", "2025-01-01"), TRUTH, "bad_value", 9),
    "weights": (YAML.replace("explained}", "explained, weights: {accuracy: 2}}"), TRUTH, "plan_invalid", 7),
    "metric": (YAML.replace("explained}", "explained, weights: {beauty: 1}}"), TRUTH, "plan_invalid", 7),
    "no sum": (YAML.replace("explained}", "explained, weights: {accuracy: 0.4}}"), TRUTH, "plan_invalid", 7),
    "truth": (YAML, TRUTH.replace('"A"', '"C"'), "bad_answer", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_bundle_names_place_and_mends_nothing(apply, session, name):
    yaml, truth, code, line = BAD[name]
    answer = apply(bundle(yaml, truth))
    assert (answer.status_code, answer.json()["code"]) == (422, "bundle_invalid")
    found = {finding["code"]: finding["line"] for finding in answer.json()["findings"]}
    assert code in found
    assert line is None or found[code] == line
    assert session.scalar(select(Competition).where(Competition.slug == "fresh")) is None


def test_what_was_judged_keeps_its_truth_until_it_is_judged_anew(client, world, session):
    headers = world.token(world.organizer)
    path = "/api/v1/competitions/pairs/phases/main/truth"
    both = "".join(TRUTH.replace("p_000", item) for item in ("p_000", "s_000"))
    assert client.put(path, content=both, headers=headers).json()["version"] == 2
    world.submit(world.entrant())
    session.commit()
    changed = client.put(path, content=both.replace("A", "B"), headers=headers)
    assert (changed.status_code, changed.json()["version"], changed.json()["current"]) == (201, 3, False)
    assert client.put(path, content=both.replace("A", "B"), headers=headers).json()["version"] == 3
    other = client.put(path, content=TRUTH.replace("p_000", "p_001"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "truth_items_differ")
    assert (other.json()["missing"], other.json()["added"]) == (["p_000", "s_000"], ["p_001"])
    listed = client.get(path, headers=headers).json()["items"]
    assert [(one["version"], one["current"]) for one in listed] == [(3, False), (2, True), (1, False)]
    assert client.get(path, headers=world.token(world.entrant())).json()["code"] == "not_allowed"
    rows = session.scalars(select(AuditEvent).where(AuditEvent.action == "truth.given").order_by(AuditEvent.id)).all()
    assert [(row.target, row.after["version"], row.after["items"]) for row in rows] == [
        ("pairs/main", 2, 2), ("pairs/main", 3, 2),
    ]  # fmt: skip


def test_no_door_shows_the_truth(client, world, apply):
    apply(bundle())
    for path in ("/api/v1/competitions", "/api/v1/competitions/fresh", "/competitions/fresh", "/api/v1/openapi.json"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "hidden words" not in answer.text


def test_the_board_answers_304_until_it_changes(client, world):
    path = "/api/v1/competitions/pairs/phases/main/leaderboard"
    first = client.get(path)
    assert first.json()["rows"] == []
    assert client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert client.get(f"{path}.csv", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_decision_is_mailed_once_and_another_one_again(client, world, session, monkeypatch):
    from app.messages.models import Mail
    from tests.messages.server import mail_on

    mail_on(monkeypatch)
    who, headers = world.entrant(), world.token(world.organizer)
    path = f"/api/v1/competitions/pairs/participants/{who.username}"
    for status in ("approved", "denied", "denied", "approved"):
        assert client.patch(path, json={"status": status}, headers=headers).json()["status"] == status
    found = session.execute(select(Mail.account_id, Mail.subject).order_by(Mail.created_at, Mail.key)).all()
    assert sorted(found) == [(who.account_id, "Not approved: Pairs"), (who.account_id, "You are in: Pairs")]
