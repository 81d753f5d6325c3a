"""Teams over HTTP: the whole way of three people, what others see, and limits told alike everywhere."""

import pytest

from app.submissions.models import Submission
from tests.submissions.test_routes import GOOD, POST

TEAMS = "/api/v1/competitions/pairs/teams"


@pytest.fixture
def people(world, session):
    world.competition.team_size = 3
    world.phase.max_submissions, world.phase.max_concurrent = 5, 2
    session.flush()
    return [world.entrant() for _ in range(3)]


def test_from_the_first_invitation_to_the_last_leaving(client, world, people):
    ada, ben, eve = (world.token(who) for who in people)
    names = [who.username for who in people]
    made = client.post(TEAMS, json={"name": " Pixel  Peepers "}, headers=ada)
    assert (made.status_code, made.json()["name"], made.json()["lead"]) == (201, "Pixel Peepers", names[0])
    here = f"{TEAMS}/{made.json()['ref']}"
    asked = client.post(f"{here}/invitations", json={"username": names[1].upper()}, headers=ada)
    assert (asked.status_code, asked.json()["team_name"], asked.json()["state"]) == (201, "Pixel Peepers", "open")
    assert client.get("/api/v1/me/invitations", headers=eve).json() == []
    [seen] = client.get("/api/v1/me/invitations", headers=ben).json()
    assert seen == asked.json()
    taken = client.post(f"/api/v1/invitations/{seen['ref']}/accept", headers=ben).json()
    assert (taken["members"], taken["mine"], taken["invitations"]) == (names[:2], True, [])

    sent = client.post(POST, content=GOOD, headers={**ada, "Content-Type": "text/plain"}).json()
    assert (sent["limits"]["team"], sent["limits"]["total"]["left"]) == ("Pixel Peepers", 4)
    theirs = client.get(POST.replace("submissions", "limits"), headers=ben).json()
    assert theirs | {"next_possible_at": sent["limits"]["next_possible_at"]} == sent["limits"]
    for path in ("/api/v1/submissions", POST):
        assert [one["ref"] for one in client.get(path, headers=ben).json()["items"]] == [sent["ref"]]
        assert client.get(path, headers=eve).json()["items"] == []
    one = f"/api/v1/submissions/{sent['ref']}"
    assert client.get(one, headers=eve).status_code == 404

    assert client.patch(here, json={"name": "Peepers"}, headers=ben).json()["code"] == "not_team_lead"
    assert client.patch(here, json={"name": "Peepers"}, headers=ada).json()["name"] == "Peepers"
    assert client.post(f"{one}/cancel", headers=ben).json()["state"] == "cancelled"
    assert client.post(f"{here}/leave", headers=ben).status_code == 204
    assert client.get(one, headers=ben).status_code == 404
    assert client.post(f"{here}/leave", json={"lead": None}, headers=ada).status_code == 204
    assert client.get(TEAMS).json() == []


def test_who_sees_teams_and_invitations(client, world, session, people):
    ada, ben, eve = (world.token(who) for who in people)
    organizer = world.token(world.organizer)
    ref = client.post(TEAMS, json={"name": "Peepers"}, headers=ada).json()["ref"]
    asked = client.post(f"{TEAMS}/{ref}/invitations", json={"username": people[1].username}, headers=ada).json()
    for headers, invitations in (({}, []), (ben, []), (ada, [asked])):
        [seen] = client.get(TEAMS, headers=headers).json()
        assert (seen["ref"], seen["invitations"]) == (ref, invitations)
    assert client.post(f"/api/v1/invitations/{asked['ref']}/withdraw", headers=eve).status_code == 404
    assert client.post(f"/api/v1/invitations/{asked['ref']}/withdraw", headers=ada).json()["state"] == "withdrawn"
    again = client.post(f"{TEAMS}/{ref}/invitations", json={"username": people[1].username}, headers=ada).json()
    world.competition.deleted_at = world.phase.starts_at
    session.flush()
    assert client.get("/api/v1/me/invitations", headers=ben).json() == []
    assert client.post(f"/api/v1/invitations/{again['ref']}/accept", headers=ben).status_code == 404
    world.competition.deleted_at = None
    session.flush()
    assert client.post(f"/api/v1/invitations/{again['ref']}/decline", headers=ben).json()["state"] == "declined"
    world.competition.anonymous = True
    session.flush()
    assert [len(client.get(TEAMS, headers=one).json()) for one in ({}, ben, ada, organizer)] == [0, 0, 1, 1]
    assert client.delete(f"{TEAMS}/{ref}", headers=ada).status_code == 403
    assert client.delete(f"{TEAMS}/{ref}/members/{people[0].username}", headers=organizer).status_code == 204
    assert client.delete(f"{TEAMS}/{ref}", headers=organizer).json()["code"] == "team_not_found"


@pytest.mark.parametrize("name", ["x", "ad\u200bmin", "y" * 65])
def test_a_name_that_cannot_be_is_refused(client, world, people, name):
    answer = client.post(TEAMS, json={"name": name}, headers=world.token(people[0]))
    assert (answer.status_code, answer.json()["code"]) == (422, "payload_invalid")
    assert answer.json()["fields"][0]["where"] == "body.name"


def test_the_limit_at_a_time_is_told_alike_everywhere(client, world, session, people):
    headers = world.token(people[0])
    send = {**headers, "Content-Type": "text/plain"}
    first, last = (client.post(POST, content=GOOD, headers=send).json() for _ in range(2))
    told = client.get(POST.replace("submissions", "limits"), headers=headers).json()
    assert told == last["limits"]
    assert (told["concurrent"], told["next_possible_at"]) == ({"limit": 2, "used": 2, "left": 0}, None)
    refused = client.post(POST, content=GOOD, headers=send)
    assert (refused.status_code, refused.json()["code"]) == (429, "limit_reached")
    assert refused.json()["detail"] == told["reason"]["detail"]
    assert first["ref"] in told["reason"]["detail"]
    assert "Retry-After" not in refused.headers
    assert session.query(Submission).count() == 2
