"""Commands that change a whole competition: set, freeze, publish, delete, restore."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from . import show
from .asking import ask
from .exits import Problem
from .http import opened
from .options import Json, Slug
from .phases import change, tell
from .target import Target, slug_of, split

TEXTS = frozenset(
    {"name", "title", "description", "terms", "contact_email", "starts_at", "ends_at", "limit_window", "publish"}
    | {"gate", "carry_from"}
)
"""Fields whose value is text, also where it looks like a number."""


def value_of(key: str, text: str) -> Any:
    """A value as it is sent: JSON where it is any, else text; `null` is nothing, `@FILE` the text of a file.

    >>> value_of("paused", "true"), value_of("name", "2026"), value_of("gate", "null")
    (True, '2026', None)
    """
    if text == "null":
        return None
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem("file_unreadable", f"{text[1:]} cannot be read: {error}", "Give a text file.") from error
    if key in TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def competition_set(
    place: Annotated[
        str, typer.Argument(metavar="SLUG[/PHASE]", help="The competition, or a phase of it.", show_default=False)
    ],
    values: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...", help="What to set; VALUE is JSON or text, @FILE, or null.", show_default=False
        ),
    ],
    as_json: Json = False,
) -> None:
    """Change settings of a competition or a phase.

    All at once or none; says what changed. The names are those of the API.
    """
    slug, phase = split(place)
    given = {}
    for one in values:
        key, equals, text = one.partition("=")
        if not (key and equals):
            raise Problem("usage", f"{one!r} is not KEY=VALUE.", "For example: max_submissions_per_day=3")
        given[key] = value_of(key, text)
    path = Target(slug, phase).path() if phase else f"/competitions/{slug}"
    with opened(signed_in=True) as client:
        tell(change(client, path, given), as_json)


def _each(slug: str, status: str, as_json: bool, **given: bool) -> None:
    """Change all phases that have this status."""
    name = slug_of(slug)
    with opened(signed_in=True) as client:
        phases = [one for one in client.get(f"/competitions/{name}")["phases"] if one["status"] == status]
        if not phases:
            raise Problem("phase_not_open", f"{name} has no {status} phase.", f"See `palmares phase list {name}`.")
        done = [change(client, Target(name, one["slug"]).path(), given) for one in phases]
    tell({**done[-1], "changes": [one for each in done for one in each["changes"]]}, as_json)


def competition_freeze(slug: Slug, as_json: Json = False) -> None:
    """Let the public boards of all open phases stand still."""
    _each(slug, "open", as_json, frozen=True)


def competition_publish(slug: Slug, as_json: Json = False) -> None:
    """Publish the boards of all phases that have ended."""
    _each(slug, "closed", as_json, published=True)


def competition_delete(
    slug: Slug,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Hide a competition from everybody at once.

    It can be restored for some days; then it is removed with all its submissions.
    """
    name = slug_of(slug)
    if not yes:
        answer = ask(f"Type {name} to delete it", f"{name} would be hidden from everybody", "Give --yes.")
        if answer != name:
            raise Problem("not_confirmed", "Nothing was deleted.")
    with opened(signed_in=True) as client:
        client.delete(f"/competitions/{name}")
    show.out(f"deleted: {name}")
    show.talk(f"to have it back: palmares competition restore {name}")


def competition_restore(slug: Slug) -> None:
    """Bring a deleted competition back, as it was."""
    name = slug_of(slug)
    with opened(signed_in=True) as client:
        client.post(f"/competitions/{name}/restore")
    show.out(f"restored: {name}")
