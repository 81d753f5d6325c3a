"""Remove what was deleted long enough ago.

The audit log keeps its names; files in storage stay, for others may share them.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import audit
from app.competitions.editing import gone_before
from app.competitions.models import Competition, Phase, Team
from app.leaderboards.models import Standing
from app.submissions.models import Evaluation, Mark, Submission


def purge(session: Session) -> str | None:
    """Remove one competition that cannot be restored any more, with all that belongs to it; returns its slug."""
    found = session.execute(
        select(Competition.id, Competition.slug)
        .where(Competition.deleted_at <= gone_before(session))
        .order_by(Competition.deleted_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if found is None:
        return None
    phases = select(Phase.id).where(Phase.competition_id == found.id)
    submissions = select(Submission.id).where(Submission.phase_id.in_(phases))
    for statement in (
        delete(Standing).where(Standing.phase_id.in_(phases)),
        delete(Mark).where(Mark.submission_id.in_(submissions)),
        delete(Evaluation).where(Evaluation.submission_id.in_(submissions)),
        delete(Submission).where(Submission.phase_id.in_(phases)),
        delete(Team).where(Team.competition_id == found.id),
        delete(Competition).where(Competition.id == found.id),
    ):
        session.execute(statement.execution_options(synchronize_session=False))
    audit.record(session, None, "competition.removed", found.slug, competition=found.slug)
    return str(found.slug)
