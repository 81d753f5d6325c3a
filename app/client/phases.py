"""Commands that move a phase by hand: open, close, extend, pause, resume, freeze, publish, carry.

Decision: they say what is to be, so they send `If-Match: *` and can be repeated; only what counts from the present end
(`extend --until +2h`) names the version that it read. `now` and `+2h` are resolved by the server's clock.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from . import show
from .bundles import change_line
from .exits import Problem
from .http import Client, opened
from .options import Json
from .target import Target, split

TIMES = "ISO 8601 with a zone (2026-03-01T12:00Z), `now`, or from now: +30m, +2h, +3d, +1w."
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Phase = Annotated[str, typer.Argument(metavar="SLUG/PHASE", help="The phase.", show_default=False)]
At = Annotated[str, typer.Option("--at", metavar="TIME", help=f"When: {TIMES}")]


def target_of(text: str) -> Target:
    """The phase that is named. Raises Problem (usage) where only a competition is."""
    slug, phase = split(text)
    if not phase:
        raise Problem("phase_needed", f"{text!r} names no phase.", f"See `palmares phase list {slug}`.")
    return Target(slug, phase)


def change(client: Client, path: str, given: dict[str, Any], if_match: str = "*") -> dict[str, Any]:
    """Send a change; what comes back names what changed."""
    answer: dict[str, Any] = client.ask("PATCH", path, json=given, headers={"If-Match": if_match}, again=True).document
    return answer


def tell(found: dict[str, Any], as_json: bool) -> None:
    """Print what changed."""
    if as_json:
        show.document({**found, "competition_version": found["version"], "version": show.VERSION})
        return
    for one in found["changes"]:
        show.out(change_line(one))
    if not found["changes"]:
        show.talk("nothing changed")


def _set(place: str, as_json: bool, **given: Any) -> None:
    target = target_of(place)
    with opened(signed_in=True) as client:
        tell(change(client, target.path(), given), as_json)


def _read(client: Client, target: Target) -> tuple[dict[str, Any], str]:
    """The phase as it is, and the ETag to change it from."""
    found = client.get(f"/competitions/{target.competition}")
    for phase in found["phases"]:
        if phase["slug"] == target.phase:
            return dict(phase), f'"{found["version"]}"'
    raise Problem("phase_not_found", f"{target.competition} has no phase {target.phase!r}.", status=404)


def phase_open(
    place: Phase,
    at: At = "now",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help="When it ends; without, an end that has passed is removed.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Open a phase now, or set when it opens.

    One that has ended opens again.
    """
    target = target_of(place)
    with opened(signed_in=True) as client:
        found, etag = _read(client, target)
        given: dict[str, Any] = {"ends_at": until} if until else {}
        if at != "now" or found["status"] == "upcoming":
            given["starts_at"] = at
        if found["status"] == "closed" and not until:
            given["ends_at"] = None
        tell(change(client, target.path(), given, etag), as_json)


def phase_close(place: Phase, at: At = "now", as_json: Json = False) -> None:
    """End a phase now, or set when it ends."""
    _set(place, as_json, ends_at=at)


def phase_extend(
    place: Phase,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="TIME", help="The new end; +2h counts from the present end.", show_default=False
        ),
    ],
    as_json: Json = False,
) -> None:
    """Move the end of a phase.

    Of one that has ended, +2h counts from now.
    """
    target = target_of(place)
    with opened(signed_in=True) as client:
        found, etag = _read(client, target)
        step = re.fullmatch(r"\+([0-9]{1,4})([mhdw])", until)
        if step and found["ends_at"] is None:
            raise Problem("no_end", f"{target} has no end to count {until} from.", "Give a time: --until TIME.")
        if step and found["status"] != "closed":
            end = datetime.fromisoformat(found["ends_at"]) + timedelta(**{UNITS[step[2]]: int(step[1])})
            until = end.isoformat()
        tell(change(client, target.path(), {"ends_at": until}, etag), as_json)


def phase_pause(place: Phase, as_json: Json = False) -> None:
    """Take no new submissions.

    What was sent goes on being judged.
    """
    _set(place, as_json, paused=True)


def phase_resume(place: Phase, as_json: Json = False) -> None:
    """Take submissions again after a pause."""
    _set(place, as_json, paused=False)


def phase_freeze(place: Phase, as_json: Json = False) -> None:
    """Let the public board stand still from now on."""
    _set(place, as_json, frozen=True)


def phase_unfreeze(place: Phase, as_json: Json = False) -> None:
    """Let the public board go on."""
    _set(place, as_json, frozen=False)


def phase_publish(place: Phase, as_json: Json = False) -> None:
    """Show what was frozen, hidden or anonymous on the board; ends late submissions."""
    _set(place, as_json, published=True)


def phase_carry(place: Phase, as_json: Json = False) -> None:
    """Carry the counting submissions of the phase before into this one now.

    Who was carried already is left alone.
    """
    target = target_of(place)
    with opened(signed_in=True) as client:
        found = client.ask("POST", target.path("carry"), again=True).document
    if as_json:
        show.document({"competition": target.competition, "phase": target.phase, **found})
        return
    show.out(f"carried: {found['carried']}")
    if found["pending"]:
        show.talk(f"note: {found['pending']} are still being judged in the phase before; carry again after that")
