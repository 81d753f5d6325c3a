"""Marks over HTTP: scopes, refusals, and what the submission says of its mark."""

from tests.leaderboards.test_marks import scored


def test_over_http(client, session, world):
    who = world.entrant()
    sent = scored(session, world, who, 0.9)
    session.commit()
    path, organizer, own = f"/api/v1/submissions/{sent.ref}", world.token(world.organizer), world.token(who)
    assert client.get(path, headers=own).json()["mark"] is None
    assert client.post(f"{path}/choose", headers=own).json()["code"] == "not_choosable"
    assert client.post(f"{path}/disqualify", json={"reason": "  "}, headers=organizer).status_code == 422
    assert client.post(f"{path}/disqualify", json={"reason": "x"}, headers=own).json()["code"] == "not_allowed"
    told = client.post(f"{path}/disqualify", json={"reason": "trained on it"}, headers=organizer).json()
    assert (told["mark"]["reason"], told["rank"]) == ("trained on it", None)
    assert client.get(path, headers=own).json()["mark"]["disqualified_at"] is not None
    assert client.post(f"{path}/reinstate", headers=organizer).json()["mark"] is None
    assert client.post(f"{path}/withdraw", headers=own).json()["mark"]["withdrawn_at"] is not None
