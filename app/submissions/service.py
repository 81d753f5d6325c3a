"""What can be done with submissions: submit, see, cancel. Plain functions on an open session."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app import audit
from app.accounts.errors import TokenElsewhere
from app.accounts.service import Principal
from app.competitions import entrants
from app.competitions import service as competitions
from app.competitions.models import Participation, Phase
from app.db import new_ref, now
from app.submissions import evaluation as machine
from app.submissions import gates
from app.submissions.errors import IdempotencyConflict, NotCancellable, SubmissionNotFound
from app.submissions.limits import limits_of, require_room
from app.submissions.models import Evaluation, Submission


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in storage: its hash, size in bytes, and the participant's name for it (text only)."""

    sha256: str
    size: int
    name: str


def earlier(session: Session, phase: Phase, participation: Participation, key: str | None, sha256: str | None) -> Any:
    """The submission that this Idempotency-Key already made, None where it is new. Raises IdempotencyConflict.

    After a failure of ours, or a cancellation, the key is free: sending the same file again is then a new submission.
    """
    if key is None:
        return None
    found = session.scalar(
        select(Submission)
        .where(
            Submission.participation_id == participation.id,
            Submission.phase_id == phase.id,
            Submission.idempotency_key == key,
        )
        .order_by(Submission.id.desc())
        .limit(1)
    )
    if found is not None and found.evaluation.state in ("failed", "cancelled"):
        return None
    if found is not None and sha256 is not None and found.file_sha256 != sha256:
        raise IdempotencyConflict(f"It made {found.ref} from a file with the SHA-256 {found.file_sha256[:12]}….")
    return found


def submit(
    session: Session, who: Principal, slug: str, phase_slug: str, received: Received, message: str, key: str | None
) -> tuple[Submission, bool]:
    """Make the submission and its first evaluation, counted under the entrant's lock.

    Returns the submission and whether it is new (False: the key's earlier one). Raises what `entry` raises,
    GateNotPassed, LimitReached, IdempotencyConflict.
    """
    phase, participation = competitions.entry(session, who, slug, phase_slug, lock=True)
    known = earlier(session, phase, participation, key, received.sha256)
    if known is not None:
        return known, False
    gates.require(session, phase, participation)
    require_room(limits_of(session, phase, participation))
    moment = now(session)
    submission = Submission(
        ref=new_ref("sub"),
        phase=phase,
        participation=participation,
        file_name=received.name,
        file_size=received.size,
        file_sha256=received.sha256,
        message=message,
        idempotency_key=key,
        late=phase.accept_late and competitions.status_of(phase, moment) == "closed",
        created_at=moment,
    )
    session.add(submission)
    session.flush()
    turn = machine.turn_of(session, entrants.members_of(session, participation))
    evaluation = first_evaluation(submission, phase, moment, turn)
    session.add(evaluation)
    session.flush()
    # All that there is of it is known; nothing needs to be read back.
    set_committed_value(evaluation, "submission", submission)
    set_committed_value(submission, "evaluations", [evaluation])
    set_committed_value(submission, "mark", None)
    return submission, True


def first_evaluation(submission: Submission, phase: Phase, moment: datetime, turn: int) -> Evaluation:
    """The first judgement of a new submission, queued, by the truth and the plan that the phase has now."""
    assert phase.truth_id is not None  # noqa: S101  (the caller made sure)
    return Evaluation(
        submission_id=submission.id,
        version=1,
        truth_id=phase.truth_id,
        plan=phase.plan,
        turn=turn,
        queued_at=moment,
        effective_at=moment,
        announce_at=machine.first_announcement(),
    )


def submission_of(session: Session, who: Principal | None, ref: str) -> Submission:
    """The submission where the asker may see it: its owner, their present team, its organizers.

    Raises SubmissionNotFound.
    """
    found = session.scalar(select(Submission).where(Submission.ref == ref))
    if found is not None and who is not None and found.phase.competition.deleted_at is None:
        mine = select(Participation.id).where(Participation.id == found.participation_id)
        if who.competition not in (None, found.phase.competition.slug):
            raise TokenElsewhere(f"{ref} is of {found.phase.competition.slug!r}.")
        own = session.scalar(mine.where(entrants.belongs_to(who.account_id))) is not None
        if own or competitions.organizes(who, found.phase.competition):
            return found
    raise SubmissionNotFound(f"There is no submission {ref!r} of yours.")


def cancel(session: Session, who: Principal, ref: str) -> Submission:
    """Cancel a submission that is not final. Raises SubmissionNotFound, NotCancellable."""
    found = submission_of(session, who, ref)
    if not machine.cancel(session, found.evaluation.id):
        raise NotCancellable(f"It is {found.evaluation.state} already.")
    if found.participation.account_id != who.account_id:
        audit.record(session, who, "submission.cancelled", ref, competition=found.phase.competition.slug)
    session.expire_all()
    return found


def queue_place(session: Session, evaluation: Evaluation) -> tuple[int, int] | None:
    """(place, length) of a waiting evaluation in its stage's queue, first is 1; None where it does not wait."""
    if evaluation.state not in ("queued", "ready"):
        return None
    same = (Evaluation.state == evaluation.state) & (Evaluation.priority <= evaluation.priority)
    before = tuple_(Evaluation.priority, Evaluation.turn, Evaluation.id) <= tuple_(
        evaluation.priority, evaluation.turn, evaluation.id
    )
    place, length = session.execute(select(func.count().filter(before), func.count()).where(same)).one()
    # It may have been taken since its state was read.
    return (place, length) if place else None
