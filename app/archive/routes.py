"""HTTP door of archives."""

from collections.abc import Iterator
from typing import IO

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app import storage
from app.accounts.guards import Organizer
from app.archive import writing

router = APIRouter(tags=["competitions"])


@router.get("/competitions/{slug}/archive", response_class=Response)
def archive(who: Organizer, slug: str, truth: bool = False, submissions: bool = False) -> Response:
    """The competition as a zip that needs no server; with every truth and all submissions only where asked for.

    For the competition's organizers; that it was fetched is written into the audit log.
    """
    file = writing.archive(who, slug, truth=truth, submissions=submissions)
    headers = {"Content-Disposition": f'attachment; filename="{slug}-archive.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(storage.CHUNK):
            yield chunk
