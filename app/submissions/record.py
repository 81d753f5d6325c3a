"""The service's own record: what waits and since when, how long each stage took lately, and what failed of ours.

Decision: it is computed from the evaluations themselves, which are the truth, so it cannot be better than what
happened, and it covers all web processes and workers at once. What is told is told to everybody: numbers only.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import now
from app.submissions.evaluation import STEPS
from app.submissions.models import Evaluation, Heartbeat

LATELY = timedelta(hours=24)
HEARD = timedelta(seconds=30)


def record(session: Session) -> dict[str, Any]:
    """The record now: stages, the way from upload to score, how judgements ended, failures by code, and workers."""
    moment = now(session)
    ended = (Evaluation.finished_at > moment - LATELY, Evaluation.rescore_id.is_(None))
    return {
        "at": moment,
        "hours": LATELY.total_seconds() / 3600,
        "stages": [_stage(session, stage, moment) for stage in STEPS],
        "to_score": _spread(session, Evaluation.finished_at - Evaluation.queued_at, *ended, scored=True),
        "ended": dict(_counted(session, Evaluation.state, *ended)),
        "failures": dict(_counted(session, Evaluation.problem["code"].astext, *ended, Evaluation.state == "failed")),
        "workers": _workers(session, moment),
    }


def _stage(session: Session, stage: str, moment: Any) -> dict[str, Any]:
    """One stage: how many wait and run, the longest wait, and how long waiting and working took lately, seconds."""
    step = STEPS[stage]  # type: ignore[index]
    entered = Evaluation.queued_at if stage == "validate" else Evaluation.ready_at
    left = Evaluation.finished_at if stage == "score" else func.coalesce(Evaluation.ready_at, Evaluation.finished_at)
    mine = Evaluation.rescore_id.is_(None)
    waits, runs, oldest = session.execute(
        select(
            func.count().filter(Evaluation.state == step.waiting),
            func.count().filter(Evaluation.state == step.running),
            func.min(entered).filter(Evaluation.state == step.waiting),
        ).where(mine, Evaluation.state.in_((step.waiting, step.running)))
    ).one()
    lately = (mine, Evaluation.finished_at > moment - LATELY)
    return {
        "stage": stage,
        "waiting": waits,
        "running": runs,
        "oldest_seconds": (moment - oldest).total_seconds() if oldest else 0.0,
        "wait": _spread(session, step.started - entered, *lately, scored=stage == "score"),
        "work": _spread(session, left - step.started, *lately, scored=stage == "score"),
    }


def _spread(session: Session, span: Any, *where: Any, scored: bool) -> dict[str, Any]:
    """Median, 95th percentile and largest of a span in seconds over its rows; null where there are none."""
    length = func.extract("epoch", span)
    spread = [func.percentile_cont(share).within_group(length) for share in (0.5, 0.95)]
    rows = select(func.count(length), *spread, func.max(length)).where(*where)
    count, middle, late, most = session.execute(rows.where(Evaluation.state == "scored") if scored else rows).one()
    names = ("count", "p50", "p95", "max")
    return dict(
        zip(names, (count, *(None if one is None else float(one) for one in (middle, late, most))), strict=True)
    )


def _counted(session: Session, column: Any, *where: Any) -> list[tuple[str, int]]:
    return [tuple(row) for row in session.execute(select(column, func.count()).where(*where).group_by(column))]


def _workers(session: Session, moment: Any) -> dict[str, int]:
    """How many workers take work of each queue, and how many are drained."""
    seen = select(Heartbeat.queue, Heartbeat.state, func.count()).where(Heartbeat.seen_at > moment - HEARD)
    found = {"validate": 0, "score": 0, "drained": 0}
    for queue, state, count in session.execute(seen.group_by(Heartbeat.queue, Heartbeat.state)):
        key = "drained" if state == "drained" else queue
        found[key] = found.get(key, 0) + count
    return found
