"""Mails and webhooks of scores: of an evaluation that ended, and of a re-scoring, in the very transaction of it.

What they tell is what participants may see at that moment, and so is whether it changed.
"""

from collections import defaultdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.competitions.models import Participation
from app.competitions.visibility import view_of
from app.db import now
from app.messages import letters, outbox
from app.settings import settings
from app.submissions.models import Evaluation, Rescore, Submission
from app.webhooks import events


def tell(session: Session, evaluation_id: int) -> None:
    """Tell that an evaluation ended as scored, invalid or failed: the first of a submission, or a further try of it.

    Those of re-scorings are previews, which must stay unseen.
    """
    ended = session.get(Evaluation, evaluation_id, populate_existing=True)
    if ended is None or ended.rescore_id is not None or ended.submission.phase.competition.deleted_at is not None:
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


def tell_rescored(session: Session, rescore: Rescore) -> None:
    """Queue a mail for each participant whose score the applied re-scoring changed: one, with all of them.

    On a ladder, whose scores are told nowhere else, it names what was judged anew, changed or not.
    """
    if not settings().sends_mail:
        return
    phase = rescore.phase
    view = view_of(phase, None, now(session))
    changed: dict[int, list[letters.Changed]] = defaultdict(list)
    for account_id, ref, old, new in session.execute(_before_and_after(rescore, whole=view.whole)):
        if view.ladder:
            changed[account_id].append((ref, None, None))
        elif _rounded(old) != _rounded(new):
            changed[account_id].append((ref, old, new))
    about = (phase.competition.slug, phase.competition.title, phase.slug, phase.name, rescore.reason)
    each = {account_id: letters.rescored(*about, own) for account_id, own in changed.items()}
    outbox.queue_each(session, each, "rescored", f"rescored:{rescore.ref}")


def _before_and_after(rescore: Rescore, *, whole: bool) -> Any:
    """The query for account, ref, old and new score of what took effect by the re-scoring, of approved participants."""
    old, other = aliased(Evaluation), aliased(Evaluation)
    before = (other.submission_id == Evaluation.submission_id, other.version < Evaluation.version)
    version = select(func.max(other.version)).where(*before, other.effective_at.is_not(None)).scalar_subquery()
    finals = [(one.report if whole else one.public_report)["final"]["value"].as_float() for one in (old, Evaluation)]
    return (
        select(Participation.account_id, Submission.ref, *finals)
        .select_from(Evaluation)
        .join(Submission, Submission.id == Evaluation.submission_id)
        .join(Participation, Participation.id == Submission.participation_id)
        .join(old, (old.submission_id == Evaluation.submission_id) & (old.version == version))
        .where(
            Evaluation.rescore_id == rescore.id,
            Evaluation.effective_at.is_not(None),
            Participation.status == "approved",
        )
        .order_by(Submission.id)
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _shown(session: Session, ended: Evaluation) -> float | None:
    """The score as participants may see it now; None where a ladder decides that."""
    phase = ended.submission.phase
    view = view_of(phase, None, now(session))
    if view.whole:
        return ended.final
    public = ended.public_report
    return None if view.ladder or public is None else float(public["final"]["value"])
