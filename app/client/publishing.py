"""Commands about trusted publishing: publisher add, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from . import show
from .exits import Problem
from .http import opened
from .options import Json
from .target import ref_of, slug_of

GITHUB = "https://token.actions.githubusercontent.com"


def publisher_add(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="The competition.", show_default=False)],
    repository: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="A repository on GitHub.", show_default=False)
    ] = "",
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME=VALUE", help="What the issuer must say; may be repeated."),
    ] = None,
    issuer: Annotated[str, typer.Option(metavar="URL", help="The CI system's issuer.")] = GITHUB,
    as_json: Json = False,
) -> None:
    """Let CI jobs submit for you without a stored secret.

    The server believes what the CI system says of a job: its repository, and perhaps more, such as
    --claim ref=refs/heads/main or --claim environment=release.
    """
    claims = {"repository": repository} if repository else {}
    for one in claim or []:
        name, sign, value = one.partition("=")
        if not sign or not name or not value:
            raise Problem("usage", f"{one!r} is not NAME=VALUE.", "Write --claim ref=refs/heads/main, for example.")
        claims[name] = value
    given = {"competition": slug_of(slug), "issuer": issuer, "claims": claims}
    with opened(signed_in=True) as client:
        made = client.post("/me/publishers", given)
    if as_json:
        show.document(made)
        return
    show.out(f"{made['ref']} may submit for you to {made['competition']}")


def publisher_list(as_json: Json = False) -> None:
    """List the CI jobs that may submit for you."""
    with opened(signed_in=True) as client:
        items = client.all("/me/publishers")
    if as_json:
        show.document({"items": items})
        return
    rows = [
        (
            one["ref"],
            one["competition"],
            one["issuer"],
            ", ".join(f"{key}={value}" for key, value in one["claims"].items()),
        )
        for one in items
    ]
    show.table(["ref", "competition", "issuer", "claims"], rows)


def publisher_remove(
    ref: Annotated[str, typer.Argument(metavar="REF", help="As in `publisher list`.", show_default=False)],
) -> None:
    """Let these jobs submit no more."""
    with opened(signed_in=True) as client:
        client.delete(f"/me/publishers/{ref_of(ref)}")
    show.talk(f"removed {ref}")
