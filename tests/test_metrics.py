"""`/metrics`: for who has the token, by route and not by address, and readable by Prometheus' own parser."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.settings import settings
from app.submissions import record_routes

TOKEN = {"Authorization": "Bearer a-token-of-the-operator"}


@pytest.fixture(autouse=True)
def _on(monkeypatch):
    monkeypatch.setattr(settings(), "metrics_token", SecretStr("a-token-of-the-operator"))
    monkeypatch.setattr(record_routes._Kept, "until", 0.0)


def values(client) -> dict[tuple, float]:
    told = client.get("/metrics", headers=TOKEN)
    assert told.status_code == 200
    families = text_string_to_metric_families(told.text)
    return {(one.name, *sorted(one.labels.values())): one.value for family in families for one in family.samples}


def test_without_the_token_there_is_no_such_page(client, monkeypatch):
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer ü".encode("latin-1").decode("latin-1")},
    ):
        answer = client.get("/metrics", headers={name: value.encode("latin-1") for name, value in headers.items()})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    monkeypatch.setattr(settings(), "metrics_token", None)
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_requests_are_counted_by_their_route(client, world):
    before = values(client)
    for address in ("pairs", "no-such-one", "<script>"):
        client.get(f"/api/v1/competitions/{address}")
    client.get("/no/such/page")
    after = values(client)
    route = "/api/v1/competitions/{slug}"
    for status, count in (("200", 1), ("404", 2)):
        key = ("palmares_requests_total", *sorted(("GET", route, status)))
        assert after[key] - before.get(key, 0) == count
    assert not [key for key in after if "script" in str(key) or "no-such" in str(key)]


def test_queues_and_workers_are_those_of_the_database(client, world, session):
    world.submit(world.entrant())
    session.commit()
    told = values(client)
    assert told["palmares_evaluations", "validate", "waiting"] == 1
    assert told["palmares_oldest_waiting_seconds", "validate"] >= 0
    assert told["palmares_workers", "score"] == 0
    assert [key for key in told if key[0] == "palmares_info"]
