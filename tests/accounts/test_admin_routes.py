"""Accounts for administrators over HTTP: found, given roles, disabled; only by administrators."""

from sqlalchemy import select

from app.audit import AuditEvent

ALL = "/api/v1/admin/accounts"


def test_only_administrators_come_in(client, world):
    for headers in ({}, world.token(world.organizer), world.token(world.person("root", "admin"), "read", "organize")):
        assert client.get(ALL, headers=headers).status_code in (401, 403)
        assert client.patch(f"{ALL}/organizer", json={"role": "admin"}, headers=headers).status_code in (401, 403)


def test_they_search_and_page(client, world, session):
    root = world.token(world.person("root", "admin"))
    names = [world.person(f"ada{number}").username for number in range(3)]
    session.commit()

    def found(**query: str) -> list[str]:
        return [one["username"] for one in client.get(ALL, params=query, headers=root).json()["items"]]

    assert found(search="ADA", role="participant") == names[::-1]
    assert found(search="ada1@example") == ["ada1"]
    assert found(search="%") == []
    assert found(role="admin") == ["root"]
    first = client.get(ALL, params={"limit": 1}, headers=root).json()
    assert client.get(ALL, params={"limit": 1, "cursor": first["next_cursor"]}, headers=root).json()["items"] != first
    assert client.get(ALL, params={"cursor": "odd"}, headers=root).status_code == 422


def test_a_disabled_account_is_out_at_once_and_each_act_is_kept(client, world, session):
    root, ada = world.token(world.person("root", "admin")), world.person("ada")
    mine = world.token(ada)
    assert client.get("/api/v1/me", headers=mine).status_code == 200
    done = client.patch(f"{ALL}/ADA", json={"role": "organizer", "active": False}, headers=root).json()
    assert (done["role"], done["active"]) == ("organizer", False)
    assert client.get("/api/v1/me", headers=mine).status_code == 401
    client.patch(f"{ALL}/ada", json={"active": False}, headers=root)  # again: nothing
    client.patch(f"{ALL}/ada", json={"active": True}, headers=root)
    assert client.get("/api/v1/me", headers=mine).json()["role"] == "organizer"
    rows = select(AuditEvent.actor, AuditEvent.action).where(AuditEvent.target == "ada").order_by(AuditEvent.id)
    assert session.execute(rows).all() == [
        ("root", "account.role"), ("root", "account.disabled"), ("root", "account.enabled"),
    ]  # fmt: skip


def test_nobody_locks_everybody_out(client, world):
    root = world.token(world.person("root", "admin"))
    assert client.patch(f"{ALL}/root", json={"role": "participant"}, headers=root).json()["code"] == "own_account"
    assert client.patch(f"{ALL}/nobody", json={"active": False}, headers=root).json()["code"] == "account_not_found"
    assert client.patch(f"{ALL}/organizer", json={"role": "owner"}, headers=root).status_code == 422
