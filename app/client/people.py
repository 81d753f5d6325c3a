"""Commands about people, for organizers: participants list, approve, deny, ban, unban, baseline; organizers."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from . import show
from .boards import Format
from .boundary import run
from .http import opened
from .options import Json, Slug
from .target import slug_of

User = Annotated[str, typer.Argument(metavar="USER", help="The user name.", show_default=False)]
Users = Annotated[list[str], typer.Argument(metavar="USER...", help="User names.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why; the participant can read it.")]


def participants_list(
    slug: Slug,
    status: Annotated[
        str, typer.Option("--status", help="Only these: approved, pending, denied or banned.", show_default=False)
    ] = "",
    search: Annotated[str, typer.Option("--search", help="Only user names with this part.", show_default=False)] = "",
    shape: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    as_json: Json = False,
) -> None:
    """List who takes part or asks to."""
    name = slug_of(slug)
    run.json = as_json or shape is Format.json
    wanted = {key: value for key, value in (("status", status), ("search", search)) if value}
    with opened(signed_in=True) as client:
        if shape is Format.csv and not as_json:
            show.out(client.text(f"/competitions/{name}/participants.csv", **wanted).rstrip("\r\n"))
            return
        items = client.all(f"/competitions/{name}/participants", most=100_000, **wanted)
    if run.json:
        show.document({"competition": name, "items": items})
        return
    show.table(
        ["participant", "status", "baseline", "joined", "reason"],
        [
            (
                item["username"],
                item["status"],
                "yes" if item["baseline"] else "",
                show.moment(item["joined_at"]),
                item["reason"],
            )
            for item in items
        ],
    )


def approve(slug: Slug, users: Users, as_json: Json = False) -> None:
    """Let participants in."""
    _decide(slug, users, {"status": "approved"}, as_json)


def deny(slug: Slug, users: Users, reason: Reason = "", as_json: Json = False) -> None:
    """Keep participants out; what they sent before stays on the board."""
    _decide(slug, users, {"status": "denied", "reason": reason}, as_json)


def ban(slug: Slug, users: Users, reason: Reason = "", as_json: Json = False) -> None:
    """Ban participants; their entries leave the board until the ban is lifted."""
    _decide(slug, users, {"status": "banned", "reason": reason}, as_json)


def unban(slug: Slug, users: Users, as_json: Json = False) -> None:
    """Lift a ban: participants are approved again and their entries come back."""
    _decide(slug, users, {"status": "approved"}, as_json)


def baseline(
    slug: Slug,
    users: Users,
    off: Annotated[bool, typer.Option("--off", help="Take the mark away.")] = False,
    as_json: Json = False,
) -> None:
    """Mark participants as baselines, which do not compete."""
    _decide(slug, users, {"baseline": not off}, as_json)


def _decide(slug: str, users: list[str], given: dict[str, Any], as_json: bool) -> None:
    name = slug_of(slug)
    rows = []
    with opened(signed_in=True) as client:
        for user in users:
            path = f"/competitions/{name}/participants/{quote(user, safe='')}"
            row = client.ask("PATCH", path, json=given, again=True).document
            rows.append(row)
            if not as_json:
                show.out(f"{row['username']}: {row['status']}{', baseline' if row['baseline'] else ''}")
    if as_json:
        show.document({"competition": name, "items": rows})


def organizers_list(slug: Slug, as_json: Json = False) -> None:
    """List who organizes a competition."""
    with opened(signed_in=True) as client:
        items = client.get(f"/competitions/{slug_of(slug)}/organizers")["items"]
    _organizers(slug_of(slug), items, as_json)


def organizers_add(slug: Slug, user: User, as_json: Json = False) -> None:
    """Make an account a co-organizer; only the owner may."""
    with opened(signed_in=True) as client:
        items = client.ask("PUT", _organizer(slug, user), again=True).document["items"]
    _organizers(slug_of(slug), items, as_json)


def organizers_remove(slug: Slug, user: User) -> None:
    """Take a co-organizer's rights; only the owner may."""
    with opened(signed_in=True) as client:
        client.delete(_organizer(slug, user))
    show.talk(f"{user} no longer organizes {slug_of(slug)}")


def organizers_transfer(slug: Slug, user: User, as_json: Json = False) -> None:
    """Give a competition to a co-organizer.

    You stay as a co-organizer.
    """
    with opened(signed_in=True) as client:
        items = client.post(f"{_organizer(slug, user)}/transfer")["items"]
    _organizers(slug_of(slug), items, as_json)


def _organizer(slug: str, user: str) -> str:
    return f"/competitions/{slug_of(slug)}/organizers/{quote(user, safe='')}"


def _organizers(name: str, items: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show.document({"competition": name, "items": items})
        return
    show.table(["organizer", "owner"], [(item["username"], "yes" if item["owner"] else "") for item in items])
