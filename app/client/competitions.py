"""Commands about competitions, read or entered: competitions, join, phase list, limits, leaderboard."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from . import show
from .asking import ask
from .exits import Problem
from .http import opened
from .options import Json, Place, Slug
from .target import resolve, slug_of

YOU = {"approved": "in", "pending": "waiting", "denied": "denied", "banned": "banned"}
"""A participation's status in the list of competitions."""


def competitions(as_json: Json = False) -> None:
    """List the competitions that you can see."""
    with opened() as client:
        items = list(client.competitions())
    if as_json:
        show.document({"items": items})
        return
    show.table(
        ["competition", "title", "status", "open phases", "participants", "you"],
        [
            (
                item["slug"],
                item["title"],
                item["status"],
                ", ".join(phase["slug"] for phase in item["phases"] if phase["status"] == "open"),
                item["participants"],
                YOU.get(item.get("joined") or "", ""),
            )
            for item in items
        ],
        right=["participants"],
    )


def join(
    slug: Slug,
    accept_terms: Annotated[bool, typer.Option("--accept-terms", help="Accept the terms unasked.")] = False,
    as_json: Json = False,
) -> None:
    """Enter a competition.

    Its terms are shown and have to be accepted.
    """
    name = slug_of(slug)
    with opened(signed_in=True) as client:
        found = client.competition(name)
        terms = show.plain(found.get("terms") or "").strip()
        if terms and not accept_terms and not (found.get("joined") and found.get("terms_accepted", True)):
            _ask_terms(name, terms)
        joined = client.join(name, accept_terms=True)
    if as_json:
        show.document(joined)
    elif joined["status"] == "approved":
        show.out(f"you are in: {name}")
    else:
        reason = f": {show.line(joined['reason'])}" if joined.get("reason") else "; the organizers decide"
        show.out(f"{name}: {joined['status']}{reason}")


def _ask_terms(slug: str, terms: str) -> None:
    """Show the terms and have them accepted. Raises Problem where nobody can be asked, or the answer is no."""
    if sys.stdin.isatty():
        show.talk(f"{terms}\n")
    answer = ask(
        "Do you accept these terms? [y/N]",
        f"{slug} has terms that you have to accept",
        "Read them on the competition's page, then give --accept-terms.",
    )
    if answer.lower() not in ("y", "yes"):
        raise Problem("terms_not_accepted", "The terms were not accepted; nothing was sent.")


def phase_list(slug: Slug, as_json: Json = False) -> None:
    """List phases, with times and limits."""
    name = slug_of(slug)
    with opened() as client:
        items = client.phases(name)
    if as_json:
        show.document({"competition": name, "items": items})
        return
    show.table(
        ["phase", "name", "status", "starts", "ends", "a day", "in all", "pairs"],
        [
            (
                item["slug"],
                item["name"],
                _state(item),
                show.moment(item["starts_at"]),
                show.moment(item["ends_at"]) or "never",
                _or_no_limit(item["max_submissions_per_day"]),
                _or_no_limit(item["max_submissions"]),
                item["n_items"] if item["n_items"] is not None else "",
            )
            for item in items
        ],
        right=["a day", "in all", "pairs"],
    )


def _state(phase: Mapping[str, Any]) -> str:
    """The phase's status, and what its organizers set beside it."""
    set_apart = {
        "paused": phase.get("paused"),
        "late ones taken": phase["status"] == "closed" and phase.get("accept_late") and not phase.get("published_at"),
        "frozen": phase.get("frozen_at") and not phase.get("published_at"),
        "published": phase.get("published_at"),
        f"needs {phase.get('gate')}": phase.get("gate"),
    }
    return ", ".join([str(phase["status"]), *(word for word, is_so in set_apart.items() if is_so)])


def _or_no_limit(limit: object) -> str:
    return "no limit" if limit is None else str(limit)


def limits(place: Place = ".", as_json: Json = False) -> None:
    """Say how many submissions are left.

    And when the limit resets.
    """
    with opened(signed_in=True) as client:
        target = resolve(client, place)
        found = client.get(target.path("limits"))
    if as_json:
        show.document({"competition": target.competition, "phase": target.phase, **found})
        return
    for text in limit_lines(found):
        show.out(text)
    if not found["can_submit"] and found.get("reason"):
        goes_on = show.moment(found.get("next_possible_at"))
        show.out(f"not now: {found['reason']['detail']}" + (f" (goes on {goes_on})" if goes_on else ""))


def limit_lines(found: Mapping[str, Any]) -> list[str]:
    """The limits in words: what is left of each kind, and when that changes."""
    day, total = found.get("per_day") or {}, found.get("total") or {}
    concurrent, invalid = found.get("concurrent") or {}, found.get("invalid") or {}
    rolling = day.get("window") == "rolling"
    lines = [f"as the team {show.line(found['team'])}"] if found.get("team") else []
    if day.get("limit") is not None:
        span, verb = ("last 24 hours", "one more") if rolling else ("today", "resets")
        again = f", {verb} {show.moment(day['resets_at'])}" if day.get("resets_at") else ""
        lines.append(f"{span}: {day['left']} of {day['limit']} left{again}")
    if total.get("limit") is not None:
        lines.append(f"in all: {total['left']} of {total['limit']} left")
    if concurrent.get("limit") is not None:
        lines.append(f"at a time: {concurrent['left']} of {concurrent['limit']} left")
    if invalid.get("used"):
        lines.append(f"invalid: {invalid['left']} of {invalid['limit']} left")
    return lines or ["no limit"]
