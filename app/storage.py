"""Bytes by content hash: a local folder or S3, one key per SHA-256.

Decision: `obstore`, because create-only puts are atomic on both. A blob is immutable and addressed by what it holds,
so storing twice is storing once, and a row can never point at changed bytes. Cost: deletion needs a sweep.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from app.errors import Unavailable
from app.settings import settings

CHUNK = 1024 * 1024


class StorageFailed(Unavailable):
    """The object store could not be read or written; nothing was changed."""

    code = "storage_unavailable"
    title = "The file store is not available right now"


@lru_cache
def store() -> obstore.store.ObjectStore:
    """The process's object store, by `PALMARES_STORAGE_URL`."""
    url = settings().object_store_url
    if url.startswith("file://"):
        return LocalStore(prefix=Path(unquote(urlsplit(url).path)), mkdir=True)
    return from_url(url)


def key_of(sha256: str) -> str:
    """Where the blob of this hash lies: two levels of folders keep directories small."""
    return f"blobs/{sha256[:2]}/{sha256}"


def put(source: BinaryIO | bytes, sha256: str | None = None) -> str:
    """Store the bytes from the source's start and return their SHA-256 (hex). Storing again is a no-op.

    Raises StorageFailed. A hash given by the caller must be of these very bytes (it saves reading them twice).
    """
    if sha256 is None:
        sha256 = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else _hash_of(source)
    if not isinstance(source, bytes):
        source.seek(0)
    try:
        with suppress(AlreadyExistsError):
            obstore.put(store(), key_of(sha256), source, mode="create")
        _sync(sha256)
    except (BaseError, OSError) as error:
        raise StorageFailed(f"The file could not be stored ({type(error).__name__}).") from error
    return sha256


def get(sha256: str) -> bytes:
    """The blob's bytes, checked against its name. Raises StorageFailed where it is missing, unreadable or changed."""
    try:
        content = bytes(obstore.get(store(), key_of(sha256)).bytes())
    except (BaseError, OSError) as error:
        raise StorageFailed(f"Blob {sha256[:12]} could not be read ({type(error).__name__}).") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StorageFailed(f"Blob {sha256[:12]} does not hold what its name says.")
    return content


def stream(sha256: str) -> Iterator[bytes]:
    """The blob in chunks, for downloads. Raises StorageFailed before the first chunk where it is missing."""
    try:
        found = obstore.get(store(), key_of(sha256))
    except (BaseError, OSError) as error:
        raise StorageFailed(f"Blob {sha256[:12]} could not be read ({type(error).__name__}).") from error
    return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))


def free() -> int | None:
    """Bytes that are free where blobs lie, None where that is no folder of this machine."""
    folder = store()
    if not isinstance(folder, LocalStore) or folder.prefix is None:
        return None
    return shutil.disk_usage(str(folder.prefix)).free


def check() -> None:
    """Raise StorageFailed unless a small blob can be written and read back."""
    get(put(b"palmares"))


def _hash_of(source: BinaryIO) -> str:
    source.seek(0)
    return hashlib.file_digest(source, "sha256").hexdigest()


def _sync(sha256: str) -> None:
    """Make a local blob durable before a row points at it: obstore renames into place but does not fsync."""
    folder = store()
    if not isinstance(folder, LocalStore) or folder.prefix is None:
        return
    path = Path(str(folder.prefix)) / key_of(sha256)
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
