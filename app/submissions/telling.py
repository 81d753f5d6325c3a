"""The mail and the webhooks of an evaluation that has ended, written in the transaction that ends it."""

from sqlalchemy.orm import Session

from app.competitions.visibility import view_of
from app.db import now
from app.messages import letters, outbox
from app.submissions.models import Evaluation
from app.webhooks import events


def tell(session: Session, evaluation_id: int) -> None:
    """Tell that an evaluation ended as scored, invalid or failed, if it is the submission's first.

    Later ones are re-scorings, whose previews must stay unseen.
    """
    ended = session.get(Evaluation, evaluation_id, populate_existing=True)
    if ended is None or ended.version != 1 or ended.submission.phase.competition.deleted_at is not None:
        return
    submission, phase = ended.submission, ended.submission.phase
    shown = _shown(session, ended) if ended.state == "scored" else None
    about = (submission.ref, phase.competition.title, phase.name)
    if ended.state == "scored":
        letter = letters.scored(*about, shown)
    elif ended.state == "invalid":
        letter = letters.invalid(*about, ended.findings_total)
    else:
        letter = letters.failed(*about)
    reader = submission.participation.account_id
    outbox.queue(session, [reader], ended.state, f"evaluation:{ended.id}", letter)
    data = events.SubmissionEnded(
        competition=phase.competition.slug,
        phase=phase.slug,
        submission=submission.ref,
        state=ended.state,
        final=shown,
        findings=ended.findings_total,
    )
    events.submission_ended(session, phase, submission.participation, data)


def _shown(session: Session, ended: Evaluation) -> float | None:
    """The score as participants may see it now; None where a ladder decides that."""
    phase = ended.submission.phase
    view = view_of(phase, None, now(session))
    if view.whole:
        return ended.final
    public = ended.public_report
    return None if view.ladder or public is None else float(public["final"]["value"])
