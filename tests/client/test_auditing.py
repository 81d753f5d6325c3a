"""The audit log, as the command prints it."""

from tests.client.server import Fake, Palmares

EVENT = {
    "at": "2026-11-23T10:00:00Z",
    "actor": "org",
    "token": None,
    "request_id": None,
    "competition": "photos",
    "action": "participant.banned",
    "target": "eve",
    "before": {"status": "approved"},
    "after": {"status": "banned"},
}


def test_audit_filters_by_time_and_action(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos/audit", {"items": [EVENT], "next_cursor": None})
    done = signed_in("audit", "photos", "--since", "2026-11-01", "--action", "participant.banned")
    assert '{"status": "banned"}' in done.out
    query = fake.asked("GET", "/competitions/photos/audit")[0].query
    assert (query["since"], query["action"]) == ("2026-11-01T00:00:00+00:00", "participant.banned")
    assert signed_in("audit", "photos", "--format", "json").document["items"] == [EVENT]
