"""How long a submission will probably wait for its score, from what the last ones took.

Decision: the work that is ahead, times the median of what each stage took lately, over the workers that were heard of.
Where too few were judged, or no worker is heard of, nothing is said: a number made up is worse than none. Rejected: the
time from sending to score of the last ones, which tells how long the queue was then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import now
from app.submissions.models import Evaluation, Heartbeat

FEWEST, LATEST = 5, 30
RECENT = timedelta(days=1)
HEARD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Pace:
    """The median seconds of checking and of scoring, and how many workers do each."""

    check: float
    score: float
    checkers: int
    scorers: int


def expected_seconds(session: Session, evaluation: Evaluation, place: tuple[int, int] | None) -> int | None:
    """The seconds until the score, for one that waits at this place of its stage; None: nobody can tell."""
    if place is None or evaluation.priority != 0:
        return None
    pace = _pace(session)
    if pace is None:
        return None
    position = place[0]
    if evaluation.state == "ready":
        return ceil(_rounds(position, pace.scorers) * pace.score)
    waiting = select(func.count()).where(Evaluation.state == "ready", Evaluation.priority == 0)
    behind = _rounds((session.scalar(waiting) or 0) + position, pace.scorers) * pace.score
    return ceil(max(_rounds(position, pace.checkers) * pace.check + pace.score, pace.check + behind))


def _rounds(position: int, workers: int) -> int:
    return ceil(position / workers)


def _pace(session: Session) -> _Pace | None:
    moment = now(session)
    heard = select(Heartbeat.queue, func.count()).where(Heartbeat.seen_at > moment - HEARD, Heartbeat.state == "ready")
    workers = dict(tuple(row) for row in session.execute(heard.group_by(Heartbeat.queue)))
    if not workers.get("validate") or not workers.get("score"):
        return None
    stamps = (Evaluation.validating_at, Evaluation.ready_at, Evaluation.scoring_at, Evaluation.finished_at)
    last = select(*stamps).where(Evaluation.state == "scored", Evaluation.priority == 0)
    rows = session.execute(last.order_by(Evaluation.id.desc()).limit(LATEST)).all()
    recent = [row for row in rows if None not in row and row.finished_at > moment - RECENT]
    if len(recent) < FEWEST:
        return None
    check = median(_seconds(row.validating_at, row.ready_at) for row in recent)
    score = median(_seconds(row.scoring_at, row.finished_at) for row in recent)
    return _Pace(check, score, workers["validate"], workers["score"])


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
