"""Commands that decide whether a submission counts: choose, withdraw, disqualify, reinstate."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from . import show
from .asking import ask
from .exits import Problem
from .http import opened
from .options import Json, Ref
from .submissions import mark_lines
from .target import ref_of


def _mark(ref: str, act: str, as_json: bool, given: dict[str, Any] | None = None) -> None:
    name = ref_of(ref)
    with opened(signed_in=True) as client:
        found = client.post(f"/submissions/{name}/{act}", given or {})
    if as_json:
        show.document(found)
        return
    show.out(f"{name}: " + ("; ".join(mark_lines(found)) or "no mark"))


def choose(
    ref: Ref,
    undo: Annotated[bool, typer.Option("--undo", help="Take the choice back.")] = False,
    as_json: Json = False,
) -> None:
    """Choose what is to count.

    In phases whose rule is `choice`, until their end. The best of the chosen ones counts; if none is, the best of all.
    """
    _mark(ref, "unchoose" if undo else "choose", as_json)


def withdraw(
    ref: Ref,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Let your submission not count, for good.

    Possible until the phase is published. It stays used of the limits.
    """
    if not yes:
        answer = ask(f"Withdraw {ref} for good? [y/N]", f"{ref} would never count", "Give --yes.")
        if answer.lower() not in ("y", "yes"):
            raise Problem("not_confirmed", "Nothing was withdrawn.")
    _mark(ref, "withdraw", as_json)


def disqualify(
    ref: Ref,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; its sender reads it.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Let a submission not count, for organizers."""
    _mark(ref, "disqualify", as_json, {"reason": reason})


def reinstate(ref: Ref, as_json: Json = False) -> None:
    """Take a disqualification back, for organizers."""
    _mark(ref, "reinstate", as_json)
