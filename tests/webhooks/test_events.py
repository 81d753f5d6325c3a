"""Who is told of what, in the event's own transaction; and that no message tells what its reader may not see."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.announcements import clock
from app.competitions import people
from app.db import now
from app.leaderboards import service as leaderboards
from app.submissions import evaluation as machine
from app.submissions import rescoring
from app.webhooks.events import ALL, DATA
from app.webhooks.fan_out import fan_out
from app.webhooks.models import Delivery
from tests.leaderboards.test_rescore_routes import begin, judge, placed
from tests.leaderboards.test_service import score
from tests.webhooks.conftest import hooked


@pytest.fixture
def hooks(session, world):
    """Webhooks of ada and ben, who take part, of eve, who does not, and of the competition."""
    ada, ben, eve = world.entrant(), world.entrant(), world.person()
    owners = {"ada": (ada, None), "ben": (ben, None), "eve": (eve, None), "all": (world.organizer, "pairs")}
    made = {name: hooked(session, who, slug) for name, (who, slug) in owners.items()}
    session.commit()
    return {"who": {"ada": ada, "ben": ben}, "names": {hook.ref: name for name, hook in made.items()}, **made}


def told(session, hooks) -> dict[str, list[dict]]:
    """The messages of each webhook, by its name, in the order of the events' names."""
    fan_out(session)
    found: dict[str, list[dict]] = {}
    for one in session.scalars(select(Delivery).order_by(Delivery.event)):
        message = json.loads(one.body)
        assert message["version"] == 1
        assert message["type"] == one.event
        assert DATA[one.event].model_validate(message["data"]).model_dump(mode="json") == message["data"]
        found.setdefault(hooks["names"][one.webhook_ref], []).append(message)
    return found


def kinds(session, hooks) -> dict[str, list[str]]:
    return {name: [one["type"] for one in messages] for name, messages in told(session, hooks).items()}


def ended(session, world, who, state: str, **values) -> None:
    evaluation = world.submit(who).evaluation
    attempt = machine.claim(session, evaluation.id, "validate")
    if state != "invalid":
        machine.finish(session, evaluation.id, "validate", attempt, "ready")
        attempt = machine.claim(session, evaluation.id, "score")
    stage = "validate" if state == "invalid" else "score"
    assert machine.finish(session, evaluation.id, stage, attempt, state, **values)


@pytest.mark.parametrize(
    ("state", "values", "shown"),
    [
        ("scored", {"final": 0.75, "report": {"words": "hidden"}}, {"final": 0.75, "findings": 0}),
        ("invalid", {"findings_total": 3}, {"final": None, "findings": 3}),
        ("failed", {"problem": {"code": "worker_lost"}}, {"final": None, "findings": 0}),
    ],
)
def test_a_submissions_end_is_told_to_its_sender_and_the_organizers(session, world, hooks, state, values, shown):
    ended(session, world, hooks["who"]["ada"], state, **values)
    messages = told(session, hooks)
    assert set(messages) == {"ada", "all"}
    assert messages["ada"] == messages["all"]
    data = messages["ada"][0]["data"]
    assert {name: data[name] for name in shown} == shown
    assert (data["competition"], data["phase"], data["state"]) == ("pairs", "main", state)


def test_of_a_split_phase_only_the_public_score_is_told(session, world, hooks):
    world.phase.split = {"fraction": 0.5, "seed": 1}
    session.flush()
    public = {"final": {"value": 0.5, "ci95": [0.4, 0.6]}}
    ended(session, world, hooks["who"]["ada"], "scored", final=0.81234, report={}, public_report=public)
    assert [one["data"]["final"] for one in told(session, hooks)["all"]] == [0.5]
    world.phase.board = {"ladder": True}
    session.flush()
    ended(session, world, hooks["who"]["ben"], "scored", final=0.81234, report={}, public_report=public)
    assert [one["data"]["final"] for one in told(session, hooks)["ben"]] == [None]
    assert "0.81234" not in str(told(session, hooks))


def test_a_board_is_told_to_all_that_take_part_and_only_its_newest_change(session, world, hooks):
    for value in (0.5, 0.6):
        leaderboards.place(session, score(session, world, hooks["who"]["ada"], value))
    messages = told(session, hooks)
    assert {name: [one["data"]["board_version"] for one in given] for name, given in messages.items()} == {
        "ada": [2], "ben": [2], "all": [2],
    }  # fmt: skip
    session.execute(Delivery.__table__.update().values(tries=1))
    leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.7))
    versions = [one["data"]["board_version"] for one in told(session, hooks)["ben"]]
    assert sorted(versions) == [2, 3], "what may have been read is not changed"


def test_a_board_that_stands_still_is_told_to_organizers_only(session, world, hooks):
    world.phase.frozen_at = now(session)
    session.flush()
    leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.5))
    assert kinds(session, hooks) == {"all": ["leaderboard.changed"]}


def test_what_was_to_be_seen_before_a_freeze_is_told_and_what_came_after_is_not(session, world, hooks):
    leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.5))
    world.phase.frozen_at = now(session)
    session.flush()
    leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.6))
    messages = told(session, hooks)
    assert {name: [one["data"]["board_version"] for one in given] for name, given in messages.items()} == {
        "ada": [1], "ben": [1], "all": [2],
    }  # fmt: skip


def test_phases_and_rescorings_are_told_to_all_that_take_part(session, world, hooks):
    world.phase.ends_at = now(session) - timedelta(milliseconds=1)
    session.flush()
    clock.tell(session)
    clock.tell(session)
    assert kinds(session, hooks) == {key: ["phase.closed"] for key in ("ada", "ben", "all")}


def test_an_applied_rescoring_is_told_and_a_preview_is_not(session, world, hooks):
    first = placed(session, world, hooks["who"]["ada"], 0.8)
    rescore = begin(session, world)
    judge(session, rescore, {first.id: 0.5})
    fan_out(session)
    session.execute(Delivery.__table__.delete())
    rescoring.apply(session, world.organizer, rescore.ref, leaderboards.rebuild)
    assert kinds(session, hooks) == {key: ["leaderboard.changed", "rescore.applied"] for key in ("ada", "ben", "all")}
    assert told(session, hooks)["ben"][1]["data"]["reason"] == "p_000 was wrong"


def test_who_was_banned_who_is_off_who_does_not_want_it_and_a_deleted_competition_are_told_nothing(
    session, world, hooks
):
    people.decide(session, world.organizer, "pairs", hooks["who"]["ben"].username, {"status": "banned"})
    hooks["ada"].disabled = "Off."
    hooks["all"].events = [kind for kind in ALL if kind != "leaderboard.changed"]
    session.flush()
    fan_out(session)
    session.execute(Delivery.__table__.delete())
    leaderboards.rebuild(session, world.phase.id)
    assert kinds(session, hooks) == {}
    hooks["all"].events = list(ALL)
    world.competition.deleted_at = now(session)
    session.flush()
    leaderboards.rebuild(session, world.phase.id)
    assert kinds(session, hooks) == {}


def test_an_event_that_is_rolled_back_was_never_told(session, world, hooks):
    with session.begin_nested() as inner:
        leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.5))
        inner.rollback()
    assert kinds(session, hooks) == {}


def test_a_webhook_is_told_nothing_that_happened_before_it_was_made(session, world, hooks):
    leaderboards.place(session, score(session, world, hooks["who"]["ada"], 0.5))
    hooks["ben"].created_at = now(session) + timedelta(hours=1)
    session.flush()
    assert set(kinds(session, hooks)) == {"ada", "all"}
