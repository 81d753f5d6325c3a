"""What organizers see of everybody's submissions over HTTP: numbers in a fixed number of statements, lists, retries."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app import db
from app.competitions.models import Team
from app.db import now
from app.submissions import rescoring
from app.submissions.models import Mark

HERE = "/api/v1/competitions/pairs"


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements that run within the block."""
    seen: list[str] = []

    def note(connection, cursor, statement, *rest):
        seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def end(session, submission, state, **values):
    row = submission.evaluation
    row.state, row.finished_at = state, now(session)
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()


@pytest.fixture
def sent(world, session):
    """ada: one scored, one failed, one disqualified; ben: one invalid, one waiting."""
    ada, ben = world.entrant(), world.entrant()
    made = {name: world.submit(ada, key=name) for name in ("scored", "failed", "barred")}
    made |= {name: world.submit(ben, key=name, content=name.encode()) for name in ("invalid", "waiting")}
    end(session, made["scored"], "scored", final=0.5)
    end(session, made["failed"], "failed", problem={"code": "worker_lost", "title": "Lost", "detail": "<b>gone</b>"})
    end(session, made["barred"], "scored", final=0.25)
    session.add(Mark(submission_id=made["barred"].id, disqualified_at=now(session), reason="Copied."))
    end(session, made["invalid"], "invalid", findings=[{"code": "bad_json", "message": "line 1"}], findings_total=1)
    session.commit()
    return {"ada": ada, "ben": ben} | {name: one.ref for name, one in made.items()}


def test_the_overview_counts(client, world, session, sent):
    found = client.get(f"{HERE}/overview", headers=world.token(world.organizer)).json()
    assert found["states"] == {"scored": 2, "failed": 1, "invalid": 1, "queued": 1}
    assert [found["days"][-1][kind] for kind in ("scored", "invalid", "failed", "cancelled", "running")] == [
        2, 1, 1, 0, 1,
    ]  # fmt: skip
    assert len(found["days"]) == 30
    assert {(one["state"], one["code"]) for one in found["reasons"]} == {
        ("failed", "worker_lost"),
        ("invalid", "bad_json"),
    }
    assert found["oldest_waiting_at"] is not None
    # Three of ada's are one file.
    assert (found["files"], found["bytes"]) == (3, len(b"{}" + b"invalid" + b"waiting"))
    assert (found["participants"], found["phases"]) == ({"approved": 2}, {"main": 5})
    assert client.get(f"{HERE}/overview", headers=world.token(sent["ada"])).status_code == 403


def test_the_overview_costs_the_same_however_much_was_sent(client, world, session):
    owner = world.token(world.organizer)
    client.get(f"{HERE}/overview", headers=owner)  # stamps the token's first use
    with statements() as few:
        client.get(f"{HERE}/overview", headers=owner)
    for _ in range(4):
        who = world.entrant()
        for key in "abc":
            world.submit(who, key=key)
    session.commit()
    with statements() as many:
        client.get(f"{HERE}/overview", headers=owner)
    assert len(few) == len(many) < 25


def test_the_list_filters_and_pages(client, world, session, sent):
    owner = world.token(world.organizer)
    session.add(
        Team(
            ref="team_1", competition_id=world.competition.id, name="100 % <b>", lead_id=of(session, sent["ben"]).id,
            members=[of(session, sent["ben"])],
        )
    )  # fmt: skip
    session.commit()

    def refs(**query: str) -> list[str]:
        return [one["ref"] for one in client.get(f"{HERE}/submissions", params=query, headers=owner).json()["items"]]

    order = ["waiting", "invalid", "barred", "failed", "scored"]
    assert refs() == [sent[name] for name in order]
    assert refs(state="disqualified") == [sent["barred"]]
    assert refs(state="scored") == [sent["barred"], sent["scored"]]
    assert refs(participant="100 %") == [sent["waiting"], sent["invalid"]]
    assert refs(participant=sent["ada"].username.upper(), state="failed") == [sent["failed"]]
    assert refs(phase="none") == []
    assert refs(participant="_") == []
    with statements() as seen:
        first = client.get(f"{HERE}/submissions", params={"limit": 2}, headers=owner).json()
    assert len(seen) < 15
    rest = client.get(f"{HERE}/submissions", params={"cursor": first["next_cursor"]}, headers=owner).json()
    assert [one["ref"] for one in first["items"] + rest["items"]] == [sent[name] for name in order]
    assert client.get(f"{HERE}/submissions", params={"state": "odd"}, headers=owner).status_code == 422
    assert (
        client.get(f"{HERE}/submissions", params={"cursor": "odd"}, headers=owner).json()["code"] == "payload_invalid"
    )
    assert client.get(f"{HERE}/submissions", headers=world.token(sent["ada"])).status_code == 403


def of(session, who):
    from app.competitions.models import Participation

    return session.query(Participation).filter_by(account_id=who.account_id).one()


def test_what_failed_is_judged_once_more_and_nothing_else(client, world, session, sent):
    owner = world.token(world.organizer)
    answer = client.post(f"/api/v1/submissions/{sent['failed']}/retry", headers=owner).json()
    assert (answer["state"], [one["state"] for one in answer["history"]]) == ("queued", ["queued", "failed"])
    for name in ("failed", "scored"):
        again = client.post(f"/api/v1/submissions/{sent[name]}/retry", headers=owner).json()
        assert again["code"] == "not_retryable"
    mine = client.post(f"/api/v1/submissions/{sent['failed']}/retry", headers=world.token(sent["ada"]))
    assert mine.status_code == 403


def test_an_open_rescoring_does_it_by_itself(client, world, session, sent):
    rescoring.start(session, world.organizer, "pairs", "main")
    session.commit()
    answer = client.post(f"/api/v1/submissions/{sent['failed']}/retry", headers=world.token(world.organizer))
    assert answer.json()["code"] == "rescore_open"
