"""The door of the record: for everybody, and not asked anew for each of them."""

import pytest

from app.submissions import record_routes


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(record_routes._Kept, "until", 0.0)


def test_everybody_may_read_it_and_it_is_kept_for_a_while(client, world, session, monkeypatch):
    first = client.get("/api/v1/status").json()
    assert [one["stage"] for one in first["stages"]] == ["validate", "score"]
    world.submit(world.entrant())
    session.commit()
    assert client.get("/api/v1/status").json() == first
    monkeypatch.setattr(record_routes._Kept, "until", 0.0)
    assert client.get("/api/v1/status").json()["stages"][0]["waiting"] == 1
