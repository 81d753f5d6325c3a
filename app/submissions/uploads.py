"""Uploads that survive a broken connection: announced by a row, their bytes a file that grows.

Decision: tus 1.0 (tus.io), spoken by ready-made clients in browsers and elsewhere, instead of a protocol of our own.
The offset is the file's length and nothing else, so it cannot disagree with the bytes; a lock on the file keeps two
writers apart. Cost: the file lies on one host: several hosts share `PALMARES_UPLOADS_DIR`, or keep a client's requests
on one of them.
"""

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import anyio
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Phase
from app.db import new_ref, now
from app.errors import TooLarge
from app.settings import settings
from app.storage import CHUNK
from app.submissions import gates
from app.submissions.errors import (
    ChecksumMismatch,
    OffsetMismatch,
    TooManyUploads,
    UploadElsewhere,
    UploadIncomplete,
    UploadNotFound,
)
from app.submissions.limits import limits_of, require_room
from app.submissions.models import PendingUpload

OPEN_UPLOADS = 5
"""So many unfinished uploads of one account at a time."""
LIFE = timedelta(hours=24)


def path_of(ref: str) -> Path:
    """Where the bytes of an upload lie."""
    return settings().uploads_folder / ref


def announce(
    session: Session,
    who: Principal,
    slug: str,
    phase_slug: str,
    length: int,
    name: str,
    sha256: str | None,
    message: str,
) -> PendingUpload:
    """Make an empty upload for a phase that takes a submission of this account now.

    Raises what `entry` raises, GateNotPassed, LimitReached, TooLarge, TooManyUploads, StorageFailed (by OSError).
    """
    if length > settings().upload_bytes:
        raise TooLarge(f"{length} bytes were announced; the limit is {settings().upload_bytes}.")
    tidy(session)
    phase, participation = competitions.entry(session, who, slug, phase_slug, lock=True)
    gates.require(session, phase, participation)
    require_room(limits_of(session, phase, participation))
    mine = select(func.count()).where(PendingUpload.account_id == who.account_id, PendingUpload.submission_id.is_(None))
    if session.scalar(mine) >= OPEN_UPLOADS:
        raise TooManyUploads(f"You have {OPEN_UPLOADS} unfinished uploads.")
    upload = PendingUpload(
        ref=new_ref("upl"),
        account_id=who.account_id,
        phase_id=phase.id,
        file_name=name[:255],
        length=length,
        sha256=sha256,
        message=message[:500],
        expires_at=now(session) + LIFE,
    )
    session.add(upload)
    session.flush()
    settings().uploads_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path_of(upload.ref).touch(mode=0o600, exist_ok=False)
    return upload


def upload_of(session: Session, who: Principal, ref: str) -> PendingUpload:
    """The upload, for who made it. Raises UploadNotFound."""
    found = session.scalar(select(PendingUpload).where(PendingUpload.ref == ref))
    if found is None or found.account_id != who.account_id or found.expires_at < now(session):
        raise UploadNotFound(f"There is no upload {ref!r} of yours.")
    return found


def offset_of(ref: str) -> int:
    """How many bytes have come. Raises UploadNotFound where they are gone."""
    try:
        return path_of(ref).stat().st_size
    except FileNotFoundError:
        raise UploadNotFound(f"The bytes of upload {ref!r} are gone.") from None


async def append(ref: str, offset: int, length: int, body: AsyncIterator[bytes]) -> int:
    """Write what comes at the end of the file and return the new offset; what came before a break is kept.

    Raises OffsetMismatch where the end is elsewhere or another request writes, TooLarge beyond the announced length.
    """
    with _open(ref) as file:
        if file.tell() != offset:
            raise OffsetMismatch(f"The next byte is number {file.tell()}, not {offset}.", offset=file.tell())
        try:
            async for chunk in body:
                if file.tell() + len(chunk) > length:
                    raise TooLarge(f"The upload was announced with {length} bytes; more came.")
                await anyio.to_thread.run_sync(file.write, chunk)
        except ClientDisconnect:
            pass  # who comes back asks for the offset
        finally:
            file.flush()
        return file.tell()


def _open(ref: str) -> BinaryIO:
    """The file at its end, for one writer. Raises UploadNotFound, OffsetMismatch."""
    try:
        file = path_of(ref).open("r+b")
    except FileNotFoundError:
        raise UploadNotFound(f"The bytes of upload {ref!r} are gone.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise OffsetMismatch("Another request is writing to this upload.") from None
    file.seek(0, os.SEEK_END)
    return file


def sent_as(session: Session, who: Principal, ref: str, phase: Phase, *, lock: bool = False) -> PendingUpload:
    """The upload for this very phase. Raises UploadNotFound, UploadElsewhere."""
    found = upload_of(session, who, ref)
    if lock:
        session.refresh(found, with_for_update=True)
    if found.phase_id != phase.id:
        raise UploadElsewhere(f"It was announced for another phase than {phase.slug!r}.")
    return found


def whole(upload: PendingUpload) -> BinaryIO:
    """The bytes of a complete upload, at their start. Raises UploadIncomplete, ChecksumMismatch, UploadNotFound."""
    have = offset_of(upload.ref)
    if have != upload.length:
        raise UploadIncomplete(f"{have} of {upload.length} bytes have come.", offset=have)
    file = path_of(upload.ref).open("rb")
    if upload.sha256 is not None:
        sha256 = hashlib.sha256()
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
        file.seek(0)
        if sha256.hexdigest() != upload.sha256:
            file.close()
            raise ChecksumMismatch(f"Announced {upload.sha256[:12]}…, came {sha256.hexdigest()[:12]}….")
    return file


def discard(ref: str) -> None:
    """Forget the bytes."""
    path_of(ref).unlink(missing_ok=True)


def tidy(session: Session) -> None:
    """Forget what has expired: rows, and files on this host that no request has touched since."""
    gone = delete(PendingUpload).where(PendingUpload.expires_at < now(session)).returning(PendingUpload.ref)
    for ref in session.scalars(gone):
        discard(ref)
    folder = settings().uploads_folder
    if folder.is_dir():
        oldest = now(session).timestamp() - 2 * LIFE.total_seconds()
        for file in folder.iterdir():
            if file.stat().st_mtime < oldest:
                file.unlink(missing_ok=True)
