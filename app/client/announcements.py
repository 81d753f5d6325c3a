"""Commands about announcements: announcement list, post, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from . import show
from .http import opened
from .options import Json, Slug
from .target import ref_of, slug_of


def announcement_list(slug: Slug, as_json: Json = False) -> None:
    """Print what the organizers announced, newest first."""
    name = slug_of(slug)
    with opened() as client:
        items = client.all(f"/competitions/{name}/announcements")
    if as_json:
        show.document({"competition": name, "items": items})
        return
    if not items:
        show.talk(f"{name}: no announcements")
    for item in items:
        edited = f", edited {show.moment(item['edited_at'])}" if item["edited_at"] else ""
        show.out(f"{item['ref']}  {show.moment(item['created_at'])}  {item['author']}{edited}")
        show.out(f"{show.line(item['title'])}\n\n{item['body'].strip()}\n")


def announcement_post(
    slug: Slug,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="One line.", show_default=False)],
    file: Annotated[
        typer.FileText,
        typer.Argument(metavar="FILE", help="The text, Markdown; - reads standard input.", show_default=False),
    ],
    mail: Annotated[bool, typer.Option("--mail", help="Mail it to the approved participants too.")] = False,
    as_json: Json = False,
) -> None:
    """Announce something, for organizers.

    It stands on the competition's page at once. Participants who do not want announcements get no mail.
    """
    name = slug_of(slug)
    with opened(signed_in=True) as client:
        given = {"title": title, "body": file.read(), "mail": mail}
        made = client.post(f"/competitions/{name}/announcements", given)
    if as_json:
        show.document(made)
        return
    if mail:
        show.talk(f"mailed to {made['mails']}")
    show.out(made["ref"])


def announcement_delete(
    slug: Slug,
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="The announcement, as in `announcement list`.", show_default=False)
    ],
) -> None:
    """Take an announcement back, with the mails of it that wait."""
    name = slug_of(slug)
    with opened(signed_in=True) as client:
        client.delete(f"/competitions/{name}/announcements/{ref_of(ref)}")
    show.talk(f"deleted {ref}")
