"""Files that are announced, sent and used: CodaBench's datasets.

Decision: bytes lie in the uploads folder under the dataset's key until they are used, so that what is never used is
swept with the other uploads. An account has at most so many unused ones; the oldest give way, because clients announce
a new one after each failure and never take one back.
"""

import os
import shutil
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.accounts.service import Principal
from app.codabench.errors import DatasetEmpty, DatasetNotFound, DatasetUsed
from app.codabench.models import Dataset
from app.competitions.models import Participation
from app.db import now
from app.errors import Denied, TooLarge
from app.settings import settings
from app.submissions import receiving, uploads
from app.submissions.errors import UploadBroken

LIFE = timedelta(hours=24)
UNUSED = 50
"""So many unused files of one account at a time."""
SUBMISSION, BUNDLE = "submission", "competition_bundle"


def largest(kind: str) -> int:
    """The most bytes of a file of this kind."""
    return settings().bundle_bytes if kind == BUNDLE else settings().upload_bytes


def announce(session: Session, who: Principal, kind: str, name: str, length: int) -> Dataset:
    """Make an empty dataset. Raises TooLarge, Denied where the account takes part in no competition."""
    if length > largest(kind):
        raise TooLarge(f"{length} bytes were announced; the limit is {largest(kind)}.")
    _require_use(session, who, kind)
    gone = delete(Dataset).where(Dataset.expires_at < now(session)).returning(Dataset.key)
    unused = (
        select(Dataset.id)
        .where(Dataset.account_id == who.account_id, _unused())
        .order_by(Dataset.id.desc())
        .offset(UNUSED - 1)
    )
    too_many = delete(Dataset).where(Dataset.id.in_(unused)).returning(Dataset.key)
    for key in [*session.scalars(gone), *session.scalars(too_many)]:
        uploads.discard(key)
    made = Dataset(
        key=str(uuid.uuid4()),
        account_id=who.account_id,
        kind=kind,
        file_name=name,
        length=length,
        expires_at=now(session) + LIFE,
    )
    session.add(made)
    session.flush()
    return made


def _unused() -> ColumnElement[bool]:
    return Dataset.submission_id.is_(None) & (Dataset.status == "")


def _require_use(session: Session, who: Principal, kind: str) -> None:
    """Raise Denied where nothing can come of the file: it would only fill the disk."""
    if kind == BUNDLE:
        if who.role not in ("organizer", "admin"):
            raise Denied("Only accounts with the role organizer may make competitions.")
        return
    taking = select(Participation.id).where(Participation.account_id == who.account_id)
    if session.scalar(taking.where(Participation.status == "approved").limit(1)) is None:
        raise Denied("You take part in no competition yet: join one first.")


def dataset_of(session: Session, who: Principal, key: str, *, lock: bool = False) -> Dataset:
    """The dataset, for who made it. Raises DatasetNotFound."""
    row = select(Dataset).where(Dataset.key == key, Dataset.account_id == who.account_id)
    found = session.scalar(row.with_for_update() if lock else row)
    if found is None or found.expires_at < now(session):
        raise DatasetNotFound(f"There is no file {key!r} of yours.")
    return found


def writable(session: Session, who: Principal, key: str) -> Dataset:
    """The dataset, where its bytes may still come. Raises DatasetNotFound, DatasetUsed."""
    found = dataset_of(session, who, key)
    if found.submission_id is not None or found.status:
        raise DatasetUsed(f"The file {found.file_name!r} was used already.")
    return found


def keep(dataset: Dataset, upload: receiving.Upload) -> None:
    """Put the bytes in their place, all at once; those of an earlier PUT are replaced.

    Raises TooLarge, UploadBroken where they are not as many as announced, NotAnArchive and FileInvalid for a submission
    that could not be read.
    """
    if upload.size > dataset.length:
        raise TooLarge(f"The file was announced with {dataset.length} bytes; {upload.size} came.")
    if upload.size < dataset.length:
        raise UploadBroken(f"The file was announced with {dataset.length} bytes; {upload.size} came.")
    if dataset.kind == SUBMISSION:
        upload.name = dataset.file_name
        receiving.check_envelope(upload)
    folder = settings().uploads_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    upload.file.seek(0)
    descriptor, fresh = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(upload.file, file)
        Path(fresh).replace(uploads.path_of(dataset.key))
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def content(dataset: Dataset) -> BinaryIO:
    """The bytes that came, open at their start. Raises DatasetEmpty."""
    try:
        return uploads.path_of(dataset.key).open("rb")
    except FileNotFoundError:
        raise DatasetEmpty(f"Nothing has come of {dataset.file_name!r}.") from None


def forget(session: Session, account_id: int, *, unused: bool = False) -> int:
    """Forget the account's files, or only those that nothing was made of; how many that were."""
    mine = delete(Dataset).where(Dataset.account_id == account_id)
    gone = (mine.where(_unused()) if unused else mine).returning(Dataset.key)
    found = list(session.scalars(gone))
    for key in found:
        uploads.discard(key)
    return len(found)


def kept_of(session: Session, account_id: int) -> list[dict[str, Any]]:
    """What is kept of the account here, as plain values."""
    rows = session.scalars(select(Dataset).where(Dataset.account_id == account_id).order_by(Dataset.id))
    names = ("key", "kind", "file_name", "length", "created_at", "status")
    return [{name: getattr(row, name) for name in names} for row in rows]
