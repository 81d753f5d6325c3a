"""Carry the counting submissions of one phase into the next, once for each entrant.

Decision: it is due whenever the phase has started and `carried_at` is empty, not at one moment, so that a scheduler
that was down then makes up for it. The phase's row is the lock and `carried_at` is set in the same transaction; a
unique constraint stands behind both. While something that was sent before the start is still being judged in the old
phase, the clock waits for it: it may be what counts.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.errors import PhaseNotReady
from app.competitions.models import Competition, Participation, Phase, Team
from app.db import new_ref, now
from app.errors import Denied
from app.leaderboards.errors import NothingToCarry
from app.leaderboards.models import Standing
from app.leaderboards.placing import ENTRANT
from app.submissions import evaluation as machine
from app.submissions.models import Evaluation, Submission
from app.submissions.service import first_evaluation


@dataclass(frozen=True, slots=True)
class Carried:
    """The new evaluations, to ring for after the commit, and how many of the old phase are still being judged."""

    evaluation_ids: list[int]
    pending: int


def due(session: Session) -> list[int]:
    """The phases into which submissions are to be carried now, by their start and the database's clock."""
    started = (Phase.starts_at <= func.clock_timestamp(), Phase.carried_at.is_(None))
    ready = (Phase.carry_from_id.is_not(None), Phase.truth_id.is_not(None), Competition.deleted_at.is_(None))
    return list(session.scalars(select(Phase.id).join(Competition).where(*started, *ready).order_by(Phase.id)))


def carry_by_clock(session: Session, phase_id: int) -> Carried:
    """Carry into a phase that is due, unless another scheduler does or did, or the old phase is still judging."""
    phase = session.scalar(
        select(Phase)
        .where(Phase.id == phase_id)
        .with_for_update(of=Phase, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if phase is None or phase_id not in due(session):
        return Carried([], 0)
    pending = _pending(session, phase)
    return Carried([], pending) if pending else _carry(session, None, phase, 0)


def carry_by_hand(session: Session, who: Principal, slug: str, phase_slug: str) -> Carried:
    """Carry now, before or after the start, for entrants who were not carried yet; again: nothing.

    Raises CompetitionNotFound, PhaseNotFound, Denied, NothingToCarry, PhaseNotReady.
    """
    phase = competitions.phase_of(session, slug, phase_slug)
    if not competitions.organizes(who, phase.competition):
        raise Denied("Only the competition's organizers may carry submissions.")
    competitions.hold(session, phase)
    if phase.carry_from_id is None:
        raise NothingToCarry(f"{phase_slug!r} has no `carry_from`.")
    if phase.truth_id is None:
        raise PhaseNotReady
    return _carry(session, who, phase, _pending(session, phase))


def _pending(session: Session, phase: Phase) -> int:
    """Submissions of the old phase from before the new one's start that are not judged yet."""
    running = (Evaluation.finished_at.is_(None), Evaluation.effective_at.is_not(None))
    old = (Submission.phase_id == phase.carry_from_id, Submission.created_at < phase.starts_at)
    count = select(func.count()).select_from(Evaluation).join(Submission).where(*running, *old, ~Submission.late)
    return session.scalar(count) or 0


def _carry(session: Session, who: Principal | None, phase: Phase, pending: int) -> Carried:
    moment = now(session)
    old = _counting(session, phase)
    # Each a microsecond later, so that equals keep the order in which they were first sent.
    moments = [moment + timedelta(microseconds=place) for place in range(len(old))]
    new = [
        Submission(
            ref=new_ref("sub"),
            phase_id=phase.id,
            participation_id=one.participation_id,
            file_name=one.file_name,
            file_size=one.file_size,
            file_sha256=one.file_sha256,
            message=one.message,
            carried_from_id=one.id,
            created_at=sent,
        )
        for one, sent in zip(old, moments, strict=True)
    ]
    session.add_all(new)
    session.flush()
    turn = machine.turn_of(session, [])  # each entrant carries one
    queued = [first_evaluation(one, phase, sent, turn) for one, sent in zip(new, moments, strict=True)]
    session.add_all(queued)
    if moment >= phase.starts_at and not pending and phase.carried_at is None:
        phase.carried_at = moment
    session.flush()
    slug = phase.competition.slug
    told = {"from": phase.carry_from.slug if phase.carry_from else None, "carried": len(new)}
    audit.record(session, who, "phase.carried", f"{slug}/{phase.slug}", competition=slug, after=told)
    return Carried([one.id for one in queued], pending)


def _counting(session: Session, phase: Phase) -> list[Submission]:
    """The best counting submission of each entrant who may take part and was not carried yet, first sent first."""
    done = (
        select(ENTRANT)
        .select_from(Submission)
        .join(Participation, Participation.id == Submission.participation_id)
        .outerjoin(Team, Team.id == Participation.team_id)
        .where(Submission.phase_id == phase.id, Submission.carried_from_id.is_not(None))
    )
    entrant = Standing.participation_id
    best = (
        select(Submission.id)
        .ext(distinct_on(entrant))
        .select_from(Standing)
        .join(Evaluation, Evaluation.id == Standing.evaluation_id)
        .join(Submission, Submission.id == Evaluation.submission_id)
        .join(Participation, Participation.id == Submission.participation_id)
        .where(
            Standing.phase_id == phase.carry_from_id,
            Standing.board == "main",
            Participation.status == "approved",
            entrant.not_in(done),
        )
        .order_by(entrant, Standing.sort_keys.desc(), Standing.submitted_at)
    )
    rows = select(Submission).where(Submission.id.in_(best)).order_by(Submission.created_at, Submission.id)
    return list(session.scalars(rows))
