"""What can be done with submissions: count, submit, cancel. Plain functions on an open session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app import audit
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Participation, Phase
from app.db import new_ref, now
from app.settings import settings
from app.submissions import evaluation as machine
from app.submissions.errors import IdempotencyConflict, LimitReached, NotCancellable, SubmissionNotFound
from app.submissions.models import Evaluation, Submission


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in storage: its hash, size in bytes, and the participant's name for it (text only)."""

    sha256: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What is used and left in a phase, and when the next submission is possible (None: never again)."""

    day_limit: int | None
    day_used: int
    total_limit: int | None
    total_used: int
    invalid_used: int
    resets_at: datetime
    moment: datetime

    @property
    def day_left(self) -> int | None:
        """Submissions left today, None where there is no limit."""
        return None if self.day_limit is None else max(0, self.day_limit - self.day_used)

    @property
    def total_left(self) -> int | None:
        """Submissions left in the phase, None where there is no limit."""
        return None if self.total_limit is None else max(0, self.total_limit - self.total_used)

    @property
    def reason(self) -> str:
        """Why nothing can be submitted now, empty where it can."""
        if self.total_left == 0:
            return f"All {self.total_limit} submissions of this phase are used."
        if self.day_left == 0:
            return f"All {self.day_limit} submissions of today are used (UTC)."
        if self.invalid_used >= settings().invalid_per_day:
            return f"{self.invalid_used} invalid submissions today (UTC); check files first: `palmares validate`."
        return ""

    @property
    def next_possible_at(self) -> datetime | None:
        """Now, the next UTC midnight, or None where the total is used up."""
        if self.total_left == 0:
            return None
        return self.resets_at if self.reason else self.moment


def limits_of(session: Session, phase: Phase, participation: Participation) -> Limits:
    """Count what the participation used in this phase. Exact while the participation's row is locked.

    Failed (our fault) and cancelled submissions never count; invalid ones have an allowance of their own.
    """
    moment = now(session)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    any_version = aliased(Evaluation)
    effective = (any_version.submission_id == Submission.id, any_version.effective_at.is_not(None))
    newest = select(func.max(any_version.version)).where(*effective).scalar_subquery()
    today = Submission.created_at >= midnight
    counts = Evaluation.state.not_in(("failed", "cancelled", "invalid"))
    row = session.execute(
        select(
            func.count().filter(counts).label("total"),
            func.count().filter(counts, today).label("day"),
            func.count().filter(Evaluation.state == "invalid", today).label("invalid"),
        )
        .select_from(Submission)
        .join(Evaluation, (Evaluation.submission_id == Submission.id) & (Evaluation.version == newest))
        .where(Submission.phase_id == phase.id, Submission.participation_id == participation.id)
    ).one()
    return Limits(
        day_limit=phase.max_submissions_per_day,
        day_used=row.day,
        total_limit=phase.max_submissions,
        total_used=row.total,
        invalid_used=row.invalid,
        resets_at=midnight + timedelta(days=1),
        moment=moment,
    )


def require_room(limits: Limits) -> None:
    """Raise LimitReached where nothing can be submitted now."""
    if limits.reason:
        possible = limits.next_possible_at
        wait = int((possible - limits.moment).total_seconds()) + 1 if possible else None
        raise LimitReached(limits.reason, next_possible_at=possible.isoformat() if possible else None, retry_after=wait)


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
    """Make the submission and its first evaluation, counted under the participation's lock.

    Returns the submission and whether it is new (False: the key's earlier one). Raises what `entry` raises,
    LimitReached, IdempotencyConflict.
    """
    phase, participation = competitions.entry(session, who, slug, phase_slug, lock=True)
    known = earlier(session, phase, participation, key, received.sha256)
    if known is not None:
        return known, False
    require_room(limits_of(session, phase, participation))
    moment = now(session)
    submission = Submission(
        ref=new_ref("sub"),
        phase_id=phase.id,
        participation_id=participation.id,
        file_name=received.name,
        file_size=received.size,
        file_sha256=received.sha256,
        message=message,
        idempotency_key=key,
        created_at=moment,
    )
    session.add(submission)
    session.flush()
    assert phase.truth_id is not None  # noqa: S101  (entry demands a truth)
    session.add(
        Evaluation(
            submission_id=submission.id,
            version=1,
            truth_id=phase.truth_id,
            plan=phase.plan,
            queued_at=moment,
            effective_at=moment,
            announce_at=machine.first_announcement(),
        )
    )
    session.flush()
    session.refresh(submission)
    return submission, True


def submission_of(session: Session, who: Principal | None, ref: str) -> Submission:
    """The submission where the asker may see it: its owner, its organizers. Raises SubmissionNotFound."""
    found = session.scalar(select(Submission).where(Submission.ref == ref))
    if found is not None and who is not None:
        own = found.participation.account_id == who.account_id
        if own or competitions.organizes(who, found.phase.competition):
            return found
    raise SubmissionNotFound(f"There is no submission {ref!r} of yours.")


def cancel(session: Session, who: Principal, ref: str) -> Submission:
    """Cancel a submission that is not final. Raises SubmissionNotFound, NotCancellable."""
    found = submission_of(session, who, ref)
    if not machine.cancel(session, found.evaluation.id):
        raise NotCancellable(f"It is {found.evaluation.state} already.")
    if found.participation.account_id != who.account_id:
        slug = found.phase.competition.slug
        audit.record(session, who, "submission.cancelled", ref, competition=slug)
    session.flush()
    session.expire_all()
    return found


def queue_place(session: Session, evaluation: Evaluation) -> tuple[int, int] | None:
    """(place, length) of a waiting evaluation in its stage's queue, first is 1; None where it does not wait."""
    if evaluation.state not in ("queued", "ready"):
        return None
    same = Evaluation.state == evaluation.state
    place, length = session.execute(
        select(func.count().filter(Evaluation.id <= evaluation.id), func.count()).where(same)
    ).one()
    # It may have been taken since its state was read.
    return (place, length) if place else None
