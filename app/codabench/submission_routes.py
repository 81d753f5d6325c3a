"""Doors of submissions: may I, send, read, follow, run again, cancel, delete softly."""

from collections.abc import Sequence
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Header, Request, status
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session as OrmSession

from app import rates
from app.accounts.service import Principal
from app.broker import VALIDATE, nudge
from app.codabench import addresses, datasets, documents, finding
from app.codabench.door import LARGEST_BODY, Door, number, part_of, sent, text
from app.codabench.downloads import LOGS
from app.codabench.errors import DatasetEmpty, DatasetUsed, TaskElsewhere
from app.codabench.guards import Known, Submitter
from app.codabench.models import Dataset
from app.competitions import service as competitions
from app.competitions.entrants import belongs_to
from app.competitions.models import Competition, CoOrganizer, Participation, Phase
from app.competitions.visibility import View, view_of
from app.db import Session, now
from app.errors import Conflict, Denied, Fault
from app.leaderboards import marks
from app.submissions import organizing, receiving, service, uploads
from app.submissions import routes as submissions
from app.submissions.gates import require as require_gate
from app.submissions.limits import limits_of, require_room
from app.submissions.models import Evaluation, Mark, Submission
from app.submissions.schemas import report_for, scores_told

router = APIRouter(
    prefix="/api", route_class=Door, include_in_schema=False, dependencies=[Depends(rates.by_address)],
    max_body_size=LARGEST_BODY,
)  # fmt: skip
Key = Annotated[str | None, Header(min_length=1, max_length=255)]
HERE = "/submissions/{number_:int}"
"""A submission by its number."""


@router.get("/can_make_submission/{number_:int}/")
def can(who: Known, number_: int) -> documents.JSON:
    """Whether a submission would be taken now, and else why not, in the words that refuse it."""
    with Session.begin() as session:
        phase = finding.phase_of(session, who, number_)
        try:
            found, participation = competitions.entry(session, who, phase.competition.slug, phase.slug)
            require_gate(session, found, participation)
            require_room(limits_of(session, found, participation))
        except Fault as fault:
            return {"can": False, "reason": f"{fault.detail} {fault.fix}".strip(), "code": fault.code}
    return {"can": True, "reason": None}


@router.post("/submissions/", status_code=status.HTTP_201_CREATED)
async def create(request: Request, who: Submitter, idempotency_key: Key = None) -> Any:
    """Make a submission of a file that was sent. The same file to the same phase is one submission, however often."""
    values = await sent(request)
    phase, tasks = number(values, "phase", 1), values.get("tasks")
    key, message = text(values, "data", 64, needed=True), text(values, "description", receiving.LONGEST_MESSAGE)
    wanted = [str(one) for one in (tasks if isinstance(tasks, list) else [tasks]) if one not in (None, "")]
    return await anyio.to_thread.run_sync(_create, request, who, phase, wanted, key, message, idempotency_key)


def _create(
    request: Request, who: Principal, phase_id: int, tasks: list[str], key: str, message: str, idempotency: str | None
) -> documents.JSON:
    with Session.begin() as session:
        phase = finding.phase_of(session, who, phase_id)
        slug, phase_slug = phase.competition.slug, phase.slug
        if set(tasks) - {str(phase_id)}:
            raise TaskElsewhere(f"The task of phase {phase_id} is {phase_id}, not {', '.join(tasks)}.")
        dataset = datasets.dataset_of(session, who, key)
        if dataset.kind != datasets.SUBMISSION:
            raise DatasetUsed(f"{dataset.file_name!r} was announced as a {dataset.kind}.")
        if dataset.submission_id is not None:
            return _again(session, dataset, phase_id)
        name = dataset.file_name
    try:
        file = datasets.content(dataset)
    except DatasetEmpty:
        # Sent once more at the same moment: the other request may have used the bytes meanwhile.
        with Session.begin() as session:
            dataset = datasets.dataset_of(session, who, key)
            if dataset.submission_id is None:
                raise
            return _again(session, dataset, phase_id)
    with file:
        upload = receiving.Upload(file, name, message)
        made = submissions.send(request, who, slug, phase_slug, upload, idempotency or f"dataset:{key}")
    with Session.begin() as session:
        found = service.submission_of(session, who, made.ref)
        datasets.dataset_of(session, who, key, lock=True).submission_id = found.id
        answer = _accepted(found, key)
    uploads.discard(key)
    return answer


def _again(session: OrmSession, dataset: Dataset, phase_id: int) -> documents.JSON:
    """What was made of the dataset already. Raises DatasetUsed where that was for another phase."""
    found = session.get_one(Submission, dataset.submission_id)
    if found.phase_id != phase_id:
        raise DatasetUsed(f"It is submission {found.id}, of phase {found.phase_id}.")
    return _accepted(found, dataset.key)


def _accepted(found: Submission, key: str) -> documents.JSON:
    return {
        "id": found.id,
        "ref": found.ref,
        "data": key,
        "phase": found.phase_id,
        "status": "Submitting",
        "status_details": None,
        "filename": found.file_name,
        "description": found.message,
        "md5": None,
        "sha256": found.file_sha256,
        "fact_sheet_answers": None,
        "organization": None,
        "queue": None,
        "created_when": found.created_at.strftime("%Y-%m-%d %H:%M"),
        "scores": [],
    }


def _shown(session: OrmSession, who: Principal, rows: Sequence[Submission]) -> list[documents.JSON]:
    """Submissions as this viewer may see them. On a ladder a score is told only where it stands there."""
    moment = now(session)
    views = {phase.id: view_of(phase, who, moment) for phase in {row.phase for row in rows}}
    counting = finding.counting(session, rows, views)
    return [_line(row, views[row.phase_id], counts=row.id in counting) for row in rows]


def _line(row: Submission, view: View, *, counts: bool) -> documents.JSON:
    told = scores_told(report_for(row.evaluation, view) or {}, view, counts=counts)
    scores = documents.scores(documents.shown_columns(row.phase, view), documents.values_of(row.phase, told))
    return documents.submission(row, scores, on_leaderboard=counts)


def _visible(who: Principal) -> ColumnElement[bool]:
    """One's own, one's team's, and those to the competitions that one organizes."""
    rows = belongs_to(who.account_id)
    if who.may("organize"):
        theirs = select(CoOrganizer.competition_id).where(CoOrganizer.account_id == who.account_id)
        rows = rows | (Competition.organizer_id == who.account_id) | Competition.id.in_(theirs)
    return rows


def _asked(request: Request, who: Principal) -> Any:
    """The query for what the address asks for, newest first."""
    query = request.query_params
    rows = (
        select(Submission)
        .join(Participation, Participation.id == Submission.participation_id)
        .join(Phase, Phase.id == Submission.phase_id)
        .join(Competition, Competition.id == Phase.competition_id)
        .outerjoin(Mark, Mark.submission_id == Submission.id)
        .where(Competition.deleted_at.is_(None), _visible(who))
    )
    if who.competition is not None:
        rows = rows.where(Competition.slug == who.competition)
    for name, column in (("phase", Phase.id), ("phase__competition", Competition.id)):
        if query.get(name):
            rows = rows.where(column == number(dict(query), name))
    if query.get("status"):
        states = [state for state, told in documents.STATUS.items() if told == query["status"]]
        now_ = (Evaluation.effective_at.is_not(None), Evaluation.state.in_(states))
        rows = rows.where(Submission.evaluations.any(now_[0] & now_[1]))
    if query.get("search"):
        words = query["search"]
        rows = rows.where(
            Submission.file_name.icontains(words, autoescape=True)
            | Submission.message.icontains(words, autoescape=True)
        )
    gone = query.get("is_soft_deleted", "").lower() == "true"
    if gone or query.get("show_is_soft_deleted", "").lower() != "true":
        rows = rows.where(Mark.withdrawn_at.is_not(None) if gone else Mark.withdrawn_at.is_(None))
    return rows.order_by(Submission.created_at.desc(), Submission.id.desc())


@router.get("/submissions/")
def listing(request: Request, who: Known) -> Any:
    """Your submissions, and those to competitions that you organize, newest first."""
    with Session.begin() as session:
        rows = _asked(request, who)
        part = part_of(request, session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0)
        return part.wrap(_shown(session, who, list(session.scalars(rows.offset(part.start).limit(part.size)))))


@router.get(HERE + "/")
def read(who: Known, number_: int) -> documents.JSON:
    """A submission with its status and scores, which come at the same moment."""
    with Session.begin() as session:
        return _shown(session, who, [finding.submission_of(session, who, number_)])[0]


@router.get(HERE + "/get_details/")
def details(request: Request, who: Known, number_: int) -> documents.JSON:
    """Addresses of its file, its scores and what is said of its run; they work for some hours, for who asked."""
    with Session.begin() as session:
        found = finding.submission_of(session, who, number_)
        view = view_of(found.phase, who, now(session))
        scored = not view.ladder and report_for(found.evaluation, view) is not None
        board = documents.leaderboard(found.phase, view)

    def signed(kind: str) -> str:
        return addresses.signed(request, "get", who, f"{kind}:{number_}")

    return {
        "data_file": signed("submission"),
        "prediction_result": None,
        "scoring_result": signed("scores") if scored else None,
        "detailed_result": None,
        "logs": [{"name": name, "data_file": signed(name)} for name in LOGS],
        "leaderboards": [board],
        "fact_sheet_answers": None,
    }


@router.post(HERE + "/re_run_submission/", status_code=status.HTTP_201_CREATED)
def run_again(request: Request, who: Submitter, number_: int, task_key: str = "") -> documents.JSON:
    """Send one's file once more, to the phase of `task_key`; it counts as any other. An organizer has a failed one
    judged again in its place.
    """
    with Session.begin() as session:
        found = finding.submission_of(session, who, number_)
        thing = addresses.thing_of(task_key) if task_key else ("task", found.phase_id)
        if thing is None or thing[0] != "task":
            raise TaskElsewhere(f"There is no task {task_key!r}.")
        phase = finding.phase_of(session, who, thing[1])
        own = session.scalar(
            select(Participation.id).where(Participation.id == found.participation_id, belongs_to(who.account_id))
        )
        if own is None:
            if phase.id != found.phase_id:
                raise Denied("Only its sender may send a file to another phase.")
            again, evaluation_id = organizing.retry(session, who, found.ref)
        else:
            received = service.Received(found.file_sha256, found.file_size, found.file_name)
            slugs = phase.competition.slug, phase.slug
            again, _ = service.submit(session, who, *slugs, received, found.message, None)
            evaluation_id = again.evaluation.id
        answer = _accepted(again, "") | {"task": documents.task(phase)}
    nudge(VALIDATE, evaluation_id)
    return answer


@router.get(HERE + "/cancel_submission/")
def cancel(who: Submitter, number_: int) -> documents.JSON:
    """Cancel it, where it is not final. A GET that acts, as clients send it: only with a token, which no page can."""
    if who.token_ref is None:
        raise Denied("Cancel with a token, or on the submission's page.")
    with Session.begin() as session:
        found = finding.submission_of(session, who, number_)
        try:
            service.cancel(session, who, found.ref)
        except Conflict:
            return {"canceled": False}
    return {"canceled": True}


@router.delete(HERE + "/soft_delete/")
def soft_delete(who: Submitter, number_: int) -> documents.JSON:
    """Withdraw it: it does not count any more, and stays used of the limits."""
    with Session.begin() as session:
        marks.withdraw(session, who, finding.submission_of(session, who, number_).ref)
    return {"message": "Submission deleted successfully."}
