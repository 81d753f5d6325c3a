"""Files on their way to the server: the local check, the hash, and the upload with its progress bar.

Decision: a file goes up as the raw body, not as a form, so that nothing has to be copied or parsed ahead of the
server's decision who may send; it is opened anew for each try.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import show
from .transport import Body

if TYPE_CHECKING:
    from ..scoring.validating import Validation

CHUNK = 256 * 1024
QUIET_BYTES = 1024 * 1024
"""Smaller files are up before a progress bar could be read."""


def check(file: Path, item_ids: list[str] | None = None) -> Validation:
    """Validate a submission on this machine; without `item_ids`, unknown and missing pairs cannot be told."""
    from ..scoring.validating import validate

    with file.open("rb") as stream:
        return validate(stream, file.name, item_ids)


def sha256(file: Path) -> str:
    """The file's SHA-256, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def headers(file: Path, message: str = "") -> dict[str, str]:
    """What the server needs to know about a raw body: its type, length, name and message (percent-encoded UTF-8)."""
    with file.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    known = {
        "Content-Type": "application/zip" if zipped else "application/octet-stream",
        "Content-Length": str(file.stat().st_size),
        "X-Filename": quote(file.name, safe=" ()[]+,=@"),
    }
    return {**known, "X-Message": quote(message)} if message else known


def body(file: Path, *, progress: bool = True) -> Body:
    """The file's bytes, from the beginning at each call; with a progress bar on a terminal if it is not small."""
    if progress and show.interactive() and file.stat().st_size > QUIET_BYTES:
        return lambda: _with_bar(file)
    return lambda: _chunks(file)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _with_bar(file: Path) -> Iterator[bytes]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress("upload", *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("upload", total=file.stat().st_size)
        for chunk in _chunks(file):
            yield chunk
            bar.advance(task, len(chunk))
