"""A submission on its way: the request that cannot count twice.

Decision: every submission has an Idempotency-Key, by default the hash of phase and file, so that neither a broken line
nor a nervous CI counts twice. Big files go up in pieces; where the server takes none now, it gets the file whole, and
with its key it answers as it should: that this is a submission already, or why it is refused.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import files, uploading
from .exits import Problem
from .target import Target
from .transport import Connection, Reply


def default_key(target: Target, file: Path) -> str:
    """The idempotency key of a file in a phase: the same file sent again is the same submission."""
    return hashlib.sha256(f"{target}\n{files.sha256(file)}".encode()).hexdigest()


def send(
    client: Connection, target: Target, file: Path, message: str = "", key: str = "", *, progress: bool = False
) -> Reply:
    """Send a submission; `progress`: with a bar on a terminal. Raises Problem."""
    given = {"Idempotency-Key": key or default_key(target, file)}
    if file.stat().st_size >= uploading.BIG:
        try:
            ref = uploading.upload(client, target, file, message, given["Idempotency-Key"], progress=progress)
        except Problem as problem:
            if problem.status not in (404, 405, 429):
                raise
        else:
            return _submit(client, target, ref, given)
    return client.ask(
        "POST",
        target.path("submissions"),
        body=files.body(file, progress=progress),
        headers={**files.headers(file, message), **given},
        again=True,
    )


def _submit(client: Connection, target: Target, ref: str, headers: dict[str, str]) -> Reply:
    """Make a complete upload a submission; it is forgotten unless the same can be tried again."""
    try:
        sent = client.ask("POST", target.path("submissions"), params={"upload": ref}, headers=headers, again=True)
    except Problem as problem:
        if 400 <= problem.status < 500 and problem.status != 429:
            uploading.forget(ref)
        raise
    uploading.forget(ref)
    return sent
