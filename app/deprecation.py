"""Routes that are to go: said in the OpenAPI document and in every answer of theirs, refusals included.

`@router.get("/old", **leaving(since, until, instead="/new"))` sets `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and a
`Link` to what takes its place.
"""

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import Depends, Request


def leaving(since: datetime, until: datetime, *, instead: str = "") -> dict[str, Any]:
    """What a route's decorator takes: deprecated since (UTC), gone after, and the path that takes its place."""
    headers = {"Deprecation": f"@{int(since.timestamp())}", "Sunset": format_datetime(until, usegmt=True)}
    if instead:
        headers["Link"] = f'<{instead}>; rel="successor-version"'

    def announce(request: Request) -> None:
        request.scope.setdefault("state", {}).setdefault("headers", {}).update(headers)

    return {"deprecated": True, "dependencies": [Depends(announce)]}
