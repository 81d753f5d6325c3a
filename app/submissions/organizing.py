"""What organizers see and do of everybody's submissions: counts, the list, a further try of a failed one.

Decision: the counts are made by the database, in a fixed number of statements however much was sent, from the judgement
that has effect. A further try is a further judgement of the same submission: what has failed stays in its history.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from app import audit
from app.accounts.models import Account
from app.accounts.service import Principal
from app.competitions import entrants
from app.competitions import service as competitions
from app.competitions.models import Competition, Participation, Phase, Team
from app.db import now
from app.errors import Denied
from app.submissions import evaluation as machine
from app.submissions import service
from app.submissions.errors import NotRetryable, RescoreOpen
from app.submissions.models import TERMINAL, Evaluation, Mark, Rescore, Submission

DAYS = 30
REASONS = 10
"""So many reasons of failures are told, the most frequent first."""
KINDS = ("scored", "invalid", "failed", "cancelled", "running")


def counts(session: Session, competition: Competition) -> dict[str, Any]:
    """What was sent to a competition, by state, day and reason; its queue, its files and its participants."""
    moment = now(session)
    here = _sent(competition.id).subquery()
    waiting = here.c.state.in_(("queued", "ready"))
    states = session.execute(
        select(
            here.c.state,
            func.count().label("count"),
            func.min(here.c.queued_at).filter(waiting).label("oldest"),
        ).group_by(here.c.state)
    ).all()
    files, size = session.execute(_files(competition.id)).one()
    return {
        "states": {row.state: row.count for row in states},
        "days": _days(session, here, moment.date()),
        "oldest_waiting_at": min((row.oldest for row in states if row.oldest is not None), default=None),
        "reasons": _reasons(session, here),
        "files": files,
        "bytes": int(size or 0),
        "participants": _participants(session, competition.id),
        "phases": _phases(session, here),
        "at": moment,
    }


def _sent(competition_id: int) -> Select[Any]:
    """Every submission of a competition with the judgement that has effect."""
    return (
        select(
            Submission.id,
            Submission.phase_id,
            Submission.created_at,
            Evaluation.state,
            Evaluation.queued_at,
            Evaluation.problem,
            Evaluation.findings,
        )
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .join(Phase, Phase.id == Submission.phase_id)
        .where(Phase.competition_id == competition_id, has_effect())
    )


def has_effect() -> ColumnElement[bool]:
    """True for the newest judgement of each submission that has effect."""
    other = aliased(Evaluation)
    newest = select(func.max(other.version)).where(
        other.submission_id == Submission.id, other.effective_at.is_not(None)
    )
    return Evaluation.version == newest.correlate(Submission).scalar_subquery()


def _days(session: Session, here: Any, today: date) -> list[dict[str, Any]]:
    """The last days, oldest first, those without submissions too."""
    first = today - timedelta(days=DAYS - 1)
    day, kind = cast(here.c.created_at, Date), case((here.c.state.in_(TERMINAL), here.c.state), else_="running")
    rows = session.execute(
        select(day.label("day"), kind.label("kind"), func.count().label("count"))
        .where(here.c.created_at >= first)
        .group_by(day, kind)
    ).all()
    found = {(row.day, row.kind): row.count for row in rows}
    days = [first + timedelta(days=place) for place in range(DAYS)]
    return [{"day": one, **{kind: found.get((one, kind), 0) for kind in KINDS}} for one in days]


def _reasons(session: Session, here: Any) -> list[dict[str, Any]]:
    """Why submissions were invalid or failed, by the code of the problem or of the first finding."""
    code = case(
        (here.c.state == "failed", here.c.problem["code"].astext), else_=here.c.findings[0]["code"].astext
    ).label("code")
    rows = session.execute(
        select(here.c.state, code, func.count().label("count"))
        .where(here.c.state.in_(("failed", "invalid")))
        .group_by(here.c.state, code)
        .order_by(func.count().desc(), code)
        .limit(REASONS)
    ).all()
    return [{"state": row.state, "code": row.code or "", "count": row.count} for row in rows]


def _files(competition_id: int) -> Select[tuple[int, int]]:
    """How many different files were sent, and their bytes: equal ones are stored once."""
    one = (
        select(Submission.file_sha256, func.max(Submission.file_size).label("size"))
        .join(Phase, Phase.id == Submission.phase_id)
        .where(Phase.competition_id == competition_id)
        .group_by(Submission.file_sha256)
        .subquery()
    )
    return select(func.count(), func.sum(one.c.size)).select_from(one)


def _participants(session: Session, competition_id: int) -> dict[str, int]:
    rows = select(Participation.status, func.count()).where(Participation.competition_id == competition_id)
    return dict(session.execute(rows.group_by(Participation.status)).all())


def _phases(session: Session, here: Any) -> dict[str, int]:
    rows = select(Phase.slug, func.count()).join(here, here.c.phase_id == Phase.id)
    return dict(session.execute(rows.group_by(Phase.slug)).all())


def sent(
    competition: Competition, *, phase: str | None = None, state: str | None = None, participant: str = ""
) -> Select[Any]:
    """The query for a competition's submissions, newest first; `participant` is a part of a user or team name.

    `state`: of the judgement that has effect, or `disqualified` or `withdrawn`.
    """
    rows = (
        select(
            Submission.ref,
            Phase.slug.label("phase"),
            Account.username.label("participant"),
            Team.name.label("team"),
            Participation.baseline,
            Evaluation.state,
            Evaluation.final,
            Evaluation.problem,
            Evaluation.findings[0]["message"].astext.label("finding"),
            Evaluation.findings_total,
            Submission.created_at,
            Submission.message,
            Submission.late,
            Submission.file_size,
            Mark.withdrawn_at,
            Mark.disqualified_at,
            Mark.reason,
        )
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .join(Phase, Phase.id == Submission.phase_id)
        .join(Participation, Participation.id == Submission.participation_id)
        .join(Account, Account.id == Participation.account_id)
        .outerjoin(Team, Team.id == Participation.team_id)
        .outerjoin(Mark, Mark.submission_id == Submission.id)
        .where(Phase.competition_id == competition.id, has_effect())
    )
    if phase:
        rows = rows.where(Phase.slug == phase)
    if state in ("disqualified", "withdrawn"):
        rows = rows.where(getattr(Mark, f"{state}_at").is_not(None))
    elif state:
        rows = rows.where(Evaluation.state == state)
    if participant:
        named = Account.username.contains(participant.lower(), autoescape=True)
        rows = rows.where(named | Team.name.icontains(participant, autoescape=True))
    return rows.order_by(Submission.created_at.desc(), Submission.id.desc())


def retry(session: Session, who: Principal, ref: str) -> tuple[Submission, int]:
    """Judge a failed submission once more, as it was sent; returns it and the new evaluation's id, to ring for.

    Raises SubmissionNotFound, Denied, NotRetryable, RescoreOpen.
    """
    found = service.submission_of(session, who, ref)
    if not competitions.organizes(who, found.phase.competition):
        raise Denied("Only the competition's organizers may have a submission judged again.")
    # Held as a re-scoring holds it: its judgements and this one must not be given the same version.
    competitions.hold(session, found.phase)
    going = session.scalar(select(Rescore.ref).where(Rescore.phase_id == found.phase_id, Rescore.state == "open"))
    if going is not None:
        raise RescoreOpen(f"{going} is open, and judges failed submissions anew by itself.", rescore=going)
    entrants.hold(session, found.participation)
    session.refresh(found, ["evaluations"])
    if found.evaluation.state != "failed":
        raise NotRetryable(f"{ref} is {found.evaluation.state}.", state=found.evaluation.state)
    turn = machine.turn_of(session, entrants.members_of(session, found.participation))
    made = service.first_evaluation(found, found.phase, now(session), turn)
    made.version = found.evaluations[-1].version + 1
    session.add(made)
    session.flush()
    audit.record(session, who, "submission.retried", ref, competition=found.phase.competition.slug)
    session.refresh(found, ["evaluations"])
    return found, made.id


def seconds_waiting(oldest: datetime | None, moment: datetime) -> int:
    """For how long the oldest one waits, whole seconds; 0 where none does."""
    return 0 if oldest is None else max(0, int((moment - oldest).total_seconds()))
