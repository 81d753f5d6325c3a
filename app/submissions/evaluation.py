"""The state machine of an evaluation: claim, release, finish, sweep.

Decision: PostgreSQL is the queue. `claim` is a compare-and-set on the state that raises `attempt`; what follows demands
that very attempt (the fence), so a worker that was thought dead and comes back changes nothing. All times are the
database's. The sweeper gives back what stayed too long and rings again for what waits, with growing pauses.
A ring says that something waits, not what is next: that is the row with the lowest `turn` (start-time fair queueing). A
turn counts an entrant's own waiting rows, so that one team's hundred submissions stand behind another's first.
A re-scoring (priority 1) is claimed only while nothing that was sent waits for the same stage, and rings for itself a
few at a time, so that it takes what is left of the workers and no more.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import Integer, and_, any_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.broker import SCORE, VALIDATE
from app.errors import Fault
from app.settings import settings
from app.submissions.errors import WorkerLost
from app.submissions.models import NOT_TERMINAL, Evaluation, Submission
from app.submissions.telling import tell

Stage = Literal["validate", "score"]


@dataclass(frozen=True, slots=True)
class _Steps:
    waiting: str
    running: str
    started: Any
    task: str


STEPS: dict[Stage, _Steps] = {
    "validate": _Steps("queued", "validating", Evaluation.validating_at, VALIDATE),
    "score": _Steps("ready", "scoring", Evaluation.scoring_at, SCORE),
}
RESCORES_RUNG = 8
"""So many evaluations of re-scorings the sweeper rings for in a round; each that ends rings for the next."""
TASK_OF = {step.waiting: step.task for step in STEPS.values()}


def first_announcement() -> Any:
    """When the sweeper rings for a fresh row, if nobody came by the first ring."""
    return func.clock_timestamp() + timedelta(seconds=settings().nudge_seconds)


def turn_of(session: Session, members: list[int]) -> int:
    """The turn of a new row of these participations: the present one, or the one after their last that is not judged.

    The entrant must be held.
    """
    present, last = session.execute(_TURNS, {"members": members}).one()
    return max(present or 0, 0 if last is None else last + 1)


_OPEN = and_(text(f"evaluations.{NOT_TERMINAL}"), Evaluation.priority == 0)
_OWN = Submission.participation_id == any_(bindparam("members", type_=ARRAY(Integer)))
# Built once, since every upload asks it.
_TURNS = select(
    select(func.min(Evaluation.turn)).where(_OPEN).scalar_subquery(),
    select(func.max(Evaluation.turn))
    .join(Submission, Submission.id == Evaluation.submission_id)
    .where(_OPEN, _OWN)
    .scalar_subquery(),
)


def next_in_turn(session: Session, stage: Stage) -> int | None:
    """What waits for this stage and is next, held; None where nothing that was sent does. Pauses after a failure are
    kept, and no two workers are given the same.
    """
    rested = or_(Evaluation.tries == 0, Evaluation.announce_at <= func.clock_timestamp())
    waits = (Evaluation.state == STEPS[stage].waiting, Evaluation.priority == 0, rested)
    row = select(Evaluation.id).where(*waits).order_by(Evaluation.turn, Evaluation.id).limit(1)
    return session.scalar(row.with_for_update(skip_locked=True))


def claim(session: Session, evaluation_id: int, stage: Stage) -> int | None:
    """Take the evaluation for this stage; returns the attempt number, None where it is not to be had."""
    step = STEPS[stage]
    moment = func.clock_timestamp()
    free = or_(
        Evaluation.state == step.waiting,
        and_(Evaluation.state == step.running, Evaluation.lease_until < moment),
    )
    live = aliased(Evaluation)
    first = or_(Evaluation.priority == 0, ~exists().where(live.state == step.waiting, live.priority == 0))
    return session.scalar(
        update(Evaluation)
        .where(Evaluation.id == evaluation_id, free, first, Evaluation.tries < settings().attempts)
        .values(
            state=step.running,
            attempt=Evaluation.attempt + 1,
            tries=Evaluation.tries + 1,
            lease_until=moment + timedelta(seconds=settings().lease_seconds),
            **{step.started.key: moment},
        )
        .returning(Evaluation.attempt)
        .execution_options(synchronize_session=False)
    )


def _fenced(evaluation_id: int, stage: Stage, attempt: int) -> Any:
    mine = (Evaluation.id == evaluation_id, Evaluation.state == STEPS[stage].running, Evaluation.attempt == attempt)
    return update(Evaluation).where(*mine).returning(Evaluation.id).execution_options(synchronize_session=False)


def renew(session: Session, evaluation_id: int, stage: Stage, attempt: int) -> bool:
    """Hold on to the evaluation for another lease; False where the fence refuses."""
    until = func.clock_timestamp() + timedelta(seconds=settings().lease_seconds)
    return session.execute(_fenced(evaluation_id, stage, attempt).values(lease_until=until)).first() is not None


def finish(session: Session, evaluation_id: int, stage: Stage, attempt: int, state: str, **values: Any) -> bool:
    """End the stage in a terminal state, or hand on to `ready`; False where the fence refuses (another took over)."""
    moment = func.clock_timestamp()
    if state == "ready":
        values |= {"ready_at": moment, "tries": 0, "announcements": 0, "announce_at": first_announcement()}
    else:
        values |= {"finished_at": moment}
    change = _fenced(evaluation_id, stage, attempt).values(state=state, lease_until=None, **values)
    done = session.execute(change).first() is not None
    if done and state != "ready":
        tell(session, evaluation_id)
    return done


def release(session: Session, evaluation_id: int, stage: Stage, attempt: int, fault: Fault) -> str | None:
    """Give back after a failure on our side: waiting again, or `failed` where the tries are used up.

    Returns the new state, None where the fence refuses.
    """
    tries = session.scalar(
        select(Evaluation.tries).where(Evaluation.id == evaluation_id, Evaluation.attempt == attempt)
    )
    if tries is None:
        return None
    if tries >= settings().attempts:
        done = finish(session, evaluation_id, stage, attempt, "failed", problem=fault.as_problem())
        return "failed" if done else None
    pause = timedelta(seconds=settings().nudge_seconds * 2 ** (tries - 1))
    change = _fenced(evaluation_id, stage, attempt).values(
        state=STEPS[stage].waiting, lease_until=None, announce_at=func.clock_timestamp() + pause
    )
    return STEPS[stage].waiting if session.execute(change).first() is not None else None


def cancel(session: Session, evaluation_id: int) -> bool:
    """Cancel what is not final yet; a worker that holds it is fenced out."""
    change = (
        update(Evaluation)
        .where(Evaluation.id == evaluation_id, Evaluation.finished_at.is_(None))
        .values(state="cancelled", finished_at=func.clock_timestamp(), lease_until=None, attempt=Evaluation.attempt + 1)
        .returning(Evaluation.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(change).first() is not None


def sweep(session: Session, limit: int = 500) -> list[tuple[str, int]]:
    """Give back or fail what outstayed its lease; returns the rings, (task, evaluation id), to send after the commit.

    Several sweepers may run at once: each row is one's only (SKIP LOCKED).
    """
    moment = func.clock_timestamp()
    for step in STEPS.values():
        overdue = (
            select(Evaluation.id)
            .where(Evaluation.state == step.running, Evaluation.lease_until < moment)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.scalars(overdue))
        if not ids:
            continue
        still = update(Evaluation).where(Evaluation.id.in_(ids)).execution_options(synchronize_session=False)
        lost = WorkerLost(f"Lost {settings().attempts} times while {step.running}.").as_problem()
        failed = still.where(Evaluation.tries >= settings().attempts).values(
            state="failed", problem=lost, finished_at=moment, lease_until=None
        )
        for evaluation_id in session.scalars(failed.returning(Evaluation.id)).all():
            tell(session, evaluation_id)
        session.execute(
            still.where(Evaluation.state == step.running).values(
                state=step.waiting, lease_until=None, announce_at=moment
            )
        )
    return due(session, limit) + due(session, RESCORES_RUNG, priority=1)


def due(session: Session, limit: int, priority: int = 0) -> list[tuple[str, int]]:
    """What waits and is to be rung for now, as rings to send after the commit: (task, evaluation id)."""
    moment = func.clock_timestamp()
    due = (
        select(Evaluation.id, Evaluation.state)
        .where(Evaluation.state.in_(TASK_OF), Evaluation.announce_at <= moment, Evaluation.priority == priority)
        .order_by(Evaluation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(due).all()
    if rows:
        # Growing pauses: a queue that is merely deep must not be flooded with rings.
        pause = func.make_interval(
            0, 0, 0, 0, 0, 0, settings().nudge_seconds * func.power(2, func.least(Evaluation.announcements, 6))
        )
        session.execute(
            update(Evaluation)
            .where(Evaluation.id.in_([row.id for row in rows]))
            .values(announcements=Evaluation.announcements + 1, announce_at=moment + pause)
            .execution_options(synchronize_session=False)
        )
    return [(TASK_OF[row.state], row.id) for row in rows]
