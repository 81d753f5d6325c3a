"""What goes out over HTTP about submissions. Participants' text is carried as text and escaped where it is shown."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.competitions.visibility import View
from app.scoring.ladder import rounded
from app.submissions import service, waiting
from app.submissions.limits import Limits, Use
from app.submissions.models import Evaluation, Mark, Submission


class UseOut(BaseModel):
    """Used and left of one kind of limit; null: no limit."""

    limit: int | None
    used: int
    left: int | None


class WindowUseOut(UseOut):
    """Of a UTC day (`window` is `day`) or of the last 24 hours (`rolling`).

    `resets_at`: midnight, or when room for one more comes; null where nothing was sent in the last 24 hours.
    """

    window: str
    resets_at: datetime | None


class LimitsOut(BaseModel):
    """What is left to the entrant (of `team`, if there is one), and when the next submission is possible.

    `concurrent` are those not judged yet; `invalid` is the allowance for invalid ones, which cost nothing else.
    """

    per_day: WindowUseOut
    total: UseOut
    concurrent: UseOut
    invalid: WindowUseOut
    team: str | None
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


class MarkOut(BaseModel):
    """When it was chosen or withdrawn by its sender, or disqualified by organizers, and why."""

    chosen_at: datetime | None
    withdrawn_at: datetime | None
    disqualified_at: datetime | None
    reason: str


class JudgedOut(BaseModel):
    """A judgement that has or had effect: its score as far as you may see it, since when, and why it came about."""

    version: int
    state: str
    final: float | None
    effective_at: datetime
    truth_version: int
    reason: str


class SubmissionOut(BaseModel):
    """A submission with the state of its newest evaluation; `mark` is what was said about it later.

    `history` holds its judgements, newest first, where it was judged more than once. `expected_seconds` is about how
    long the score will take, null where what was judged lately does not tell.
    """

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
    expected_seconds: int | None = None
    findings: list[Any]
    findings_total: int
    warnings: list[Any]
    problem: dict[str, Any] | None
    scores: dict[str, Any] | None
    rank: dict[str, Any] | None = None
    mark: MarkOut | None = None
    history: list[JudgedOut] = []
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


def limits_out(limits: Limits) -> LimitsOut:
    """Limits as JSON."""
    return LimitsOut(
        per_day=_window_use(limits.day, limits.window),
        total=UseOut.model_validate(limits.total, from_attributes=True),
        concurrent=UseOut.model_validate(limits.concurrent, from_attributes=True),
        invalid=_window_use(limits.invalid, limits.window),
        team=limits.team,
        can_submit=not limits.reason,
        reason={"code": "limit_reached", "detail": limits.reason} if limits.reason else None,
        next_possible_at=limits.next_possible_at,
    )


def _window_use(use: Use, window: str) -> WindowUseOut:
    return WindowUseOut(limit=use.limit, used=use.used, left=use.left, window=window, resets_at=use.frees_at)


def report_for(evaluation: Evaluation, view: View) -> dict[str, Any] | None:
    """The report that this viewer may see: of all items, or of the public ones alone."""
    return evaluation.report if view.whole else evaluation.public_report


def _history(submission: Submission, view: View) -> list[JudgedOut]:
    had_effect = [one for one in submission.evaluations if one.effective_at is not None]
    if len(had_effect) < 2:
        return []
    return [
        JudgedOut(
            version=one.version,
            state=one.state,
            final=None if view.ladder else (report_for(one, view) or {}).get("final", {}).get("value"),
            effective_at=one.effective_at,
            truth_version=one.truth.number,
            reason=one.rescore.reason if one.rescore is not None else "",
        )
        for one in reversed(had_effect)
    ]


def _mark_out(mark: Mark | None) -> MarkOut | None:
    if mark is None or not (mark.chosen_at or mark.withdrawn_at or mark.disqualified_at):
        return None
    return MarkOut.model_validate(mark, from_attributes=True)


def scores_told(report: dict[str, Any], view: View, *, counts: bool) -> dict[str, Any]:
    """Of a report that this viewer may see, what is told of its scores: all; on a ladder, only of what stands there."""
    if view.ladder and report:
        return {"final": {"value": rounded(report["final"]["value"], report["n_items"])}} if counts else {}
    return report


def _scores(report: dict[str, Any], view: View, rank: dict[str, Any] | None) -> dict[str, Any] | None:
    told = scores_told(report, view, counts=rank is not None and rank["counts"])
    return {key: told[key] for key in ("final", "accuracy", "explanation") if key in told} or None


def submission_out(
    session: Session, submission: Submission, view: View, rank: dict[str, Any] | None = None
) -> SubmissionOut:
    """A submission as its owner or an organizer may see it."""
    evaluation, phase = submission.evaluation, submission.phase
    report = report_for(evaluation, view) or {}
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
        expected_seconds=waiting.expected_seconds(session, evaluation, place),
        findings=evaluation.findings,
        findings_total=evaluation.findings_total,
        warnings=evaluation.warnings,
        problem=evaluation.problem,
        scores=_scores(report, view, rank),
        rank=rank,
        mark=_mark_out(submission.mark),
        history=_history(submission, view),
        signature=evaluation.signature if view.whole else report.get("signature"),
        links={
            "self": here,
            "events": f"{here}/events",
            "report": f"{here}/report",
            "page": f"/submissions/{submission.ref}",
        },
    )
