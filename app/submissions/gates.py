"""Gates: who has no scored submission in one phase may not submit to another."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.competitions.models import Participation, Phase
from app.submissions.errors import GateNotPassed
from app.submissions.models import Evaluation, Mark, Submission


def fault(session: Session, phase: Phase, participation: Participation) -> GateNotPassed | None:
    """What keeps this entrant out of the phase, None where it has no gate or the entrant has passed it."""
    gate = phase.gate
    if gate is None or _passed(session, gate, participation):
        return None
    return GateNotPassed(
        f"{phase.slug!r} is for those who have a scored submission in {gate.slug!r}; you have none.", gate=gate.slug
    )


def require(session: Session, phase: Phase, participation: Participation) -> None:
    """Raise GateNotPassed where the entrant may not submit to the phase yet."""
    found = fault(session, phase, participation)
    if found is not None:
        raise found


def _passed(session: Session, gate: Phase, participation: Participation) -> bool:
    """Whether the entrant (somebody alone, or their team) has a submission whose newest judgement is a score.

    One that was withdrawn or disqualified does not open the gate.
    """
    mine = Participation.id == participation.id
    if participation.team_id is not None:
        mine = Participation.team_id == participation.team_id
    any_version = aliased(Evaluation)
    effective = (any_version.submission_id == Submission.id, any_version.effective_at.is_not(None))
    newest = select(func.max(any_version.version)).where(*effective).scalar_subquery()
    found = (
        select(Submission.id)
        .join(Participation, Participation.id == Submission.participation_id)
        .join(Evaluation, (Evaluation.submission_id == Submission.id) & (Evaluation.version == newest))
        .outerjoin(Mark, Mark.submission_id == Submission.id)
        .where(
            mine,
            Submission.phase_id == gate.id,
            Evaluation.state == "scored",
            Mark.withdrawn_at.is_(None),
            Mark.disqualified_at.is_(None),
        )
    )
    return bool(session.scalar(select(found.exists())))
