"""Judge a phase anew beside the standing scores, then switch the whole of it at once, or leave no trace.

Decision: an evaluation of a re-scoring is a further version of its submission that has no effect (`effective_at` is
empty), so that nothing that shows or ranks sees it. Applying stamps all of them in one transaction, under the phase's
lock, with the phase's new truth and plan and its boards made anew. What is still being judged under the old scoring is
sent back to be judged under the new one; its workers are fenced out. Rejected: judging in place, which would mix two
scorings on a board for as long as it takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, delete, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app import audit
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.errors import PhaseNotReady
from app.competitions.models import Phase, Truth
from app.db import new_ref, now
from app.errors import Denied
from app.submissions import telling
from app.submissions.errors import (
    RescoreEnded,
    RescoreFailures,
    RescoreNotFound,
    RescoreOpen,
    RescoreUnfinished,
    TruthNotFound,
)
from app.submissions.models import TERMINAL, Evaluation, Rescore, Submission

Rebuild = Callable[[Session, int], None]

BATCH = 500
NAMED = 20
"""So many of the submissions that could not be judged anew are named."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a re-scoring is: of `total` evaluations `done` have ended, `failed` of these by our fault.

    `skipped` names (up to a limit) those whose standing score would stay: they were scored before and failed now.
    """

    total: int
    done: int
    failed: int
    skipped: list[str]
    started_at: datetime
    moment: datetime

    @property
    def remaining(self) -> int:
        """How many are still to be judged."""
        return self.total - self.done

    @property
    def ends_at(self) -> datetime | None:
        """When it will be done if it goes on like this, None where nothing is done yet."""
        if not self.remaining or not self.done:
            return None
        return self.moment + (self.moment - self.started_at) / self.done * self.remaining


def start(
    session: Session,
    who: Principal,
    slug: str,
    phase_slug: str,
    *,
    truth_version: int | None = None,
    plan: dict[str, Any] | None = None,
    reason: str = "",
) -> Rescore:
    """Begin to judge the phase anew: by another truth, another plan, or by the scorer as it is now.

    Raises CompetitionNotFound, PhaseNotFound, Denied, PhaseNotReady, TruthNotFound, RescoreOpen.
    """
    phase = competitions.phase_of(session, slug, phase_slug)
    _require_organizer(who, phase)
    competitions.hold(session, phase)
    if phase.truth_id is None:
        raise PhaseNotReady
    going = session.scalar(select(Rescore).where(Rescore.phase_id == phase.id, Rescore.state == "open"))
    if going is not None:
        raise RescoreOpen(f"{going.ref} is open in {phase_slug!r}.", rescore=going.ref)
    truth_id = phase.truth_id if truth_version is None else _truth(session, phase, truth_version).id
    made = Rescore(
        ref=new_ref("res"),
        phase_id=phase.id,
        truth_id=truth_id,
        plan=phase.plan if plan is None else plan,
        reason=reason,
        created_by=who.account_id,
        created_at=now(session),
    )
    session.add(made)
    session.flush()
    fill(session, made)
    session.refresh(made)
    changed = {"truth": made.truth.number, "plan": made.plan != phase.plan, "reason": reason}
    _record(session, who, made, "rescore.started", changed)
    return made


def _truth(session: Session, phase: Phase, number: int) -> Truth:
    found = session.scalar(select(Truth).where(Truth.phase_id == phase.id, Truth.number == number))
    if found is None:
        raise TruthNotFound(f"{phase.slug!r} has no truth of version {number}.")
    return found


def fill(session: Session, rescore: Rescore, limit: int = BATCH) -> int:
    """Add the evaluations that are missing, up to a limit; returns how many.

    Judged anew is what is scored, and what failed by our fault: also what was scored since the re-scoring began.
    Answers that were read before are not read again.
    """
    other = aliased(Evaluation)
    last = select(func.max(other.version)).where(other.submission_id == Submission.id).scalar_subquery()
    read = Evaluation.answers_sha256.is_not(None)
    moment = func.clock_timestamp()
    missing = _to_judge(
        rescore,
        Submission.id,
        last + 1,
        literal(rescore.truth_id),
        literal(rescore.plan, type_=Evaluation.plan.type),
        literal(rescore.id),
        literal(1),
        case((read, "ready"), else_="queued"),
        moment,
        moment,
        case((read, moment)),
        Evaluation.answers_sha256,
        Evaluation.warnings,
    )
    missing = missing.order_by(Submission.id).limit(limit)
    columns = [
        "submission_id", "version", "truth_id", "plan", "rescore_id", "priority", "state", "announce_at", "queued_at",
        "ready_at", "answers_sha256", "warnings",
    ]  # fmt: skip
    made = insert(Evaluation).from_select(columns, missing).on_conflict_do_nothing().returning(Evaluation.id)
    return len(session.scalars(made).all())


def _to_judge(rescore: Rescore, *columns: Any) -> Any:
    """The query for what is scored or failed, and has no evaluation of this re-scoring yet."""
    other, mine = aliased(Evaluation), aliased(Evaluation)
    newest = select(func.max(other.version)).where(
        other.submission_id == Submission.id, other.effective_at.is_not(None)
    )
    return (
        select(*columns)
        .select_from(Submission)
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .where(
            Submission.phase_id == rescore.phase_id,
            Evaluation.version == newest.scalar_subquery(),
            Evaluation.state.in_(("scored", "failed")),
            ~exists().where(mine.submission_id == Submission.id, mine.rescore_id == rescore.id),
        )
    )


def fill_open(session: Session) -> int:
    """Add what is missing to the re-scorings that are open, some of it in each round; returns how many."""
    rows = select(Rescore).where(Rescore.state == "open").with_for_update(skip_locked=True, of=Rescore)
    return sum(fill(session, one) for one in session.scalars(rows).all())


def rescore_of(session: Session, who: Principal, ref: str) -> Rescore:
    """A re-scoring, for the competition's organizers. Raises RescoreNotFound."""
    found = session.scalar(select(Rescore).where(Rescore.ref == ref))
    there = found is not None and found.phase.competition.deleted_at is None
    if found is not None and there and competitions.organizes(who, found.phase.competition):
        return found
    raise RescoreNotFound(f"There is no re-scoring {ref!r} of yours.")


def rescores_of(session: Session, who: Principal, slug: str, phase_slug: str) -> list[Rescore]:
    """The phase's re-scorings, newest first. Raises CompetitionNotFound, PhaseNotFound, Denied."""
    phase = competitions.phase_of(session, slug, phase_slug)
    _require_organizer(who, phase)
    return list(session.scalars(select(Rescore).where(Rescore.phase_id == phase.id).order_by(Rescore.id.desc())))


def last_applied(session: Session, phase: Phase, at: datetime | None = None) -> Rescore | None:
    """The re-scoring by which the phase's scores came about (those of a moment), None where they are the first."""
    rows = select(Rescore).where(Rescore.phase_id == phase.id, Rescore.state == "applied")
    if at is not None:
        rows = rows.where(Rescore.ended_at <= at)
    return session.scalars(rows.order_by(Rescore.id.desc()).limit(1)).first()


def progress(session: Session, rescore: Rescore) -> Progress:
    """How far it is, those included that are still to be added."""
    ours = Evaluation.rescore_id == rescore.id
    total, done, failed = session.execute(
        select(
            func.count(),
            func.count().filter(Evaluation.state.in_(TERMINAL)),
            func.count().filter(Evaluation.state == "failed"),
        ).where(ours)
    ).one()
    skipped = list(session.scalars(_kept(rescore).limit(NAMED))) if failed else []
    going = rescore.state == "open"
    missing = session.scalar(_to_judge(rescore, func.count())) if going else 0
    return Progress(total + (missing or 0), done, failed, skipped, rescore.created_at, now(session))


def _kept(rescore: Rescore) -> Any:
    """The refs of submissions that keep their score: they were scored before, and failed in this re-scoring."""
    before = aliased(Evaluation)
    scored = exists().where(
        before.submission_id == Submission.id, before.state == "scored", before.effective_at.is_not(None)
    )
    failed = and_(Evaluation.rescore_id == rescore.id, Evaluation.state == "failed")
    rows = select(Submission.ref).join(Evaluation, Evaluation.submission_id == Submission.id)
    return rows.where(failed, scored).order_by(Submission.id)


def apply(session: Session, who: Principal, ref: str, rebuild: Rebuild, *, skip_failed: bool = False) -> Rescore:
    """Switch the phase to the new scores, all at once; with `skip_failed`, what failed keeps its standing score.

    Raises RescoreNotFound, RescoreEnded, RescoreUnfinished, RescoreFailures.
    """
    found = _held(session, who, ref)
    phase = found.phase
    _send_back(session, found)
    so_far = progress(session, found)
    if so_far.remaining:
        raise RescoreUnfinished(
            f"{so_far.done} of {so_far.total} are judged.", total=so_far.total, done=so_far.done, rescore=ref
        )
    if so_far.skipped and not skip_failed:
        raise RescoreFailures(f"{', '.join(so_far.skipped)} could not be judged.", submissions=so_far.skipped)
    moment = now(session)
    ended = (Evaluation.rescore_id == found.id, Evaluation.state.in_(("scored", "invalid")))
    session.execute(
        update(Evaluation).where(*ended).values(effective_at=moment).execution_options(synchronize_session=False)
    )
    before = {"truth": phase.truth.number if phase.truth else None}
    told = {"truth": found.truth.number, "plan": found.plan != phase.plan, "reason": found.reason}
    phase.truth_id, phase.plan = found.truth_id, found.plan
    phase.competition.version += 1
    _end(session, who, found, "applied", moment)
    session.expire_all()
    rebuild(session, found.phase_id)
    telling.tell_rescored(session, found)
    _record(session, who, found, "rescore.applied", told | {"kept": so_far.skipped}, before)
    return found


def _send_back(session: Session, rescore: Rescore) -> None:
    """Let what is not judged yet be judged by the new truth and plan; who judges it now is fenced out."""
    live = (
        select(Evaluation.id)
        .join(Submission, Submission.id == Evaluation.submission_id)
        .where(
            Submission.phase_id == rescore.phase_id,
            Evaluation.effective_at.is_not(None),
            Evaluation.finished_at.is_(None),
        )
        .order_by(Evaluation.id)
        .with_for_update(of=Evaluation)
    )
    ids = list(session.scalars(live))
    session.execute(
        update(Evaluation)
        .where(Evaluation.id.in_(ids), Evaluation.finished_at.is_(None))
        .values(
            truth_id=rescore.truth_id,
            plan=rescore.plan,
            attempt=Evaluation.attempt + 1,
            tries=0,
            state=case((Evaluation.answers_sha256.is_not(None), "ready"), else_="queued"),
            lease_until=None,
            announcements=0,
            announce_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )


def cancel(session: Session, who: Principal, ref: str) -> Rescore:
    """End a re-scoring and remove what it made; who judges for it is fenced out. Raises as `apply`, RescoreEnded."""
    found = _held(session, who, ref)
    session.execute(
        delete(Evaluation).where(Evaluation.rescore_id == found.id).execution_options(synchronize_session=False)
    )
    _end(session, who, found, "cancelled", now(session))
    session.expire_all()
    _record(session, who, found, "rescore.cancelled", None)
    return found


def _held(session: Session, who: Principal, ref: str) -> Rescore:
    """The open re-scoring, its phase and itself locked. Raises RescoreNotFound, RescoreEnded."""
    found = rescore_of(session, who, ref)
    competitions.hold(session, found.phase)
    session.execute(select(Rescore.id).where(Rescore.id == found.id).with_for_update())
    session.refresh(found)
    if found.state != "open":
        raise RescoreEnded(f"{ref} is {found.state}.", state=found.state)
    return found


def _end(session: Session, who: Principal, rescore: Rescore, state: str, moment: datetime) -> None:
    rescore.state, rescore.ended_by, rescore.ended_at = state, who.account_id, moment
    session.flush()


def _record(
    session: Session,
    who: Principal,
    rescore: Rescore,
    action: str,
    after: dict[str, Any] | None,
    before: dict[str, Any] | None = None,
) -> None:
    slug = rescore.phase.competition.slug
    audit.record(session, who, action, rescore.ref, competition=slug, before=before, after=after)


def _require_organizer(who: Principal, phase: Phase) -> None:
    if not competitions.organizes(who, phase.competition):
        raise Denied("Only the competition's organizers may judge a phase anew.")
