"""Announcements over HTTP: organizers write, everybody reads, approved participants get the mail they want."""

import pytest
from sqlalchemy import select

from app.audit import AuditEvent
from app.competitions import people
from app.messages import service
from app.messages.models import Mail
from tests.messages.server import mail_on

PATH = "/api/v1/competitions/pairs/announcements"
NEWS = {"title": "Kit <b>mended</b>", "body": "The *new* kit <script>alert(1)</script> is there."}


@pytest.fixture
def headers(world) -> dict[str, str]:
    return world.token(world.organizer)


def test_written_changed_and_taken_back_by_organizers_and_read_by_all(client, session, headers):
    made = client.post(PATH, json=NEWS, headers=headers)
    assert (made.status_code, made.json()["author"], made.json()["mails"]) == (201, "organizer", 0)
    ref = made.json()["ref"]
    second = client.post(PATH, json={**NEWS, "title": "Second"}, headers=headers).json()["ref"]
    assert [one["ref"] for one in client.get(PATH).json()["items"]] == [second, ref]
    changed = client.patch(f"{PATH}/{ref}", json={"title": "First"}, headers=headers).json()
    assert (changed["title"], changed["body"]) == ("First", NEWS["body"])
    assert changed["edited_at"] is not None
    assert client.delete(f"{PATH}/{second}", headers=headers).status_code == 204
    assert [one["title"] for one in client.get(PATH).json()["items"]] == ["First"]
    assert client.delete(f"{PATH}/{second}", headers=headers).json()["code"] == "announcement_not_found"
    acts = session.scalars(
        select(AuditEvent.action).where(AuditEvent.competition == "pairs").order_by(AuditEvent.id)
    ).all()
    assert acts == [*["announcement.posted"] * 2, "announcement.changed", "announcement.deleted"]


def test_the_page_shows_them_without_scripts(client, headers):
    client.post(PATH, json=NEWS, headers=headers)
    html = client.get("/competitions/pairs").text
    assert "Kit &lt;b&gt;mended&lt;/b&gt;" in html
    assert "<em>new</em>" in html
    assert "<script>alert" not in html


def test_nobody_else_writes(client, world, headers):
    ref = client.post(PATH, json=NEWS, headers=headers).json()["ref"]
    tries = [
        (None, "not_signed_in"),
        (world.token(world.entrant()), "not_allowed"),
        (world.token(world.person("other", "organizer")), "not_allowed"),
    ]
    for who, code in tries:
        assert client.post(PATH, json=NEWS, headers=who).json()["code"] == code
        assert client.patch(f"{PATH}/{ref}", json=NEWS | {"body": "x"}, headers=who).status_code in (401, 403)
        assert client.delete(f"{PATH}/{ref}", headers=who).json()["code"] == code
    assert client.get(PATH).json()["items"][0]["body"] == NEWS["body"]
    elsewhere = client.delete(f"/api/v1/competitions/nowhere/announcements/{ref}", headers=headers)
    assert elsewhere.json()["code"] == "competition_not_found"


@pytest.mark.parametrize(
    "change", [{"title": ""}, {"title": "a\r\nBcc: b"}, {"title": "a\x00"}, {"body": ""}, {"body": "\x00"}, {"more": 1}]
)
def test_what_does_not_fit_is_refused(client, headers, change):
    assert client.post(PATH, json=NEWS | change, headers=headers).status_code == 422
    ref = client.post(PATH, json=NEWS, headers=headers).json()["ref"]
    assert client.patch(f"{PATH}/{ref}", json=change, headers=headers).status_code == 422


def test_mail_goes_to_the_approved_who_want_it_and_is_taken_back(client, world, session, headers, monkeypatch):
    ask = NEWS | {"mail": True}
    assert client.post(PATH, json=ask, headers=headers).json()["code"] == "mail_off"
    assert client.get(PATH).json()["items"] == []
    mail_on(monkeypatch)
    approved, unwilling, denied = world.entrant(), world.entrant(), world.entrant()
    service.stop(session, unwilling.account_id, ["announcement"])
    people.decide(session, world.organizer, "pairs", denied.username, {"status": "denied"})
    session.commit()
    made = client.post(PATH, json=ask, headers=headers).json()
    assert made["mails"] == 1
    mail = session.scalars(select(Mail).where(Mail.kind == "announcement")).one()
    assert (mail.account_id, mail.subject) == (approved.account_id, "Pairs: Kit <b>mended</b>")
    assert NEWS["body"] in mail.text
    client.patch(f"{PATH}/{made['ref']}", json={"body": "Other."}, headers=headers)
    client.delete(f"{PATH}/{made['ref']}", headers=headers)
    assert session.scalars(select(Mail).where(Mail.kind == "announcement")).all() == []
