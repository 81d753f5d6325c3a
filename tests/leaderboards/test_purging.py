"""What was deleted long ago goes, with all that belongs to it and nothing else."""

from datetime import timedelta

from sqlalchemy import func, select

from app.audit import AuditEvent
from app.competitions.models import Competition, Participation, Team
from app.db import now
from app.leaderboards import carrying, purging
from app.submissions import rescoring
from app.submissions.models import Evaluation, Mark, Rescore, Submission
from tests.leaderboards.test_carrying import next_phase, scored


def test_only_after_the_days_of_grace_and_then_wholly(session, world):
    ada = world.entrant()
    sent = scored(session, world, ada, 0.3)
    session.add(Mark(submission_id=sent.id, chosen_at=now(session)))
    team = Team(ref="team_1", competition_id=world.competition.id, name="T", lead_id=sent.participation_id)
    session.add(team)
    session.flush()
    sent.participation.team_id = team.id
    phase = next_phase(session, world)
    assert carrying.carry_by_clock(session, phase.id).evaluation_ids
    rescoring.start(session, world.organizer, "pairs", "main")
    world.competition.deleted_at = now(session) - timedelta(days=29)
    session.flush()
    assert purging.purge(session) is None
    world.competition.deleted_at = now(session) - timedelta(days=31)
    session.flush()
    assert purging.purge(session) == "pairs"
    for table in (Competition, Submission, Evaluation, Mark, Team, Participation, Rescore):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.scalars(select(AuditEvent.action)).all() == [
        "phase.carried",
        "rescore.started",
        "competition.removed",
    ]
    assert purging.purge(session) is None
