"""HTTP doors of submissions: send, check, follow, read, cancel.

A participant's rank comes from the leaderboards room, which lies above this one: `create_app` hands its function in as
`app.state.rank_of`.
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from sqlakeyset import BadBookmark, select_page
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession
from sse_starlette import EventSourceResponse, ServerSentEvent

from app import storage
from app.accounts.guards import Reader, Submitter
from app.accounts.service import Principal
from app.broker import VALIDATE, nudge
from app.competitions import service as competitions
from app.competitions.entrants import belongs_to
from app.competitions.errors import FileNotThere
from app.competitions.models import Competition, Participation, Phase
from app.competitions.visibility import view_of
from app.db import Session, now
from app.errors import Denied, Refused
from app.scoring.splitting import public_items
from app.scoring.validating import validate
from app.settings import MIB, settings
from app.submissions import gates, receiving, service, uploads
from app.submissions.errors import NotScored
from app.submissions.history import HistoryOut, history_of
from app.submissions.live import hub
from app.submissions.models import Evaluation, Submission
from app.submissions.schemas import (
    LimitsOut,
    SubmissionList,
    SubmissionOut,
    ValidationOut,
    limits_out,
    report_for,
    submission_out,
)

router = APIRouter(tags=["submissions"])
# The framework's last stop, a little above our own so that ours speaks first and a multipart body's frame fits in.
BODY_BYTES = settings().upload_bytes + 2 * MIB
PHASE = "/competitions/{slug}/phases/{phase}"
UploadRef = Annotated[str | None, Query(max_length=32)]


def shown(request: Request, session: OrmSession, who: Principal, submission: Submission) -> SubmissionOut:
    """A submission with its entrant's rank, as far as the asker may see scores and boards now."""
    view = view_of(submission.phase, who, now(session))
    return submission_out(session, submission, view, request.app.state.rank_of(session, submission, view))


def _may_submit(who: Principal, slug: str, phase: str, key: str | None) -> list[str]:
    """Refuse before the body is read; returns the phase's item ids."""
    with Session.begin() as session:
        found, participation = competitions.entry(session, who, slug, phase)
        if service.earlier(session, found, participation, key, None) is None:
            gates.require(session, found, participation)
            service.require_room(service.limits_of(session, found, participation))
        assert found.truth is not None  # noqa: S101  (entry demands it)
        return list(found.truth.item_ids)


def send(
    request: Request,
    who: Principal,
    slug: str,
    phase: str,
    upload: receiving.Upload,
    key: str | None,
    pending: str | None = None,
) -> SubmissionOut:
    """Keep a file and make the submission that it is; `pending` is the upload in pieces that it came by, if any.

    Raises what `service.submit` and `receiving.receive` raise.
    """
    received = receiving.receive(upload)
    with Session.begin() as session:
        row = None
        if pending is not None:
            row = uploads.sent_as(session, who, pending, competitions.phase_of(session, slug, phase), lock=True)
        if row is not None and row.submission_id is not None:
            submission, new = session.get_one(Submission, row.submission_id), False
        else:
            submission, new = service.submit(session, who, slug, phase, received, upload.message, key)
        if row is not None:
            row.submission_id = submission.id
        answer = shown(request, session, who, submission)
        limits = service.limits_of(session, submission.phase, submission.participation)
        answer.limits = limits_out(limits)
        evaluation_id = submission.evaluation.id
    if new:
        nudge(VALIDATE, evaluation_id)
    return answer


def _submit_upload(request: Request, who: Principal, slug: str, phase: str, ref: str, key: str | None) -> SubmissionOut:
    with Session.begin() as session:
        row = uploads.sent_as(session, who, ref, competitions.phase_of(session, slug, phase))
        if row.submission_id is not None:
            return shown(request, session, who, session.get_one(Submission, row.submission_id))
    sent = _whole(who, slug, phase, ref)
    try:
        answer = send(request, who, slug, phase, sent, key, ref)
    finally:
        sent.file.close()
    uploads.discard(ref)
    return answer


def _whole(who: Principal, slug: str, phase: str, ref: str) -> receiving.Upload:
    """A complete upload as if it came just now."""
    with Session.begin() as session:
        row = uploads.sent_as(session, who, ref, competitions.phase_of(session, slug, phase))
        return receiving.Upload(uploads.whole(row), row.file_name, row.message)


FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "message": {"type": "string"}},
                }
            },
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
# An empty file is checked like any other.
MAYBE_EMPTY: dict[str, Any] = {"requestBody": {**BODY["requestBody"], "required": False}}


@router.post(PHASE + "/submissions", status_code=status.HTTP_202_ACCEPTED, openapi_extra=BODY, max_body_size=BODY_BYTES)
async def create(
    request: Request,
    response: Response,
    who: Submitter,
    slug: str,
    phase: str,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    upload: UploadRef = None,
) -> SubmissionOut:
    """Send a submission: who may is decided before the body is read; 202 means it is kept and will be judged.

    With `upload`, a complete upload is sent instead of the body; it becomes one submission however often it is sent.
    """
    if upload is not None:
        answer = await anyio.to_thread.run_sync(_submit_upload, request, who, slug, phase, upload, idempotency_key)
        response.headers["Location"] = answer.links["self"]
        return answer
    await anyio.to_thread.run_sync(_may_submit, who, slug, phase, idempotency_key)
    sent = await receiving.upload_of(request)
    try:
        answer = await anyio.to_thread.run_sync(send, request, who, slug, phase, sent, idempotency_key)
    finally:
        sent.file.close()
    response.headers["Location"] = answer.links["self"]
    return answer


@router.post(PHASE + "/validate", openapi_extra=MAYBE_EMPTY, max_body_size=BODY_BYTES)
async def check(request: Request, who: Submitter, slug: str, phase: str, upload: UploadRef = None) -> ValidationOut:
    """Check a file, or a complete upload, without submitting it: every fault at once, costs nothing."""
    item_ids = await anyio.to_thread.run_sync(_item_ids, who, slug, phase)
    if upload is not None:
        sent = await anyio.to_thread.run_sync(_whole, who, slug, phase, upload)
    else:
        sent = await receiving.upload_of(request)
    try:
        found = await anyio.to_thread.run_sync(validate, sent.file, sent.name, item_ids, settings().submission_limits)
    finally:
        sent.file.close()
    return ValidationOut.model_validate(found.as_dict())


def _item_ids(who: Principal, slug: str, phase: str) -> list[str]:
    with Session.begin() as session:
        found, _ = competitions.entry(session, who, slug, phase)
        assert found.truth is not None  # noqa: S101  (entry demands it)
        return list(found.truth.item_ids)


@router.get(PHASE + "/limits")
def limits(who: Reader, slug: str, phase: str) -> LimitsOut:
    """What is left in this phase, and when the next submission is possible."""
    with Session.begin() as session:
        found = competitions.phase_of(session, slug, phase)
        participation = competitions.participation_of(session, found.competition, who.account_id)
        if participation is None:
            raise competitions.errors.NotJoined
        answer = limits_out(service.limits_of(session, found, participation))
        fault = competitions.intake_fault(found, now(session)) or gates.fault(session, found, participation)
        if fault is not None:
            answer.can_submit, answer.next_possible_at = False, fault.extra.get("opens_at")
            answer.reason = {"code": fault.code, "detail": fault.detail}
        return answer


Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]


@router.get(PHASE + "/submissions")
def of_phase(
    request: Request, who: Reader, slug: str, phase: str, limit: Limit = 50, cursor: Cursor = None
) -> SubmissionList:
    """Your submissions and your team's to this phase, newest first; organizers see everyone's."""
    with Session.begin() as session:
        found = competitions.phase_of(session, slug, phase)
        rows = select(Submission).where(Submission.phase_id == found.id)
        if not competitions.organizes(who, found.competition):
            rows = rows.join(Participation).where(belongs_to(who.account_id))
        return _page(request, session, who, rows, limit, cursor)


@router.get(PHASE + "/history")
def history(who: Reader, slug: str, phase: str) -> HistoryOut:
    """Your final scores and your team's in this phase, first sent first, at most the newest 500."""
    with Session.begin() as session:
        return history_of(session, who, competitions.phase_of(session, slug, phase))


@router.get("/submissions")
def mine(
    request: Request,
    who: Reader,
    competition: str | None = None,
    phase: str | None = None,
    state: str | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SubmissionList:
    """Your submissions and your teams' everywhere, newest first."""
    rows = select(Submission).join(Participation).where(belongs_to(who.account_id))
    rows = rows.join(Phase, Phase.id == Submission.phase_id).join(Competition, Competition.id == Phase.competition_id)
    rows = rows.where(Competition.deleted_at.is_(None))
    if competition is not None:
        rows = rows.where(Competition.slug == competition)
    if phase is not None:
        rows = rows.where(Phase.slug == phase)
    if state is not None:
        effective = Evaluation.effective_at.is_not(None)  # a preview's state would tell that there is one
        rows = rows.where(Submission.evaluations.any((Evaluation.state == state) & effective))
    with Session.begin() as session:
        return _page(request, session, who, rows, limit, cursor)


def _page(
    request: Request,
    session: OrmSession,
    who: Principal,
    rows: "select[tuple[Submission]]",
    limit: int,
    cursor: str | None,
) -> SubmissionList:
    ordered = rows.order_by(Submission.created_at.desc(), Submission.id.desc())
    try:
        page = select_page(session, ordered, per_page=limit, page=cursor or None)
    except BadBookmark as error:
        raise Refused("The cursor is not one of ours.", field="cursor") from error
    items = [shown(request, session, who, row) for (row,) in page]
    return SubmissionList(items=items, next_cursor=page.paging.bookmark_next if page.paging.has_next else None)


@router.get("/submissions/{ref}")
def read(request: Request, who: Reader, ref: str) -> SubmissionOut:
    """A submission and its state."""
    with Session.begin() as session:
        return shown(request, session, who, service.submission_of(session, who, ref))


@router.get("/submissions/{ref}/events", response_class=EventSourceResponse)
async def events(request: Request, who: Reader, ref: str) -> EventSourceResponse:
    """The submission's states as they happen (SSE): `event: state`, data as in GET; ends after the terminal state."""
    await anyio.to_thread.run_sync(read, request, who, ref)

    async def stream() -> AsyncIterator[ServerSentEvent]:
        async for state, attempt in hub.watch(ref):
            now = await anyio.to_thread.run_sync(read, request, who, ref)
            yield ServerSentEvent(now.model_dump_json(), event="state", id=f"{state}-{attempt}")

    return EventSourceResponse(stream(), ping=15, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


@router.get("/submissions/{ref}/report")
def report(who: Reader, ref: str, version: Annotated[int | None, Query(ge=1)] = None) -> dict[str, object]:
    """The full report of a scored submission; `version`: of an earlier judgement, as its `history` tells."""
    with Session.begin() as session:
        submission = service.submission_of(session, who, ref)
        view = view_of(submission.phase, who, now(session))
        if view.ladder:
            raise Denied("This phase shows scores as its ladder does, and reports when it is published.")
        evaluation = submission.evaluation if version is None else submission.judged(version)
        if evaluation is None:
            raise NotScored(f"It has no judgement of version {version}.", state=submission.evaluation.state)
        found = report_for(evaluation, view)
        if found is None:
            raise NotScored(f"Its state is {evaluation.state}.", state=evaluation.state)
        return found


def _items_shown(who: Principal, ref: str) -> tuple[str, dict[str, Any] | None]:
    """The file of its items, and the split where only the public ones are shown. Raises Denied, NotScored."""
    with Session.begin() as session:
        submission = service.submission_of(session, who, ref)
        evaluation, phase = submission.evaluation, submission.phase
        if not phase.show_items and not competitions.organizes(who, phase.competition):
            raise Denied("This phase shows no values per item: they would tell the hidden answers.")
        if evaluation.items_sha256 is None:
            raise NotScored(f"Its state is {evaluation.state}.", state=evaluation.state)
        view = view_of(phase, who, now(session))
        if view.ladder:
            raise Denied("This phase shows scores as its ladder does, and values per item when it is published.")
        return evaluation.items_sha256, None if view.whole else phase.split


@router.get("/submissions/{ref}/items")
def items(who: Reader, ref: str) -> Response:
    """A line of JSON per item, for organizers, and for participants where the phase shows items."""
    sha256, split = _items_shown(who, ref)
    name, kind = f"{ref}-items.jsonl", "application/jsonl"
    if split is None:
        return _download(sha256, name, kind)
    return Response(_public_lines(sha256, split), headers=_headers(name), media_type=kind)


def item_lines(who: Principal, ref: str) -> list[bytes]:
    """What the door of items tells this asker, line by line. Raises as it does."""
    sha256, split = _items_shown(who, ref)
    return (storage.get(sha256) if split is None else _public_lines(sha256, split)).splitlines()


def _public_lines(sha256: str, split: dict[str, Any]) -> bytes:
    """The lines of the public items alone."""
    lines = storage.get(sha256).splitlines(keepends=True)
    items = [json.loads(line) for line in lines]
    public = public_items([item["item_id"] for item in items], [item["category"] for item in items], **split)
    return b"".join(line for line, item in zip(lines, items, strict=True) if item["item_id"] in public)


@router.get("/submissions/{ref}/file", response_class=Response, responses=FILE)
def file(who: Reader, ref: str) -> Response:
    """The file as it was sent."""
    with Session.begin() as session:
        submission = service.submission_of(session, who, ref)
    return _download(submission.file_sha256, f"{ref}.bin", "application/octet-stream")


def _download(sha256: str | None, name: str, kind: str) -> Response:
    if sha256 is None:
        raise FileNotThere
    return StreamingResponse(storage.stream(sha256), media_type=kind, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "sandbox",
        "Cache-Control": "no-store",
    }


@router.post("/submissions/{ref}/cancel")
def cancel(request: Request, who: Submitter, ref: str) -> SubmissionOut:
    """Cancel a submission that is not final; it does not count."""
    with Session.begin() as session:
        return shown(request, session, who, service.cancel(session, who, ref))
