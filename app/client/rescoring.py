"""`rescore` and `truth put|list`: judge a phase anew beside its standing scores, see who moves, then switch or not.

Decision: `--preview` begins a re-scoring or goes on with the open one, so that after a lost connection the same command
is the right one. Nothing is waited for on the server: Ctrl-C ends the watching, not the re-scoring.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Annotated, Any

import typer

from . import files, show
from .checking import read_plan
from .exits import Problem
from .http import Client, opened
from .options import Json, Place
from .phases import target_of
from .target import Target, resolve

PAUSE = 2.0
TruthPath = Annotated[
    Path, typer.Argument(metavar="FILE", help="The ground truth.", exists=True, dir_okay=False, show_default=False)
]
PhasePlace = Annotated[str, typer.Argument(metavar="SLUG/PHASE", help="The phase.", show_default=False)]


def rescore(
    place: Place,
    preview: Annotated[bool, typer.Option("--preview", help="Begin one, or go on with the open one.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Switch the phase to the new scores.")] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="End it and remove what it made.")] = False,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="A new truth.", exists=True, dir_okay=False)
    ] = None,
    truth_version: Annotated[int | None, typer.Option("--truth-version", min=1, help="A version given before.")] = None,
    plan: Annotated[str, typer.Option("--plan", metavar="PLAN", help="A new plan: a name, or a YAML file.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for participants to read.")] = "",
    board: Annotated[str, typer.Option("--board", help="Whose moves: main, public or late.")] = "main",
    skip_failed: Annotated[
        bool, typer.Option("--skip-failed", help="With --apply: what failed keeps its standing score.")
    ] = False,
    wait: Annotated[int, typer.Option("--wait", metavar="SECONDS", min=0, help="Watch it at most this long.")] = 3600,
    as_json: Json = False,
) -> None:
    """Judge a phase anew, for organizers.

    By a new truth, a new plan, or the scorer as it is now. --preview scores all submissions beside the standing scores,
    which nobody sees, and shows who would move. --apply switches the whole board at once; --cancel leaves no trace.
    Without one of them: how far it is.
    """
    if preview + apply + cancel > 1:
        raise Problem("usage", "--preview, --apply and --cancel exclude one another.", "Give one of them.")
    with opened(signed_in=True) as client:
        target = resolve(client, place, to_read=True)
        if preview:
            found = _open(client, target) or _begin(client, target, truth, truth_version, plan, reason)
            found = _watch(client, found, wait)
        else:
            found = _newest(client, target)
        if apply or cancel:
            act, query = ("cancel", {}) if cancel else ("apply", {"skip_failed": "true" if skip_failed else ""})
            found = client.ask("POST", f"/rescores/{found['ref']}/{act}", params=query).document
        gone = found["state"] == "cancelled"
        moves = None if gone else client.get(f"/rescores/{found['ref']}/moves", board=board)
    if as_json:
        show.document({**found, "moves": moves})
        return
    show.talk(_line(found))
    if moves is not None:
        _show_moves(moves)
    if found["state"] == "open" and not found["remaining"]:
        show.talk(f"apply it: palmares rescore {target} --apply; or leave no trace: --cancel")


def _open(client: Client, target: Target) -> dict[str, Any] | None:
    """The open re-scoring, None where there is none."""
    found = client.get(target.path("rescores"))["items"]
    return next((one for one in found if one["state"] == "open"), None)


def _newest(client: Client, target: Target) -> dict[str, Any]:
    """The open re-scoring, or the last one. Raises Problem (exit 4) where there was none."""
    found: list[dict[str, Any]] = client.get(target.path("rescores"))["items"]
    if not found:
        raise Problem(
            "rescore_not_found", f"{target} was never judged anew.", f"Begin: `palmares rescore {target} --preview`."
        )
    return found[0]


def _begin(
    client: Client, target: Target, truth: Path | None, version: int | None, plan: str, reason: str
) -> dict[str, Any]:
    given: dict[str, Any] = {"reason": reason}
    if truth is not None:
        version = _put(client, target, truth)["version"]
    if version is not None:
        given["truth_version"] = version
    if plan:
        given["plan"] = read_plan(plan).model_dump(mode="json")
    begun: dict[str, Any] = client.post(target.path("rescores"), given)
    show.talk(f"{begun['ref']}: begun")
    return begun


def _watch(client: Client, found: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Follow it until all are judged, with a bar on a terminal; returns its last state, also where time is up."""
    end = time.monotonic() + seconds
    with _bar(found["total"]) as show_done:
        while True:
            show_done(found["done"])
            left = end - time.monotonic()
            if not found["remaining"] or found["state"] != "open" or left <= 0:
                return found
            sleep(min(PAUSE, left))
            found = client.get(f"/rescores/{found['ref']}")


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    """Something to tell the number of judged ones: a bar on a terminal, nothing elsewhere."""
    if not show.interactive():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=total)
        yield lambda done: bar.update(task, completed=done)


def _line(found: dict[str, Any]) -> str:
    failed = f", {found['failed']} failed" if found["failed"] else ""
    ends = f", done about {show.moment(found['ends_at'])}" if found["ends_at"] else ""
    why = f": {found['reason']}" if found["reason"] else ""
    return f"{found['ref']}: {found['state']}, {found['done']} of {found['total']} judged{failed}{ends}{why}"


def _show_moves(moves: dict[str, Any]) -> None:
    show.talk(f"{moves['changed']} of {moves['entries']} entries change, {moves['moved']} move")
    if moves["moves"]:
        rows = [
            [one["participant"], _rank(one["old"]), _rank(one["new"]), _value(one["old"]), _value(one["new"]),
             "" if one["change"] is None else f"{one['change']:+.4f}", one["items_changed"]]
            for one in moves["moves"]
        ]  # fmt: skip
        columns = ["participant", "rank", "new rank", moves["key"], "new", "change", "items"]
        show.table(columns, rows, right=columns[1:])
    for one in moves["items"]:
        show.talk(f"{one['item_id']}: {one['entries']} entries, {one['mean_change']:+.4f} on their mean")


def _rank(end: dict[str, Any] | None) -> str:
    return "–" if end is None or end["rank"] is None else str(end["rank"])


def _value(end: dict[str, Any] | None) -> str:
    return "–" if end is None or end["value"] is None else f"{end['value']:.4f}"


def _put(client: Client, target: Target, file: Path) -> dict[str, Any]:
    told: dict[str, Any] = client.ask(
        "PUT", target.path("truth"), body=files.body(file), headers=files.headers(file), again=True
    ).document
    if told["argues_against"]:
        against = ", ".join(told["argues_against"])
        show.talk(f"{len(told['argues_against'])} references argue against their own answer: {against}")
    return told


def truth_put(place: PhasePlace, file: TruthPath, as_json: Json = False) -> None:
    """Give a phase a new ground truth, for organizers.

    Where there are submissions it counts only after a re-scoring, and must have the same items.
    """
    with opened(signed_in=True) as client:
        target = target_of(place)
        told = _put(client, target, file)
    if as_json:
        show.document(told | {"truth_version": told["version"], "version": show.VERSION})
        return
    show.out(f"{target}: truth {told['version']}, {told['n_items']} items" + ("" if told["current"] else ", not used"))
    if not told["current"]:
        show.talk(f"judge by it: palmares rescore {target} --preview --truth-version {told['version']}")


def truth_list(place: PhasePlace, as_json: Json = False) -> None:
    """List the versions of a phase's ground truth, for organizers."""
    with opened(signed_in=True) as client:
        found = client.get(target_of(place).path("truth"))
    if as_json:
        show.document({"items": found["items"]})
        return
    rows = [
        [
            one["version"],
            one["n_items"],
            "yes" if one["current"] else "",
            show.moment(one["created_at"]),
            one["sha256"][:12],
        ]
        for one in found["items"]
    ]
    show.table(["version", "items", "used", "given", "sha256"], rows, right=["version", "items"])
