"""Accounts with something in common, by kind; teams are left out, strangers are kept out."""

from pydantic import SecretStr
from sqlalchemy import select, update

from app.accounts import traces
from app.accounts.models import Account
from app.competitions.models import Participation, Team
from app.settings import settings
from app.submissions.models import Evaluation

PATH = "/api/v1/competitions/pairs/accounts"


def groups(client, world):
    found = client.get(PATH, headers=world.token(world.organizer)).json()
    assert found["groups_total"] == len(found["groups"])
    return [(one["kind"], one["accounts"]) for one in found["groups"]]


def test_what_accounts_have_in_common_by_kind(client, session, world, monkeypatch):
    monkeypatch.setattr(settings(), "trace_key", SecretStr("a key"))
    people = [world.entrant() for _ in range(9)]
    names = [one.username for one in people]
    for who, email in zip(people, ("a.b@gmail.com", "ab+2@gmail.com"), strict=False):
        session.execute(update(Account).where(Account.id == who.account_id).values(email=email))
    for number in range(2, 9):
        sent = world.submit(people[number], content=b"same" if number in (2, 3) else str(number).encode())
        if number in (4, 5):
            changed = update(Evaluation).where(Evaluation.submission_id == sent.id)
            session.execute(changed.values(answers_sha256="a" * 64))
    world.submit(people[2], content=b"same")  # to have sent something twice is nothing
    for number in (6, 7):
        traces.keep(session, people[number].account_id, "192.0.2.7")
    traces.keep(session, world.person().account_id, "192.0.2.7")  # somebody of another competition
    session.commit()
    session.expire_all()
    expected = [("email", names[0:2]), ("file", names[2:4]), ("answers", names[4:6]), ("network", names[6:8])]
    assert groups(client, world) == expected


def test_a_team_is_left_out_unless_others_are_with_it(client, session, world):
    people = [world.entrant() for _ in range(3)]
    for who in people[:2]:
        world.submit(who, content=b"same")
    mine = session.scalars(select(Participation).order_by(Participation.id)).all()
    team = Team(ref="team_x", competition_id=world.competition.id, name="Two", lead_id=mine[0].id)
    session.add(team)
    session.flush()
    mine[0].team_id = mine[1].team_id = team.id
    session.flush()
    assert groups(client, world) == []
    world.submit(people[2], content=b"same")
    assert groups(client, world) == [("file", [one.username for one in people])]


def test_only_its_organizers_may_read_and_nothing_is_said_to_be_nothing(client, world):
    assert client.get(PATH).json()["code"] == "not_signed_in"
    assert client.get(PATH, headers=world.token(world.entrant())).json()["code"] == "not_allowed"
    stranger = client.get(PATH, headers=world.token(world.person("other", "organizer")))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_allowed")
    found = client.get(PATH, headers=world.token(world.organizer)).json()
    assert (found["participants"], found["groups"], found["groups_total"]) == (1, [], 0)
    assert found["note"].startswith("Networks are not compared")
