"""What administrators see of the work: workers, queues, and what is stuck or failed, in all competitions.

Workers tell of themselves by heartbeats, so nobody has to be asked: an answer never waits for a worker that is away.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.competitions.models import Competition, Participation, Phase
from app.db import now
from app.settings import settings
from app.submissions.evaluation import STEPS
from app.submissions.models import Evaluation, Heartbeat, Submission
from app.submissions.organizing import has_effect

FRESH = timedelta(seconds=30)
"""A worker that was silent for longer counts as away."""
GONE = timedelta(days=1)
"""A worker that was silent for longer is not told of any more."""
SHOWN = 50


def work(session: Session) -> dict[str, Any]:
    """Workers, queues, stored bytes and troubles, as the database knows them now."""
    moment = now(session)
    files = select(Submission.file_sha256, func.max(Submission.file_size).label("size"))
    files = files.group_by(Submission.file_sha256).subquery()
    count, size = session.execute(select(func.count(), func.sum(files.c.size)).select_from(files)).one()
    return {
        "at": moment,
        "workers": _workers(session, moment),
        "queues": _queues(session),
        "troubles": _troubles(session, moment),
        "files": count,
        "bytes": int(size or 0),
    }


def _workers(session: Session, moment: Any) -> list[dict[str, Any]]:
    rows = select(Heartbeat).where(Heartbeat.seen_at > moment - GONE).order_by(Heartbeat.queue, Heartbeat.worker)
    names = ("worker", "queue", "seen_at", "device", "state", "model", "detail")
    return [
        {name: getattr(row, name) for name in names} | {"alive": row.seen_at >= moment - FRESH}
        for row in session.scalars(rows)
    ]


def _queues(session: Session) -> list[dict[str, Any]]:
    """Of each stage: how many wait and run (those of re-scorings apart), and since when the oldest waits."""
    states = [state for step in STEPS.values() for state in (step.waiting, step.running)]
    rows = session.execute(
        select(
            Evaluation.state,
            func.count().filter(Evaluation.priority == 0).label("first"),
            func.count().filter(Evaluation.priority > 0).label("rescores"),
            func.min(func.coalesce(Evaluation.ready_at, Evaluation.queued_at))
            .filter(Evaluation.priority == 0)
            .label("oldest"),
        )
        .where(Evaluation.state.in_(states))
        .group_by(Evaluation.state)
    ).all()
    found = {row.state: row for row in rows}
    queues = []
    for stage, step in STEPS.items():
        waits, runs = found.get(step.waiting), found.get(step.running)
        queues.append(
            {
                "queue": stage,
                "waiting": waits.first if waits else 0,
                "running": (runs.first + runs.rescores) if runs else 0,
                "rescores": waits.rescores if waits else 0,
                "oldest_waiting_at": waits.oldest if waits else None,
            }
        )
    return queues


def _troubles(session: Session, moment: Any) -> list[dict[str, Any]]:
    """What failed, and what outstayed its lease or was rung for in vain, newest first."""
    lost = moment - timedelta(seconds=settings().lease_seconds)
    unheard = (Evaluation.state.in_(("queued", "ready")), Evaluation.announcements >= 3)
    rows = session.execute(
        select(
            Submission.ref,
            Competition.slug.label("competition"),
            Phase.slug.label("phase"),
            Account.username.label("participant"),
            Evaluation.state,
            Evaluation.tries,
            Evaluation.problem,
            func.coalesce(
                Evaluation.finished_at, Evaluation.scoring_at, Evaluation.ready_at, Evaluation.queued_at
            ).label("since"),
        )
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .join(Phase, Phase.id == Submission.phase_id)
        .join(Competition, Competition.id == Phase.competition_id)
        .join(Participation, Participation.id == Submission.participation_id)
        .join(Account, Account.id == Participation.account_id)
        .where(
            has_effect(),
            Competition.deleted_at.is_(None),
            or_(Evaluation.state == "failed", Evaluation.lease_until < lost, unheard[0] & unheard[1]),
        )
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(SHOWN)
    )
    return [dict(row._mapping) for row in rows]
