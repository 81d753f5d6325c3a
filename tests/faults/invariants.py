"""What must hold after every fault, read from the database and the storage: `python -m tests.faults.invariants SLUG`.

Prints JSON with the figures; whoever runs it decides what is right. Run with the settings of the stack.
"""

import hashlib
import json
import sys
from collections import Counter
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import storage
from app.competitions.models import Competition, Phase
from app.db import Session as Sessions
from app.leaderboards import service
from app.leaderboards.models import Standing
from app.submissions.models import TERMINAL, Evaluation, Submission


def standings(session: Session, phase_id: int) -> list[tuple[Any, ...]]:
    """The board as it stands: who, with which evaluation, of how many entries."""
    rows = select(Standing.board, Standing.participation_id, Standing.evaluation_id, Standing.entries)
    return sorted(tuple(row) for row in session.execute(rows.where(Standing.phase_id == phase_id)))


def broken_blobs(session: Session, phase_id: int) -> list[str]:
    """Refs whose file is not there, or is not what was sent."""
    broken = []
    for row in session.execute(select(Submission.ref, Submission.file_sha256).where(Submission.phase_id == phase_id)):
        try:
            whole = hashlib.sha256(storage.get(row.file_sha256)).hexdigest() == row.file_sha256
        except Exception:
            whole = False
        if not whole:
            broken.append(row.ref)
    return broken


def figures(slug: str) -> dict[str, Any]:
    """All that the invariants speak of, for the first phase of a competition."""
    with Sessions.begin() as session:
        phase = session.scalars(select(Phase).join(Competition).where(Competition.slug == slug)).one()
        mine = select(Evaluation).join(Submission).where(Submission.phase_id == phase.id)
        evaluations = session.scalars(mine).unique().all()
        per_submission = Counter(one.submission_id for one in evaluations)
        keyed = select(func.count(), func.count(Submission.idempotency_key.distinct()))
        rows, keys = session.execute(keyed.where(Submission.phase_id == phase.id)).one()
        final: dict[str, set[str]] = {}
        for one in evaluations:
            if one.state == "scored":
                final.setdefault(one.submission.file_sha256, set()).add(f"{one.final:.12f}")
        before = standings(session, phase.id)
        service.rebuild(session, phase.id)
        session.flush()
        after = standings(session, phase.id)
        waits = text(
            "select count(*) from pg_stat_activity where state like 'idle in transaction%' and pid <> pg_backend_pid()"
        )
        return {
            "rows": rows,
            "keys": keys,
            "states": dict(Counter(one.state for one in evaluations)),
            "open": sum(one.state not in TERMINAL for one in evaluations),
            "doubly_judged": sum(count > 1 for count in per_submission.values()),
            "most_attempts": max((one.attempt for one in evaluations), default=0),
            "seconds": sorted(
                (one.finished_at - one.submission.created_at).total_seconds()
                for one in evaluations
                if one.finished_at is not None
            ),
            "differing_scores": sum(len(values) > 1 for values in final.values()),
            "board_equals_rebuild": before == after,
            "broken_blobs": broken_blobs(session, phase.id),
            "open_transactions": session.scalar(waits),
            "refs": {one.submission.ref: one.state for one in evaluations},
        }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(figures(sys.argv[1])))
