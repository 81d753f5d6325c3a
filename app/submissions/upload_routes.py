"""The tus 1.0 doors of uploads: core, creation, termination, expiration. `POST …/submissions?upload=REF` sends one."""

import base64
import binascii
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Request, Response, status

from app.accounts.guards import Submitter
from app.accounts.service import Principal
from app.db import Session
from app.errors import Refused
from app.settings import MIB, settings
from app.submissions import uploads

router = APIRouter(prefix="/uploads", tags=["uploads"])
TUS = {"Tus-Resumable": "1.0.0"}
OFFERED = {
    "Tus-Version": "1.0.0",
    "Tus-Extension": "creation,termination,expiration",
    "Tus-Max-Size": str(settings().upload_bytes),
}
SHA256 = re.compile(r"[0-9a-f]{64}")
Whole = Annotated[int, Header(ge=0, le=2**53)]


def metadata_of(header: str) -> dict[str, str]:
    """`Upload-Metadata`: names and Base64 values, with commas. Raises Refused."""
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Refused(f"The value of {name[:40]!r} in Upload-Metadata is not Base64 of UTF-8.") from None
    return found


@router.options("", include_in_schema=False)
def offers() -> Response:
    """What this server speaks."""
    return Response(status_code=status.HTTP_204_NO_CONTENT, headers=TUS | OFFERED)


@router.post("", status_code=status.HTTP_201_CREATED)
def create(
    who: Submitter,
    response: Response,
    upload_length: Whole,
    upload_metadata: Annotated[str, Header(max_length=4000)],
) -> None:
    """Announce a file. `Upload-Metadata` names `competition`, `phase` and `filename`, and may name `message` and
    `sha256` (hex, checked when the upload is sent). Whether you may submit is decided now.
    """
    told = metadata_of(upload_metadata)
    missing = [name for name in ("competition", "phase", "filename") if not told.get(name)]
    if missing:
        raise Refused(f"Upload-Metadata lacks {', '.join(missing)}.")
    if "sha256" in told and not SHA256.fullmatch(told["sha256"]):
        raise Refused("`sha256` in Upload-Metadata is not 64 hexadecimal digits.")
    with Session.begin() as session:
        made = uploads.announce(
            session, who, told["competition"], told["phase"], upload_length, told["filename"], told.get("sha256"),
            told.get("message", ""),
        )  # fmt: skip
        response.headers.update(TUS | _state(made.ref, made.length, made.expires_at))
        response.headers["Location"] = f"/api/v1/uploads/{made.ref}"


def _state(ref: str, length: int, expires_at: datetime) -> dict[str, str]:
    return {
        "Upload-Offset": str(uploads.offset_of(ref)),
        "Upload-Length": str(length),
        "Upload-Expires": format_datetime(expires_at.astimezone(UTC), usegmt=True),
        "Cache-Control": "no-store",
    }


@router.head("/{ref}")
def where(who: Submitter, response: Response, ref: str) -> None:
    """How much has come: `Upload-Offset` of `Upload-Length`."""
    with Session.begin() as session:
        found = uploads.upload_of(session, who, ref)
        response.headers.update(TUS | _state(ref, found.length, found.expires_at))


@router.patch("/{ref}", status_code=status.HTTP_204_NO_CONTENT, max_body_size=settings().upload_bytes + 2 * MIB)
async def go_on(request: Request, who: Submitter, response: Response, ref: str, upload_offset: Whole) -> None:
    """Send the bytes from `Upload-Offset` on, as `application/offset+octet-stream`; a break loses nothing that came."""
    if request.headers.get("content-type") != "application/offset+octet-stream":
        raise Refused("The content type of a PATCH is `application/offset+octet-stream`.")
    length = await anyio.to_thread.run_sync(_length, who, ref)
    reached = await uploads.append(ref, upload_offset, length, request.stream())
    response.headers.update(TUS | {"Upload-Offset": str(reached)})


def _length(who: Principal, ref: str) -> int:
    with Session.begin() as session:
        return uploads.upload_of(session, who, ref).length


@router.delete("/{ref}", status_code=status.HTTP_204_NO_CONTENT)
def give_up(who: Submitter, response: Response, ref: str) -> None:
    """Forget the upload; what was made a submission stays one."""
    with Session.begin() as session:
        session.delete(uploads.upload_of(session, who, ref))
    uploads.discard(ref)
    response.headers.update(TUS)
