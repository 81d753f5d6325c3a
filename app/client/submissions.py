"""Commands about submissions: submit, status, watch, submissions, cancel.

Decision: on stdout come the reference first and then the result, all else is talk; a wait's stages go to stderr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from . import exits, files, sending, show, waiting
from .boundary import run
from .competitions import limit_lines
from .exits import Problem
from .http import Client, opened
from .options import DEFAULT_WAIT, FailUnder, Json, Place, Ref, Submission, Wait
from .summary import JunitFile, SummaryFile, change_of, markdown, write
from .summary import junit as junit_xml
from .target import Target, ref_of, resolve

REPLAYED_SECONDS = 60.0
"""An older submission in the answer is the one that an earlier run has sent."""


def submit(
    place: Place,
    file: Submission,
    message: Annotated[
        str, typer.Option("--message", "-m", metavar="MSG", help="A note to yourself.", show_default=False)
    ] = "",
    wait: Wait = None,
    fail_under: FailUnder = None,
    idempotency_key: Annotated[
        str, typer.Option(metavar="KEY", help="Send again under a new key.", show_default="hash of phase and file")
    ] = "",
    no_check: Annotated[bool, typer.Option("--no-check", help="Skip the check on this machine.")] = False,
    summary: SummaryFile = None,
    junit: JunitFile = None,
    as_json: Json = False,
) -> None:
    """Send a submission.

    It is checked on this machine first. With --wait, the command waits for the score. The same file sent again to the
    same phase is the same submission, unless --idempotency-key says otherwise.
    """
    floors = thresholds(fail_under)
    if floors and wait is None:
        raise Problem("usage", "--fail-under needs a score to look at.", "Give --wait too.")
    told = Told(floors, summary, junit)
    if not no_check:
        _check_first(file, told)
    run.go_on = "Nothing counts twice: run the same command again to go on."
    with opened(signed_in=True) as client:
        target = resolve(client, place)
        sent = _upload(client, target, file, message, idempotency_key)
        run.go_on = f"The submission goes on: palmares watch {show.line(sent['ref'])}"
        _announce(client, sent, as_json)
        limits = sent.pop("limits", None)
        if wait is not None:
            sent = follow(client, sent, wait)
        _finish(client, sent, told, as_json, {"limits": limits}, waited=wait is not None)


def thresholds(given: list[str] | None) -> dict[str, float]:
    """The scores of --fail-under, `key=value`. Raises Problem (usage) for anything else."""
    found = {}
    for text in given or []:
        key, _, value = text.partition("=")
        try:
            found[key.strip()] = float(value)
        except ValueError:
            found[""] = 0.0
        if not key.strip() or "" in found or not 0 <= found[key.strip()] <= 1:
            raise Problem("usage", f"--fail-under {text!r} is not KEY=VALUE with a value of 0 to 1.", "Give final=0.8.")
    return found


@dataclass(frozen=True)
class Told:
    """What a run is measured by, and the files that a CI system reads of it."""

    floors: dict[str, float]
    summary: Path | None
    junit: Path | None

    def write(self, found: dict[str, Any], below: list[dict[str, Any]], change: dict[str, Any] | None = None) -> None:
        """Write the files that were asked for."""
        if self.summary is not None:
            write(self.summary, markdown(found, change, below).encode(), add=True)
        if self.junit is not None:
            write(self.junit, junit_xml(found, self.floors, below))


def _check_first(file: Path, told: Told) -> None:
    """Validate on this machine. Raises Problem (exit 3) with all findings."""
    checked = files.check(file)
    if not checked.valid:
        found = checked.as_dict()
        told.write({"competition": file.name, "phase": "", "state": "invalid", **found}, [])
        raise Problem(
            "file_invalid",
            f"{file.name} is not a valid submission; it was not sent.",
            "Mend the findings and send it again.",
            findings=found["findings"],
            findings_total=found["findings_total"],
        )


def _upload(client: Client, target: Target, file: Path, message: str, key: str) -> dict[str, Any]:
    reply = sending.send(client, target, file, message, key, progress=True)
    sent: dict[str, Any] = reply.document
    if _age(sent, reply.date) > REPLAYED_SECONDS:
        show.talk(f"note: this file was sent before, at {show.moment(sent['created_at'])}; this is that submission")
        show.talk("      (--idempotency-key KEY makes it a new one)")
    return sent


def _age(sent: dict[str, Any], date: str) -> float:
    """Seconds between the submission and the answer, both by the server's clock; 0 where it does not say its time."""
    try:
        return (parsedate_to_datetime(date) - datetime.fromisoformat(sent["created_at"])).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _announce(client: Client, sent: dict[str, Any], as_json: bool) -> None:
    """Say what was placed: the reference (data), what is left of the limits, and where to look."""
    if not as_json:
        show.out(sent["ref"])
    for text in limit_lines(sent["limits"]) if sent.get("limits") else []:
        show.talk(text)
    page = (sent.get("links") or {}).get("page")
    if page:
        show.talk(f"page: {client.link(page)}")


def follow(client: Client, submission: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Wait until the submission is over, saying each stage; returns its last state. Raises Problem (exit 8)."""
    said, last = "", dict(submission)
    for state in waiting.states(client, cast("Any", submission), seconds):
        last = dict(state)
        said = _said(said, last)
    return last


def _said(before: str, submission: Mapping[str, Any]) -> str:
    """Say the stage, if it is another one than before; returns what was said."""
    place = submission.get("queue")
    now = str(submission["state"])
    if place and now in ("queued", "ready"):
        now += f", place {place['position']} of {place['of']}"
    if now in (before, before.partition(",")[0]):  # the place is not told any more once a worker takes it
        return before
    show.talk(now)
    return now


def status(ref: Ref, as_json: Json = False) -> None:
    """Say where a submission stands.

    State, place in the queue, times, score, rank, findings.
    """
    with opened(signed_in=True) as client:
        found = client.submission(ref)
    if as_json:
        show.document(found)
        return
    position = found.get("queue")
    where = f", place {position['position']} of {position['of']}" if position else ""
    show.out(f"{found['ref']} {found['competition']}/{found['phase']}: {found['state']}{where}")
    for name, moment in found["stamps"].items():
        if moment:
            show.out(f"  {name.removesuffix('_at')}: {show.moment(str(moment), seconds=True)}")
    for text in result_lines(found):
        show.out(text)
    if found.get("signature"):
        show.out(f"signature: {found['signature']}")


def submissions(
    place: Annotated[
        str,
        typer.Argument(metavar="[SLUG[/PHASE]]", help="Only of this competition or phase.", show_default=False),
    ] = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="Only those in this state.", show_default=False)] = "",
    most: Annotated[int, typer.Option("--limit", metavar="N", help="At most so many, newest first.", min=1)] = 50,
    as_json: Json = False,
) -> None:
    """List your submissions, newest first."""
    with opened(signed_in=True) as client:
        items = list(islice(client.submissions(place, state=state, at_once=min(most, 100)), most))
    if as_json:
        show.document({"items": items})
        return
    show.table(
        ["submission", "phase", "sent", "state", "final", "message"],
        [
            (
                item["ref"],
                f"{item['competition']}/{item['phase']}",
                show.moment(item["created_at"]),
                item["state"],
                show.score((item.get("scores") or {}).get("final")),
                item.get("message") or "",
            )
            for item in items
        ],
        right=["final"],
    )


def cancel(ref: Ref, as_json: Json = False) -> None:
    """Cancel a submission that is not over yet."""
    with opened(signed_in=True) as client:
        found = client.cancel(ref)
    if as_json:
        show.document(found)
    else:
        show.out(f"{found['ref']}: {found['state']}")


def watch(
    ref: Ref,
    wait: Annotated[
        int, typer.Option("--wait", metavar="SECONDS", min=1, help="Wait at most this long.")
    ] = DEFAULT_WAIT,
    fail_under: FailUnder = None,
    summary: SummaryFile = None,
    junit: JunitFile = None,
    as_json: Json = False,
) -> None:
    """Wait for a submission.

    For one that was sent before; ends as `submit --wait` does.
    """
    floors = thresholds(fail_under)
    name = ref_of(ref)
    run.go_on = f"The submission goes on: palmares watch {name}"
    with opened(signed_in=True) as client:
        final = follow(client, client.submission(name), wait)
        _finish(client, final, Told(floors, summary, junit), as_json, {}, waited=True)


def _finish(
    client: Client,
    final: dict[str, Any],
    told: Told,
    as_json: bool,
    more: dict[str, Any],
    *,
    waited: bool,
) -> None:
    """Print how it ended and leave with the state's exit code, or 9 below a threshold."""
    below = _below(client, final, told.floors) if final["state"] == "scored" else []
    change = change_of(client, final) if waited and told.summary is not None else None
    told.write(final, below, change)
    if as_json:
        show.document({**final, **more, **({"below": below} if told.floors else {})})
    elif waited:
        for text in result_lines(final):
            show.out(text)
    for entry in below:
        show.talk(f"palmares: {entry['key']} is {entry['value']:.4f}, below {entry['threshold']:g}")
    if not waited:
        return
    code = exits.BELOW if below else exits.BY_STATE[final["state"]]
    if code:
        raise typer.Exit(code)


def result_lines(found: Mapping[str, Any]) -> list[str]:
    """How a submission ended, in words: scores with intervals and rank, findings, or what went wrong."""
    lines = [f"{key}: {show.score(value)}" for key, value in (found.get("scores") or {}).items()]
    rank = found.get("rank")
    if rank:
        place = "none, it is a baseline" if rank["rank"] is None else f"{rank['rank']} of {rank['of']}"
        lines.append(f"rank: {place}" + ("" if rank["counts"] else " (another entry counts)"))
    lines += mark_lines(found)
    problem = found.get("problem")
    if problem:
        lines.append(f"{problem.get('code')}: {problem.get('detail') or problem.get('title')}")
        lines += [f"  fix: {problem['fix']}"] if problem.get("fix") else []
    lines += show.findings(found)
    lines += [f"warning: {show.finding(warning)}" for warning in found.get("warnings") or []]
    return lines


def mark_lines(found: Mapping[str, Any]) -> list[str]:
    """What was said about a submission later: chosen, withdrawn, disqualified and why."""
    mark = found.get("mark") or {}
    lines = [f"{word} {show.moment(mark[f'{word}_at'])}" for word in ("chosen", "withdrawn") if mark.get(f"{word}_at")]
    if mark.get("disqualified_at"):
        lines.append(f"disqualified {show.moment(mark['disqualified_at'])}: {show.line(mark.get('reason') or '')}")
    return lines


def _below(client: Client, final: dict[str, Any], floors: dict[str, float]) -> list[dict[str, Any]]:
    """The scores that are below their thresholds. Raises Problem (usage) for a key that no report has."""
    scores: dict[str, Any] = dict(final.get("scores") or {})
    if set(floors) - set(scores):
        report = client.get(f"/submissions/{final['ref']}/report")
        scores = {key: value for key, value in report.items() if isinstance(value, dict) and "value" in value}
    below = []
    for key, threshold in floors.items():
        if key not in scores:
            raise Problem("usage", f"There is no score {key!r}.", f"Give one of {', '.join(sorted(scores))}.")
        value = float(scores[key]["value"])
        if value < threshold:
            below.append({"key": key, "value": value, "threshold": threshold})
    return below
