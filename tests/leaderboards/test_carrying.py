"""Carry-over: each entrant's counting submission, exactly once, whoever asks and however late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.audit import AuditEvent
from app.competitions import service as competitions
from app.competitions.models import Phase
from app.db import now
from app.leaderboards import carrying, service
from app.submissions.models import Evaluation, Mark, Submission
from tests.conftest import TRUTH, World
from tests.leaderboards.test_service import score


def next_phase(session, world, starts_in: timedelta = timedelta(seconds=-1)) -> Phase:
    phase = Phase(
        competition_id=world.competition.id, slug="final", name="Final", index=1, starts_at=now(session) + starts_in,
        plan=world.phase.plan, carry_from_id=world.phase.id, max_submissions=1,
    )  # fmt: skip
    session.add(phase)
    session.flush()
    from app import storage

    competitions.add_truth(session, phase, storage.put(TRUTH), ["p_000", "s_000"], world.organizer.account_id)
    session.flush()
    session.expire(world.competition)
    return phase


def scored(session, world, who, value: float) -> Submission:
    evaluation_id = score(session, world, who, value)
    service.place(session, evaluation_id)
    session.expire_all()
    return session.get_one(Evaluation, evaluation_id).submission


def carried_into(session, phase) -> list[Submission]:
    return list(session.scalars(select(Submission).where(Submission.phase_id == phase.id).order_by(Submission.id)))


def test_what_counts_is_carried_once_at_the_start(session, world):
    ada, bob = world.entrant(), world.entrant()
    scored(session, world, ada, 0.3)
    best = scored(session, world, ada, 0.9)
    other = scored(session, world, bob, 0.5)
    phase = next_phase(session, world)
    assert carrying.due(session) == [phase.id]
    made = carrying.carry_by_clock(session, phase.id)
    first, second = carried_into(session, phase)
    assert [first.carried_from_id, second.carried_from_id] == [best.id, other.id]
    assert (first.participation_id, first.file_sha256) == (best.participation_id, best.file_sha256)
    assert (first.evaluation.state, first.evaluation.truth_id) == ("queued", phase.truth_id)
    assert made.evaluation_ids == [first.evaluation.id, second.evaluation.id]
    assert first.created_at < second.created_at
    assert carrying.due(session) == []
    assert carrying.carry_by_clock(session, phase.id).evaluation_ids == []
    assert session.scalars(select(AuditEvent.after)).all() == [{"from": "main", "carried": 2}]


def test_nothing_is_carried_before_the_start_but_by_hand_and_then_only_the_rest(session, world):
    ada, bob = world.entrant(), world.entrant()
    scored(session, world, ada, 0.3)
    phase = next_phase(session, world, timedelta(hours=1))
    assert carrying.due(session) == []
    hand = [carrying.carry_by_hand(session, world.organizer, "pairs", "final") for _ in range(2)]
    assert [len(one.evaluation_ids) for one in hand] == [1, 0]
    assert phase.carried_at is None
    better = scored(session, world, ada, 0.8)
    scored(session, world, bob, 0.5)
    phase.starts_at = now(session)
    session.flush()
    assert len(carrying.carry_by_clock(session, phase.id).evaluation_ids) == 1
    assert better.id not in {one.carried_from_id for one in carried_into(session, phase)}
    assert phase.carried_at is not None


def test_the_clock_waits_for_what_is_still_being_judged(session, world):
    ada = world.entrant()
    scored(session, world, ada, 0.3)
    world.submit(ada)
    phase = next_phase(session, world)
    phase.starts_at = now(session)
    session.flush()
    assert carrying.carry_by_clock(session, phase.id).pending == 1
    assert carried_into(session, phase) == []
    assert carrying.due(session) == [phase.id]


@pytest.mark.parametrize("why", ["withdrawn_at", "disqualified_at", "late", "banned"])
def test_who_is_out_is_not_carried(session, world, why):
    ada = world.entrant()
    if why == "late":
        world.phase.accept_late, world.phase.ends_at = True, now(session) - timedelta(minutes=1)
        session.flush()
    sent = scored(session, world, ada, 0.3)
    if why == "banned":
        sent.participation.status = "banned"
    elif why != "late":
        session.add(Mark(submission_id=sent.id, **{why: now(session)}))
    session.flush()
    service.replace(session, world.phase.id, sent.participation_id)
    assert sent.late is (why == "late")
    phase = next_phase(session, world)
    assert carrying.carry_by_clock(session, phase.id).evaluation_ids == []
    assert carried_into(session, phase) == []


def test_over_http_by_organizers_only(client, session, world):
    ada = world.entrant()
    scored(session, world, ada, 0.3)
    headers, path = world.token(world.organizer), "/api/v1/competitions/pairs/phases"
    assert client.post(f"{path}/main/carry", headers=headers).json()["code"] == "nothing_to_carry"
    next_phase(session, world)
    session.commit()
    assert client.post(f"{path}/final/carry", headers=world.token(ada)).status_code == 403
    assert client.post(f"{path}/final/carry", headers=headers).json() == {"carried": 1, "pending": 0}
    assert client.post(f"{path}/final/carry", headers=headers).json() == {"carried": 0, "pending": 0}


def test_eight_schedulers_and_organizers_at_once_carry_once(committed):
    with db.Session.begin() as session:
        world = World(session)
        for _ in range(10):
            scored(session, world, world.entrant(), 0.5)
        phase_id = next_phase(session, world).id
        organizer = world.organizer

    def one(number: int) -> int:
        with db.Session.begin() as session:
            if number % 2:
                return len(carrying.carry_by_hand(session, organizer, "pairs", "final").evaluation_ids)
            return len(carrying.carry_by_clock(session, phase_id).evaluation_ids)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 10
    with db.Session.begin() as session:
        of_phase = select(func.count(func.distinct(Submission.carried_from_id))).where(Submission.phase_id == phase_id)
        assert session.scalar(of_phase) == 10
