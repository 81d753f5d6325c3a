"""Participants by hand: filters, decisions for many, questions before what hurts, organizers, allowed addresses."""

from sqlalchemy import select

from app.accounts.models import Account
from app.competitions import people
from app.competitions.models import Competition, Participation
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize/participants"


def states(session) -> dict[str, tuple[str, str]]:
    session.expire_all()
    rows = select(Participation).join(Account, Account.id == Participation.account_id).order_by(Participation.id)
    return {row.account.username: (row.status, row.reason) for row in session.scalars(rows)}


def test_many_are_approved_at_once(world, session, olga):
    world.competition.registration_auto_approve = False
    names = [world.entrant().username for _ in range(3)]
    session.commit()
    assert "3 wait for your decision" in olga.get("/competitions/pairs/organize").text
    assert names[0] in olga.get(HERE, status="pending").text
    done = olga.post(HERE, username=names[:2], act="approve", status="pending")
    assert done.headers["location"] == f"{HERE}?done=decided&status=pending"
    assert [status for status, _ in states(session).values()] == ["approved", "approved", "pending"]
    shown = olga.get(HERE, search=names[2]).text
    assert names[0] not in shown
    assert olga.post(HERE, act="approve").status_code == 422
    assert olga.post(HERE, username=names, act=EVIL).status_code == 422


def test_a_ban_is_asked_for_and_keeps_its_reason(world, session, olga):
    name = world.entrant().username
    session.commit()
    given = {"username": [name], "act": "ban", "reason": EVIL}
    asked = olga.post(HERE, **given)
    assert "Are you sure?" in asked.text
    assert states(session)[name] == ("approved", "")
    olga.post(HERE, **given, confirmed="yes")
    assert states(session)[name] == ("banned", EVIL)
    assert name in olga.get(HERE).text
    olga.post(HERE, username=[name], act="unban")
    assert states(session)[name] == ("approved", "")
    olga.post(HERE, username=[name], act="baseline")
    assert "baseline" in olga.get(HERE).text


def test_organizers_are_added_and_the_competition_given_away(world, session, olga, browser):
    co = world.person("co")
    session.commit()
    assert "Are you sure?" in olga.post(f"{HERE}/organizers", username="co", act="add").text
    olga.post(f"{HERE}/organizers", username="co", act="add", confirmed="yes")
    assert "Make the owner" in olga.get(HERE).text
    theirs = browser(co)
    assert "Only the owner changes" in theirs.get(HERE).text
    assert theirs.post(f"{HERE}/organizers", username="co", act="transfer", confirmed="yes").status_code == 403
    olga.post(f"{HERE}/organizers", username="co", act="transfer", confirmed="yes")
    session.expire_all()
    assert session.scalar(select(Competition)).organizer.username == "co"
    assert olga.post(f"{HERE}/organizers", username=EVIL, act="add", confirmed="yes").status_code == 403
    assert theirs.post(f"{HERE}/organizers", username=EVIL, act="add", confirmed="yes").status_code == 404


def test_allowed_addresses_and_a_late_second_organizer(world, session, olga):
    version = world.competition.version
    given = {"allowed_emails": "@Example.org\r\n\r\nada@b.example", "version": str(version)}
    assert "done=saved" in olga.post(f"{HERE}/allowed", **given).headers["location"]
    session.expire_all()
    assert session.scalar(select(Competition)).allowed_emails == ["@example.org", "ada@b.example"]
    late = olga.post(f"{HERE}/allowed", **given)
    assert late.status_code == 412
    assert "Somebody else was faster" in late.text
    odd = olga.post(f"{HERE}/allowed", allowed_emails=EVIL, version=str(version + 1))
    assert odd.status_code == 422


def test_a_co_organizer_organizes_here(world, session, browser):
    co = world.person("co")
    people.add_organizer(session, world.organizer, "pairs", "co")
    name = world.entrant().username
    session.commit()
    assert browser(co).post(HERE, username=[name], act="baseline").status_code == 303
