"""What goes out over HTTP about submissions. Participants' text is carried as text and escaped where it is shown."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.submissions import service
from app.submissions.models import Submission


class DayLimit(BaseModel):
    """Submissions of this UTC day; null: no limit."""

    limit: int | None
    used: int
    left: int | None
    resets_at: datetime


class TotalLimit(BaseModel):
    """Submissions of the whole phase; null: no limit."""

    limit: int | None
    used: int
    left: int | None


class LimitsOut(BaseModel):
    """What is left, and when the next submission is possible."""

    per_day: DayLimit
    total: TotalLimit
    can_submit: bool
    reason: dict[str, str] | None
    next_possible_at: datetime | None


class FileOut(BaseModel):
    """The file as it was sent."""

    name: str
    size: int
    sha256: str


class Stamps(BaseModel):
    """When each state was entered (UTC, the database's clock)."""

    queued_at: datetime
    validating_at: datetime | None
    ready_at: datetime | None
    scoring_at: datetime | None
    finished_at: datetime | None


class SubmissionOut(BaseModel):
    """A submission with the state of its newest evaluation."""

    ref: str
    competition: str
    phase: str
    participant: str
    message: str
    state: str
    created_at: datetime
    file: FileOut
    stamps: Stamps
    attempt: int
    queue: dict[str, int] | None
    findings: list[Any]
    findings_total: int
    warnings: list[Any]
    problem: dict[str, Any] | None
    scores: dict[str, Any] | None
    rank: dict[str, Any] | None = None
    signature: str | None
    links: dict[str, str]
    limits: LimitsOut | None = None


class SubmissionList(BaseModel):
    """One page of submissions, newest first."""

    items: list[SubmissionOut]
    next_cursor: str | None


class ValidationOut(BaseModel):
    """Every fault of a file at once; missing pairs are warnings."""

    version: int
    valid: bool
    findings: list[dict[str, Any]]
    findings_total: int
    warnings: list[dict[str, Any]]


def limits_out(limits: service.Limits) -> LimitsOut:
    """Limits as JSON."""
    return LimitsOut(
        per_day=DayLimit(
            limit=limits.day_limit, used=limits.day_used, left=limits.day_left, resets_at=limits.resets_at
        ),
        total=TotalLimit(limit=limits.total_limit, used=limits.total_used, left=limits.total_left),
        can_submit=not limits.reason,
        reason={"code": "limit_reached", "detail": limits.reason} if limits.reason else None,
        next_possible_at=limits.next_possible_at,
    )


def submission_out(session: Session, submission: Submission, rank: dict[str, Any] | None = None) -> SubmissionOut:
    """A submission as its owner and organizers see it."""
    evaluation, phase = submission.evaluation, submission.phase
    report = evaluation.report or {}
    here = f"/api/v1/submissions/{submission.ref}"
    place = service.queue_place(session, evaluation)
    return SubmissionOut(
        ref=submission.ref,
        competition=phase.competition.slug,
        phase=phase.slug,
        participant=submission.participation.account.username,
        message=submission.message,
        state=evaluation.state,
        created_at=submission.created_at,
        file=FileOut(name=submission.file_name, size=submission.file_size, sha256=submission.file_sha256),
        stamps=Stamps.model_validate(evaluation, from_attributes=True),
        attempt=evaluation.attempt,
        queue={"position": place[0], "of": place[1]} if place else None,
        findings=evaluation.findings,
        findings_total=evaluation.findings_total,
        warnings=evaluation.warnings,
        problem=evaluation.problem,
        scores={key: report[key] for key in ("final", "accuracy", "explanation")} if report else None,
        rank=rank,
        signature=evaluation.signature,
        links={
            "self": here,
            "events": f"{here}/events",
            "report": f"{here}/report",
            "page": f"/submissions/{submission.ref}",
        },
    )
