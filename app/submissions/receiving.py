"""From an untrusted body to a blob: bytes are counted and hashed as they come, the archive's structure is checked, and
only then is it stored.

Decision: the route reads the body itself after the guards have spoken; a multipart parser ahead of them would take the
whole file of a stranger first. Nothing here touches the database.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from email.message import Message
from typing import BinaryIO
from urllib.parse import unquote

import anyio
from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect

from app import storage
from app.errors import TooLarge
from app.scoring.archive import envelope
from app.scoring.findings import Invalid
from app.settings import settings
from app.submissions.errors import FileInvalid, NotAnArchive, UploadBroken
from app.submissions.service import Received

IN_MEMORY = 1024 * 1024
LONGEST_MESSAGE = 500


class Upload:
    """An open temporary file with what was sent; close it when done."""

    def __init__(self, file: BinaryIO, name: str, message: str) -> None:
        self.file, self.name, self.message = file, name[:255], message[:LONGEST_MESSAGE]
        self.file.seek(0, 2)
        self.size = self.file.tell()
        self.file.seek(0)


async def upload_of(request: Request, cap: int | None = None) -> Upload:
    """Read the request's body, multipart or raw, of at most `cap` bytes (None: the largest submission's).

    Raises TooLarge, UploadBroken.
    """
    cap = settings().upload_bytes if cap is None else cap
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > cap + IN_MEMORY:
        raise TooLarge(f"{int(announced)} bytes were announced; the limit is {cap}.", limit_bytes=cap)
    try:
        with anyio.fail_after(settings().upload_seconds):
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                return await _multipart(request, cap)
            return await _raw(request, cap)
    except TimeoutError as error:
        raise UploadBroken(f"The upload took longer than {settings().upload_seconds:.0f} s.") from error
    except ClientDisconnect as error:
        raise UploadBroken("The connection ended before the body did.") from error


async def _multipart(request: Request, cap: int) -> Upload:
    try:
        form = await request.form(max_files=1, max_fields=8, max_part_size=IN_MEMORY)
    except MultiPartException as error:
        raise UploadBroken(f"The multipart body cannot be read: {error.message}") from error
    file, message = form.get("file"), form.get("message", "")
    if not isinstance(file, UploadFile):
        raise UploadBroken("The multipart body has no part named `file`.")
    if (file.size or 0) > cap:
        raise TooLarge(f"The limit is {cap} bytes.", limit_bytes=cap)
    return Upload(file.file, file.filename or "", message if isinstance(message, str) else "")


async def _raw(request: Request, cap: int) -> Upload:
    name = unquote(request.headers.get("x-filename", "")) or _disposition_name(request)
    message = unquote(request.headers.get("x-message", "")) or request.query_params.get("message", "")
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (closed by the caller)
    try:
        await _copy(request.stream(), file, cap)
    except BaseException:
        file.close()
        raise
    return Upload(file, name or _default_name(request), message)  # type: ignore[arg-type]


async def _copy(body: AsyncIterator[bytes], file: "tempfile.SpooledTemporaryFile[bytes]", cap: int) -> None:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > cap:
            raise TooLarge(f"Reading stopped after {cap} bytes.", limit_bytes=cap)
        if size > IN_MEMORY:
            await anyio.to_thread.run_sync(file.write, chunk)
        else:
            file.write(chunk)


def _disposition_name(request: Request) -> str:
    header = Message()
    header["content-disposition"] = request.headers.get("content-disposition", "")
    return header.get_filename() or ""


def _default_name(request: Request) -> str:
    kinds = {"text/csv": "predictions.csv", "application/json": "predictions.json"}
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return kinds.get(kind, "predictions.jsonl" if kind.startswith("text/") else "submission.zip")


def check_envelope(upload: Upload) -> None:
    """The cheap check at the door: structure only, nothing inflated. Raises NotAnArchive (415), FileInvalid (422)."""
    try:
        envelope(upload.file, upload.name, settings().submission_limits)
    except Invalid as error:
        findings = [finding.as_dict() for finding in error.findings]
        shown = {"findings": findings, "findings_total": error.total}
        strange = all(finding["code"] == "not_an_archive" for finding in findings)
        raise (NotAnArchive if strange else FileInvalid)(findings[0]["message"], **shown) from error


def receive(upload: Upload) -> Received:
    """Check the envelope and store the file under its hash. Raises NotAnArchive, FileInvalid, StorageFailed."""
    check_envelope(upload)
    upload.file.seek(0)
    sha256 = hashlib.sha256()
    while chunk := upload.file.read(storage.CHUNK):
        sha256.update(chunk)
    return Received(storage.put(upload.file, sha256.hexdigest()), upload.size, upload.name)
