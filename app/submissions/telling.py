"""The mail of an evaluation that has ended, written in the transaction that ends it."""

from sqlalchemy.orm import Session

from app.competitions.visibility import view_of
from app.db import now
from app.messages import letters, outbox
from app.settings import settings
from app.submissions.models import Evaluation


def tell(session: Session, evaluation_id: int) -> None:
    """Queue the mail of an evaluation that ended as scored, invalid or failed, if it is the submission's first.

    Later ones are re-scorings, whose previews must stay unseen.
    """
    if not settings().sends_mail:
        return
    ended = session.get(Evaluation, evaluation_id, populate_existing=True)
    if ended is None or ended.version != 1:
        return
    submission, phase = ended.submission, ended.submission.phase
    if phase.competition.deleted_at is not None:
        return
    about = (submission.ref, phase.competition.title, phase.name)
    if ended.state == "scored" and ended.final is not None:
        letter = letters.scored(*about, _shown(session, ended))
    elif ended.state == "invalid":
        letter = letters.invalid(*about, ended.findings_total)
    else:
        letter = letters.failed(*about)
    reader = submission.participation.account_id
    outbox.queue(session, [reader], ended.state, f"evaluation:{ended.id}", letter)


def _shown(session: Session, ended: Evaluation) -> float | None:
    """The score as participants may see it now; None where a ladder decides that."""
    phase = ended.submission.phase
    view = view_of(phase, None, now(session))
    if view.whole:
        return ended.final
    public = ended.public_report
    return None if view.ladder or public is None else float(public["final"]["value"])
