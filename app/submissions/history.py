"""An entrant's scores of a phase in the order of sending: one question to the database, as far as the asker may see."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.accounts.service import Principal
from app.competitions.entrants import belongs_to
from app.competitions.models import Participation, Phase
from app.competitions.visibility import view_of
from app.db import now
from app.submissions.models import Evaluation, Mark, Submission

LONGEST = 500


class PointOut(BaseModel):
    """A submission in a history: its final score with the interval, null where it has or shows none."""

    ref: str
    created_at: datetime
    message: str
    state: str
    final: float | None
    ci95: tuple[float, float] | None
    late: bool
    chosen: bool
    withdrawn: bool
    disqualified: bool


class HistoryOut(BaseModel):
    """The newest submissions of an entrant to a phase, first sent first; `shown`: scores of a ladder are not."""

    items: list[PointOut]
    shown: bool


def history_of(session: Session, who: Principal, phase: Phase) -> HistoryOut:
    """The asker's submissions and their team's to the phase, at most the newest 500."""
    view = view_of(phase, who, now(session))
    report = Evaluation.report if view.whole else Evaluation.public_report
    other = aliased(Evaluation)
    effective = (other.submission_id == Submission.id, other.effective_at.is_not(None))
    newest = select(func.max(other.version)).where(*effective).scalar_subquery()
    marks = (Mark.chosen_at, Mark.withdrawn_at, Mark.disqualified_at)
    columns = (Submission.ref, Submission.created_at, Submission.message, Submission.late, Evaluation.state, *marks)
    rows = (
        select(*columns, report["final"].label("final"))
        .select_from(Submission)
        .join(Evaluation, (Evaluation.submission_id == Submission.id) & (Evaluation.version == newest))
        .join(Participation, Participation.id == Submission.participation_id)
        .outerjoin(Mark, Mark.submission_id == Submission.id)
        .where(Submission.phase_id == phase.id, belongs_to(who.account_id))
        .order_by(Submission.created_at.desc(), Submission.id.desc())
        .limit(LONGEST)
    )
    items = [_point(row, shown=not view.ladder) for row in session.execute(rows)]
    return HistoryOut(items=items[::-1], shown=not view.ladder)


def _point(row: Any, *, shown: bool) -> PointOut:
    final = (row.final if shown else None) or {}
    return PointOut(
        ref=row.ref,
        created_at=row.created_at,
        message=row.message,
        state=row.state,
        final=final.get("value"),
        ci95=final.get("ci95"),
        late=row.late,
        chosen=row.chosen_at is not None,
        withdrawn=row.withdrawn_at is not None,
        disqualified=row.disqualified_at is not None,
    )
