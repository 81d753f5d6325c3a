"""Announcements: previewed, told, changed, taken back, mailed or not; the audit log by filter and page."""

from app import settings as knobs
from app.announcements.models import Announcement
from app.messages.models import Mail
from tests.web.organizer.conftest import EVIL

NEWS = "/competitions/pairs/organize/announcements"
AUDIT = "/competitions/pairs/organize/audit"


def test_previewed_announced_changed_and_taken_back(olga, session):
    words = {"title": EVIL.replace("\u202e", ""), "body": "# Hello\r\n\r\n<script>alert(1)</script> **all**"}
    shown = olga.post(NEWS, **words, act="preview").text
    assert "<strong>all</strong>" in shown
    assert session.query(Announcement).count() == 0
    assert olga.post(NEWS, **words, act="announce").headers["location"] == f"{NEWS}?done=announced"
    ref = session.query(Announcement).one().ref
    assert "not mailed" in olga.get(NEWS).text
    assert "Change the announcement" in olga.get(NEWS, edit=ref).text
    assert olga.post(NEWS, title="New", body="x", ref=ref).headers["location"] == f"{NEWS}?done=saved"
    assert "Are you sure?" in olga.post(f"{NEWS}/{ref}/delete").text
    olga.post(f"{NEWS}/{ref}/delete", confirmed="yes")
    assert session.query(Announcement).count() == 0
    assert olga.post(f"{NEWS}/{ref}/delete", confirmed="yes").status_code == 404


def test_what_is_refused_keeps_what_was_typed(olga):
    refused = olga.post(NEWS, title="", body="A long text that nobody wants to lose")
    assert refused.status_code == 422
    assert "A long text that nobody wants to lose" in refused.text
    assert olga.post(NEWS, title="x", body="y", mail="yes").status_code == 409  # this server sends no mail
    assert "This server sends no mail." in olga.get(NEWS).text
    assert not knobs.settings().sends_mail


def test_it_tells_whether_mails_went_out(olga, world, session):
    olga.post(NEWS, title="x", body="y")
    ref, here = session.query(Announcement).one().ref, f"announcement:{session.query(Announcement).one().ref}"
    people = [world.entrant() for _ in range(3)]
    for number, (who, state) in enumerate(zip(people, ("sent", "waiting", "failed"), strict=True)):
        mail = Mail(
            ref=f"mail_{number}", account_id=who.account_id, kind="announcement", key=here, subject="s", text="t",
            state=state, error="gone" if state == "failed" else "",
        )  # fmt: skip
        if state == "sent":
            mail.sent_at = session.query(Announcement).one().created_at
        session.add(mail)
    session.commit()
    html = olga.get(NEWS).text
    assert "mailed to 1 of 3, 1 could not be sent" in html
    assert ref in html


def test_the_log_by_filter_and_page(olga, world, session):
    from app import audit

    for number in range(60):
        audit.record(
            session, world.organizer, "phase.changed", f"pairs/{number}", competition="pairs",
            before={"name": EVIL}, after={"name": number},
        )  # fmt: skip
    session.commit()
    html = olga.get(AUDIT, actor="organizer", action="phase.changed").text
    assert "pairs/59" in html
    assert "pairs/9<" not in html
    following = html.partition('href="?action=phase.changed&amp;actor=organizer&amp;cursor=')[2].partition('"')[0]
    assert "pairs/9<" in olga.get(f"{AUDIT}?cursor={following}").text
    assert "/audit.csv?action=phase.changed&amp;actor=organizer" in html
    assert "No act fits this." in olga.get(AUDIT, since="2001-01-01", until="2001-01-02").text
    assert olga.get(AUDIT, since=EVIL[:20]).status_code == 422
