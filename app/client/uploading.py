"""Big files go up in pieces, by tus 1.0 (tus.io), and go on where they stopped: after a break, and in another run.

Decision: a piece is a request of its own, so that what came before a break also counts behind a proxy that hands a
request on only once it has all of it. Where an upload is, is kept beside the configuration, by server, key and content.
"""

from __future__ import annotations

import base64
import json
import logging
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

from . import config, files
from .exits import Problem
from .target import Target
from .transport import AWAY, PAUSES, Connection

BIG = 8 * 1024 * 1024
"""Smaller files are sent in one piece, bytes."""
PIECE = 8 * 1024 * 1024

log = logging.getLogger("palmares.client")


def upload(client: Connection, target: Target, file: Path, message: str, key: str, *, progress: bool) -> str:
    """Bring the file to the server, or the rest of it; returns the upload's reference.

    `key` is the submission's idempotency key. Raises Problem.
    """
    sha256 = files.sha256(file)
    name = f"{client.server.url} {target} {key} {sha256}"
    place = _kept().get(name, "")
    offset = _offset(client, place) if place else None
    if offset is None:
        told = {"competition": target.competition, "phase": target.phase, "filename": file.name}
        place = _announce(client, file, {**told, "sha256": sha256, "message": message})
        offset = 0
        _keep(name, place)
    elif offset:
        log.info("going on at byte %d of %d", offset, file.stat().st_size)
    _send(client, place, file, offset, progress)
    return place.rpartition("/")[2]


def forget(ref: str) -> None:
    """Forget where an upload was, once it is a submission."""
    _write({name: place for name, place in _kept().items() if place.rpartition("/")[2] != ref})


def _announce(client: Connection, file: Path, told: dict[str, str]) -> str:
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items() if value)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(file.stat().st_size), "Upload-Metadata": metadata}
    return str(client.call("POST", "/uploads", headers=headers).headers["location"])


def _offset(client: Connection, place: str) -> int | None:
    """How much has come, None where the upload is gone."""
    try:
        answer = client.call("HEAD", place, headers={"Tus-Resumable": "1.0.0"}, again=True)
    except Problem as problem:
        if problem.status in (403, 404, 410):
            return None
        raise
    return int(answer.headers["upload-offset"])


def _send(client: Connection, place: str, file: Path, offset: int, progress: bool) -> None:
    """Send what is missing, piece by piece; after a break, from where the server stands."""
    size, tries = file.stat().st_size, 0
    with files.bar(file, progress=progress) as tell:
        tell(offset)
        while offset < size:
            try:
                reached = _piece(client, place, file, offset, min(offset + PIECE, size))
            except Problem as problem:
                broken = problem.code == "unreachable" or problem.status in AWAY or problem.status == 409
                if not broken or tries == len(PAUSES):
                    raise
                log.warning("the upload broke off (%s); going on in %g s", problem.detail, PAUSES[tries])
                sleep(PAUSES[tries])
                tries += 1
                known = _offset(client, place)
                if known is None:
                    raise
                reached = known
            if reached > offset:
                tries = 0
            tell(reached - offset)
            offset = reached


def _piece(client: Connection, place: str, file: Path, offset: int, end: int) -> int:
    headers = {
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(end - offset),
        "Upload-Offset": str(offset),
    }
    answer = client.call("PATCH", place, body=lambda: files.chunks(file, offset, end), headers=headers)
    return int(answer.headers["upload-offset"])


def _memory() -> Path:
    return config.path().with_name("uploads.json")


def _kept() -> dict[str, str]:
    """Where unfinished uploads are; a broken memory only costs an upload from the beginning."""
    try:
        found: Any = json.loads(_memory().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(place) for name, place in found.items()} if isinstance(found, dict) else {}


def _keep(name: str, place: str) -> None:
    _write({**_kept(), name: place})


def _write(kept: dict[str, str]) -> None:
    with suppress(OSError):  # a read-only home only costs going on in another run
        config.write(kept, _memory())
