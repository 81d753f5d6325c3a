"""Who may submit now: gates, the pause, and late ones; each says so before a file is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from app.competitions.errors import PhaseNotOpen
from app.competitions.models import Phase, Team
from app.competitions.service import participation_of
from app.db import now
from app.submissions import gates
from app.submissions.models import Evaluation, Mark

SUBMIT = "/api/v1/competitions/pairs/phases/main/submissions"
LIMITS = "/api/v1/competitions/pairs/phases/main/limits"


@pytest.fixture
def qualifier(session, world) -> Phase:
    """A phase before, which is the gate of `main`; no file of its own can come in any more."""
    phase = Phase(
        competition_id=world.competition.id, slug="qualifier", name="Q", index=1, plan=world.phase.plan,
        starts_at=now(session) - timedelta(days=2), truth_id=world.phase.truth_id,
    )  # fmt: skip
    session.add(phase)
    session.flush()
    return phase


def sent_to(session, world, phase, who):
    """A submission to the gate's phase, queued."""
    from app import storage
    from app.submissions import service

    session.expire(world.competition)
    sent, _ = service.submit(
        session, who, "pairs", phase.slug, service.Received(storage.put(b"{}"), 2, "a.jsonl"), "", None
    )
    return sent


def scored_in(session, world, phase, who):
    """A submission to the gate's phase, scored."""
    sent = sent_to(session, world, phase, who)
    one = {"value": 0.5, "ci95": None}
    session.execute(
        update(Evaluation)
        .where(Evaluation.submission_id == sent.id)
        .values(state="scored", final=0.5, finished_at=func.clock_timestamp(), report={"final": one})
    )
    session.expire_all()
    return sent


def test_the_gate_opens_with_a_score_and_closes_when_it_is_annulled(session, world, qualifier):
    who = world.entrant()
    me = participation_of(session, world.competition, who.account_id)
    world.phase.gate = qualifier
    session.flush()
    refused = gates.fault(session, world.phase, me)
    assert refused.extra == {"gate": "qualifier"}
    assert "'qualifier'" in refused.detail
    sent_to(session, world, qualifier, who)
    assert gates.fault(session, world.phase, me) is not None
    sent = scored_in(session, world, qualifier, who)
    assert gates.fault(session, world.phase, me) is None
    session.add(Mark(submission_id=sent.id, disqualified_at=now(session)))
    session.flush()
    assert gates.fault(session, world.phase, me) is not None


def test_the_score_of_one_opens_the_gate_for_their_team(session, world, qualifier):
    people = [world.entrant() for _ in range(2)]
    lead, other = (participation_of(session, world.competition, who.account_id) for who in people)
    world.phase.gate = qualifier
    scored_in(session, world, qualifier, people[0])
    assert gates.fault(session, world.phase, other) is not None
    team = Team(ref="team_1", competition_id=world.competition.id, name="T", lead_id=lead.id)
    session.add(team)
    session.flush()
    lead.team_id = other.team_id = team.id
    session.flush()
    assert gates.fault(session, world.phase, other) is None


def test_gate_and_pause_are_told_before_a_file_is_sent(client, session, world, qualifier):
    who = world.entrant()
    mine = world.token(who)
    world.phase.gate = qualifier
    session.commit()
    refused = client.post(SUBMIT, content=b"never read", headers=mine)
    assert (refused.status_code, refused.json()["code"]) == (409, "gate_not_passed")
    limits = client.get(LIMITS, headers=mine).json()
    assert (limits["can_submit"], limits["reason"]["code"]) == (False, "gate_not_passed")
    world.phase.gate, world.phase.paused = None, True
    session.commit()
    assert client.post(SUBMIT, content=b"never read", headers=mine).json()["code"] == "phase_paused"
    assert client.get(LIMITS, headers=mine).json()["reason"]["code"] == "phase_paused"


def test_what_was_queued_before_a_pause_goes_on(session, world):
    from app.submissions import evaluation as machine

    sent = world.submit(world.entrant())
    world.phase.paused = True
    session.flush()
    assert machine.claim(session, sent.evaluation.id, "validate") == 1


def test_late_ones_are_marked_count_against_the_limit_and_end_with_publishing(session, world):
    who = world.entrant()
    assert world.submit(who).late is False
    world.phase.ends_at = now(session) - timedelta(minutes=1)
    session.flush()
    with pytest.raises(PhaseNotOpen):
        world.submit(who)
    world.phase.accept_late, world.phase.max_submissions = True, 2
    session.flush()
    assert world.submit(who).late is True
    from app.submissions.errors import LimitReached

    with pytest.raises(LimitReached):
        world.submit(who)
    world.phase.max_submissions, world.phase.published_at = None, now(session)
    session.flush()
    with pytest.raises(PhaseNotOpen):
        world.submit(who)
