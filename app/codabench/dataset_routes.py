"""Doors of files: announce, send, complete, list, download; a completed bundle becomes a competition."""

from collections.abc import Callable
from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from app import rates
from app.accounts.service import Principal
from app.codabench import addresses, datasets, downloads, finding
from app.codabench.documents import JSON, instant
from app.codabench.documents import finding as line_of
from app.codabench.door import LARGEST_BODY, Door, listed, number, sent, text
from app.codabench.errors import DatasetNotFound
from app.codabench.guards import Asker, Known, Submitter
from app.codabench.models import Dataset
from app.competitions import routes as competitions
from app.competitions.models import Competition
from app.db import Session
from app.errors import Fault, Refused
from app.settings import MIB, settings
from app.submissions import receiving, uploads

router = APIRouter(
    route_class=Door, include_in_schema=False, dependencies=[Depends(rates.by_address)], max_body_size=LARGEST_BODY
)
# The framework's last stop, a little above our own so that ours speaks first.
BODY_BYTES = max(settings().upload_bytes, settings().bundle_bytes) + 2 * MIB
KINDS = (datasets.SUBMISSION, datasets.BUNDLE)


def _announced(request: Request, who: Principal, kind: str, name: str, length: int) -> JSON:
    if kind not in KINDS:
        raise Refused(
            f"Files of the type {kind!r} are not taken: programs and data come in a bundle.",
            named={"type": f"One of: {', '.join(KINDS)}."},
        )
    with Session.begin() as session:
        made = datasets.announce(session, who, kind, name, length)
        return {
            "id": made.id,
            "key": made.key,
            "name": name,
            "type": kind,
            "file_name": name,
            "file_size": length,
            "sassy_url": addresses.signed(request, "put", who, made.key),
        }


@router.post("/api/datasets/", status_code=status.HTTP_201_CREATED)
async def announce(request: Request, who: Submitter) -> JSON:
    """Announce a file; the answer's `sassy_url` takes its bytes."""
    values = await sent(request)
    length = number(values, "file_size")
    name = text(values, "request_sassy_file_name", 255, needed=True)
    kind = text(values, "type", 32, needed=True)
    return await anyio.to_thread.run_sync(_announced, request, who, kind, name, length)


@router.post("/api/data/", status_code=status.HTTP_201_CREATED)
async def announce_as_data(request: Request, who: Submitter) -> JSON:
    """The same under the name that codabench-mcp knows."""
    values = await sent(request)
    length, kind = number(values, "file_size"), text(values, "type", 32, needed=True)
    return await anyio.to_thread.run_sync(
        _announced, request, who, kind, text(values, "filename", 255, needed=True), length
    )


def _expected(token: str) -> Dataset:
    who, key = addresses.opened("put", token)
    with Session.begin() as session:
        return datasets.writable(session, who, key)


@router.put("/api/files/{token}", max_body_size=BODY_BYTES)
async def put_file(request: Request, token: str) -> Response:
    """Take the bytes: exactly 200 is what clients wait for. The address is its own proof."""
    expected = await anyio.to_thread.run_sync(_expected, token)
    upload = await receiving.upload_of(request, datasets.largest(expected.kind))
    try:
        await anyio.to_thread.run_sync(datasets.keep, expected, upload)
    finally:
        upload.file.close()
    return Response(status_code=status.HTTP_200_OK)


@router.get("/api/files/{token}")
def get_file(token: str) -> Response:
    """What the address was made for, by the rights that its account has now."""
    who, what = addresses.opened("get", token)
    return downloads.made(who, what)


def _complete(request: Request, who: Principal, key: str) -> JSON:
    with Session.begin() as session:
        found = datasets.dataset_of(session, who, key, lock=True)
        if found.kind != datasets.BUNDLE:
            return {"key": key}
        if found.status:
            return {"status_id": found.id}
        # Whoever asks again meanwhile is told to wait.
        found.status = "Starting"
        with datasets.content(found) as file:
            packed = file.read()
    status_, details, slug = _created(request, who, packed)
    with Session.begin() as session:
        found = datasets.dataset_of(session, who, key, lock=True)
        made = session.scalar(select(Competition.id).where(Competition.slug == slug)) if slug else None
        found.status, found.details, found.competition_id = status_, details, made
    uploads.discard(key)
    return {"status_id": found.id}


def _created(request: Request, who: Principal, packed: bytes) -> tuple[str, str, str | None]:
    """(status, details, slug) of making a competition from a bundle."""
    try:
        return "Finished", "", competitions.apply_bundle(request, who, packed, dry_run=False).slug
    except Fault as fault:
        lines = [line_of(one) for one in fault.extra.get("findings", [])]
        return "Failed", "\n".join([fault.detail, *lines, fault.fix]).strip(), None


@router.put("/api/datasets/completed/{key}/")
@router.put("/api/data/upload_completed/{key}/")
def complete(request: Request, who: Submitter, key: str) -> JSON:
    """Say that the file is whole. Of a bundle the competition is made now; `status_id` is where to read how it went."""
    return _complete(request, who, key)


@router.get("/api/competitions/{number_:int}/creation_status/")
def creation_status(who: Known, number_: int) -> JSON:
    """How making a competition went, for who asked for it."""
    with Session.begin() as session:
        found = session.get(Dataset, number_) if number_ < finding.LARGEST_ID else None
        if found is None or found.account_id != who.account_id or not found.status:
            raise DatasetNotFound(f"There is no bundle {number_} of yours.")
        return {
            "status": found.status,
            "details": found.details or None,
            "resulting_competition": found.competition_id,
            "created_by": who.username,
            "dataset": found.key,
        }


def _line(who: Principal) -> Callable[[Dataset], JSON]:
    return lambda row: {
        "id": row.id,
        "key": row.key,
        "name": row.file_name,
        "type": row.kind,
        "description": "",
        "created_by": who.username,
        "owner_display_name": who.username,
        "created_when": instant(row.created_at),
        "is_public": False,
        "value": row.key,
        "was_created_by_competition": False,
        "in_use": [],
        "competition": None,
        "file_name": row.file_name,
        "file_size": row.length,
    }


@router.get("/api/datasets/")
def listing(request: Request, who: Known) -> Any:
    """Your files, newest first; `_type`: `submission`, `bundle` or `dataset` (there are none of those)."""
    kinds = {"": KINDS, "submission": KINDS[:1], "bundle": KINDS[1:]}.get(request.query_params.get("_type", ""), ())
    rows = select(Dataset).where(Dataset.account_id == who.account_id, Dataset.kind.in_(kinds))
    with Session.begin() as session:
        return listed(request, list(session.scalars(rows.order_by(Dataset.id.desc()))), _line(who), paged=True)


@router.delete("/api/delete_unused_datasets/")
def delete_unused(who: Submitter) -> JSON:
    """Forget the files that nothing was made of."""
    with Session.begin() as session:
        return {"success": True, "message": f"{datasets.forget(session, who.account_id, unused=True)} files forgotten."}


@router.get("/datasets/download/{key}/")
@router.get("/api/datasets/{key}/download/")
def download(who: Asker, key: str) -> Response:
    """A starting kit or public data, for everybody; a file of one's own. Nothing else has a key."""
    thing = addresses.thing_of(key)
    if thing is None or thing[0] == "task":
        if who is None:
            raise DatasetNotFound(f"There is no public file {key!r}.")
        return _own(who, key)
    with Session.begin() as session:
        phase = finding.phase_of(session, who, thing[1])
        slugs = phase.competition.slug, phase.slug
    door = competitions.starting_kit if thing[0] == "starting_kit" else competitions.public_data
    return door(*slugs)


def _own(who: Principal, key: str) -> Response:
    with Session.begin() as session:
        found = datasets.dataset_of(session, who, key)
        if found.submission_id is None:
            file = datasets.content(found)
            return StreamingResponse(file, media_type="application/octet-stream")
    return downloads.made(who, f"submission:{found.submission_id}")
