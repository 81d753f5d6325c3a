"""The command `audit`: who did what in a competition, for its organizers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from . import show
from .boards import Format
from .boundary import run
from .http import opened
from .options import Json, Slug
from .target import slug_of


def audit(
    slug: Slug,
    since: Annotated[
        datetime | None, typer.Option("--since", help="Only from this time (UTC) on.", show_default=False)
    ] = None,
    action: Annotated[
        str, typer.Option("--action", help="Only this action, such as participant.banned.", show_default=False)
    ] = "",
    shape: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    as_json: Json = False,
) -> None:
    """Print who did what in a competition, newest first."""
    name = slug_of(slug)
    run.json = as_json or shape is Format.json
    moment = since.replace(tzinfo=UTC).isoformat() if since else ""
    wanted = {key: value for key, value in (("since", moment), ("action", action)) if value}
    with opened(signed_in=True) as client:
        if shape is Format.csv and not as_json:
            show.out(client.text(f"/competitions/{name}/audit.csv", **wanted).rstrip("\r\n"))
            return
        items = client.all(f"/competitions/{name}/audit", most=100_000, **wanted)
    if run.json:
        show.document({"competition": name, "items": items})
        return
    show.table(
        ["when", "who", "action", "what", "before", "after"],
        [
            (
                show.moment(item["at"], seconds=True),
                item["actor"],
                item["action"],
                item["target"],
                json.dumps(item["before"]) if item["before"] else "",
                json.dumps(item["after"]) if item["after"] else "",
            )
            for item in items
        ],
    )
