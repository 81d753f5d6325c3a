"""`leaderboard`: the board of a phase, now or at a past moment, or the one over all phases."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from . import show
from .boundary import run
from .exits import Problem
from .http import opened
from .options import Json, Place
from .target import resolve, slug_of


class Format(StrEnum):
    """How a leaderboard is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Which(StrEnum):
    """A board of a phase."""

    main = "main"
    public = "public"
    late = "late"


def leaderboard(
    place: Place = ".",
    shape: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    which: Annotated[
        Which | None,
        typer.Option("--board", help="Another one: by the public items, or what came late.", show_default=False),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="As it was at this time (ISO 8601, zone).", show_default=False)
    ] = "",
    overall: Annotated[bool, typer.Option("--overall", help="The board over all phases of SLUG.")] = False,
    as_json: Json = False,
) -> None:
    """Print the leaderboard of a phase, or of all.

    Without PHASE: the open one, else the one that closed last. `tied` spans the places that cannot be told apart,
    `interval` is the rank's 95 % interval. Baselines have no rank.
    """
    run.json = as_json or shape is Format.json
    if overall:
        if which or at:
            raise Problem("usage", "--overall is the present board over all phases.", "Leave --board and --at out.")
        _overall(slug_of(place), shape)
        return
    asked = {"board": which.value if which else "", "at": at}
    with opened() as client:
        target = resolve(client, place, to_read=True)
        if shape is Format.csv and not as_json:
            show.out(client.text(target.path("leaderboard.csv"), **asked).rstrip("\r\n"))
            return
        board = client.get(target.path("leaderboard"), **asked)
    if run.json:
        show.document(board)
        return
    if board.get("frozen"):
        show.talk(f"the board stands still as of {show.moment(board['as_of'])}")
    if not board["rows"]:
        show.talk(f"{target}: no entries yet")
    _table(board)


def _table(board: dict[str, Any]) -> None:
    columns = [column for column in board["columns"] if "." not in column["key"]]  # parts: see --format csv or json
    titles = [str(column["title"]) for column in columns]
    show.table(
        ["rank", "tied", "interval", "participant", *titles, "entries", "when"],
        [
            (
                _rank(row),
                row.get("shown_rank") or "",
                "-".join(map(str, row.get("rank_ci95") or ())),
                _name(row),
                *(_cell(row["scores"].get(column["key"]), column) for column in columns),
                row["entries"],
                show.moment(row["submitted_at"]),
            )
            for row in board["rows"]
        ],
        right=["rank", "tied", "interval", *titles, "entries"],
    )


def _overall(slug: str, shape: Format) -> None:
    path = f"/competitions/{slug}/leaderboard"
    with opened() as client:
        if shape is Format.csv and not run.json:
            show.out(client.text(f"{path}.csv").rstrip("\r\n"))
            return
        board = client.get(path)
    if run.json:
        show.document(board)
        return
    slugs = [phase["slug"] for phase in board["phases"]]
    show.table(
        ["rank", "participant", board["key"], *slugs],
        [
            (_rank(row), _name(row), f"{row['value']:.4f}", *(_value(row["phases"][slug]) for slug in slugs))
            for row in board["rows"]
        ],
        right=["rank", board["key"], *slugs],
    )
    for warning in board["warnings"]:
        show.talk(f"warning: {show.line(warning['message'])}")


def _value(value: float | None) -> str:
    return "none, 0" if value is None else f"{value:.4f}"


def _rank(row: dict[str, Any]) -> object:
    return "-" if row["rank"] is None else row["rank"]


def _name(row: dict[str, Any]) -> str:
    words = [word for key, word in (("baseline", "baseline"), ("mine", "you")) if row.get(key)]
    return str(row["participant"]) + (f" ({', '.join(words)})" if words else "")


def _cell(entry: dict[str, Any] | None, column: dict[str, Any]) -> str:
    """A score as the table shows it: the interval only where it ranks, so that a row fits a terminal."""
    interval = (entry or {}).get("ci95") if column.get("primary") else None
    return show.score({**(entry or {}), "ci95": interval}, int(column.get("precision", 4)))
