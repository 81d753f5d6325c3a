"""The work as administrators see it: workers by heartbeat, queues, what failed or is stuck."""

from datetime import timedelta

from app.db import now
from app.submissions.models import Heartbeat


def test_workers_queues_and_troubles(client, world, session):
    moment, ada = now(session), world.entrant()
    session.add_all(
        [
            Heartbeat(worker="a/score", queue="score", seen_at=moment, device="cuda", model="f" * 64),
            Heartbeat(worker="b/score", queue="score", seen_at=moment - timedelta(minutes=5), state="drained"),
            Heartbeat(worker="c/score", queue="score", seen_at=moment - timedelta(days=3)),
        ]
    )
    waits, failed, stuck, deaf = (world.submit(ada, key=key) for key in "abcd")
    row = failed.evaluation
    row.state, row.finished_at, row.problem = "failed", moment, {"code": "worker_lost"}
    row = stuck.evaluation
    row.state, row.scoring_at, row.lease_until = "scoring", moment, moment - timedelta(hours=1)
    deaf.evaluation.announcements = 5
    session.commit()
    found = client.get("/api/v1/admin/work", headers=world.token(world.person("root", "admin"))).json()
    assert [(one["worker"], one["alive"], one["state"]) for one in found["workers"]] == [
        ("a/score", True, "ready"),
        ("b/score", False, "drained"),
    ]
    assert [(one["queue"], one["waiting"], one["running"]) for one in found["queues"]] == [
        ("validate", 2, 0),
        ("score", 0, 1),
    ]
    assert found["queues"][0]["oldest_waiting_at"] is not None
    assert {one["ref"] for one in found["troubles"]} == {failed.ref, stuck.ref, deaf.ref}
    assert waits.ref not in str(found["troubles"])
    assert (found["files"], found["bytes"]) == (1, 2)
    assert found["free"] > 0
    assert client.get("/api/v1/admin/work", headers=world.token(world.organizer)).status_code == 403
