"""What a CI system shows of a submission: a job summary (Markdown), test results (JUnit) and findings (SARIF).

Decision: the command writes them itself, so that an action or a pipeline needs no script that reads JSON. The change is
measured against the last scored submission to the same phase, with the server's own paired test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote
from xml.etree import ElementTree as xml

import typer

from .. import __version__
from . import show
from .exits import Problem
from .http import Client

if TYPE_CHECKING:
    from .documents import Change

Found = Mapping[str, Any]

SummaryFile = Annotated[
    Path | None,
    typer.Option("--summary", metavar="FILE", help="Add a summary in Markdown to it.", show_default=False),
]
JunitFile = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit test results.", show_default=False)
]
SarifFile = Annotated[
    Path | None, typer.Option("--sarif", metavar="FILE", help="Write findings as SARIF.", show_default=False)
]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def change_of(client: Client, found: Found) -> Change | None:
    """The change of `final` to the last scored submission before it in its phase, None where there is none."""
    if found["state"] != "scored":
        return None
    place = f"{found['competition']}/{found['phase']}"
    earlier = (
        one
        for one in islice(client.submissions(place, state="scored", at_once=20), 20)
        if one["ref"] != found["ref"] and one["created_at"] < found["created_at"]
    )
    last = next(earlier, None)
    if last is None:
        return None
    try:
        compared = client.compare(found["ref"], last["ref"])
    except Problem as problem:
        if problem.code not in ("different_scoring", "not_scored"):
            raise
        return None  # another truth or plan, or judged before values per item were kept: no change to tell
    final = compared["scores"]["final"]
    return {
        "to": compared["b"],
        "difference": final["difference"],
        "ci95": final["ci95"],
        "p_value": final["p_value"],
        "significant": compared["separable"],
    }


def markdown(found: Found, change: Change | None, below: list[dict[str, Any]]) -> str:
    """The submission's result as a few lines of Markdown; text from files stands in code spans."""
    lines = [f"### {_code(found['competition'])}/{_code(found['phase'])}: {found['state']}", ""]
    scores = found.get("scores") or {}
    if scores:
        lines += ["| score | value | 95 % interval |", "| --- | ---: | --- |"]
        for key, score in scores.items():
            low, high = score.get("ci95") or (None, None)
            interval = f"{low:.4f} to {high:.4f}" if low is not None else ""
            lines.append(f"| {key} | {score['value']:.4f} | {interval} |")
        lines.append("")
    rank = found.get("rank")
    if rank and rank["rank"] is not None:
        other = "" if rank["counts"] else "; another of your submissions counts"
        lines.append(f"Rank {rank['rank']} of {rank['of']}{other}.")
    if change:
        sure = f"{'' if change['significant'] else 'not '}significant (p = {change['p_value']:.3f})"
        low, high = change["ci95"]
        by = f"{change['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
        lines.append(f"Change of `final` to {_code(change['to'])}: {by}, {sure}.")
    lines += [f"**Below the threshold:** `{one['key']}` {one['value']:.4f} < {one['threshold']:g}." for one in below]
    problem = found.get("problem")
    if problem:
        lines.append(f"{_code(problem['code'])}: {_code(problem.get('detail') or '')}")
    for one in found.get("findings") or []:
        place = f"{one.get('file') or ''}:{one['line']}" if one.get("line") else one.get("file") or ""
        lines.append(f"- {_code(one['code'])} {_code(place)} {_code(one['message'])} {_code(one['fix'])}")
    total = found.get("findings_total") or 0
    if total > len(found.get("findings") or []):
        lines.append(f"- … {total} findings in all")
    if found.get("ref"):
        address = quote(str(found.get("page") or ""), safe=":/?&=#%")
        lines += [
            "",
            f"Submission [{_code(found['ref'])}]({address})" if address else f"Submission {_code(found['ref'])}",
        ]
    return "\n".join(lines) + "\n"


def _code(text: object) -> str:
    """Text as a code span that it cannot leave."""
    return f"`{show.line(text).replace('`', chr(39))}`" if text else ""


def junit(found: Found, floors: Mapping[str, float], below: list[dict[str, Any]]) -> bytes:
    """JUnit XML: a case for the file, one for the judgement, one for each threshold."""
    suite = xml.Element("testsuite", name="palmares")
    findings = found.get("findings") or []
    _case(suite, "file is valid", [f"{one['code']}: {one['message']} {one['fix']}" for one in findings])
    state = found.get("state")
    if state not in (None, "invalid"):
        problem = found.get("problem") or {}
        reason = f"{state}: {problem.get('detail') or problem.get('code') or ''}".strip(": ")
        _case(suite, "is scored", [] if state == "scored" else [reason])
    missed = {one["key"]: one for one in below}
    for key, floor in floors.items():
        told = [f"{key} is {missed[key]['value']:.4f}"] if key in missed else []
        _case(suite, f"{key} >= {floor:g}", told if state == "scored" else ["there is no score"])
    cases = list(suite)
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(len(case) > 0 for case in cases)))
    xml.indent(suite)
    return bytes(xml.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: xml.Element, name: str, failures: list[str]) -> None:
    case = xml.SubElement(suite, "testcase", name=name, classname="palmares")
    if failures:
        text = "\n".join(map(show.plain, failures))
        xml.SubElement(case, "failure", message=show.line(failures[0])).text = text


def sarif(found: Found, file: str) -> bytes:
    """Findings and warnings as SARIF 2.1.0; places within a zip are named by their member."""
    results, total = [], found.get("findings_total") or 0
    for level, kind in (("error", "findings"), ("warning", "warnings")):
        for one in found.get(kind) or []:
            place: dict[str, Any] = {"artifactLocation": {"uri": quote(one.get("file") or file)}}
            if one.get("line"):
                place["region"] = {"startLine": one["line"]}
            results.append(
                {
                    "ruleId": one["code"],
                    "level": level,
                    "message": {"text": f"{one['message']} {one['fix']}".strip()},
                    "locations": [{"physicalLocation": place}],
                }
            )
    rules = [{"id": code} for code in sorted({str(one["ruleId"]) for one in results})]
    driver = {"name": "palmares", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "results": results, "properties": {"findings_total": total}}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1).encode() + b"\n"


def write(path: Path, content: bytes, *, add: bool = False) -> None:
    """Write a file for the CI system. Raises Problem (usage) where it cannot be written."""
    try:
        with path.open("ab" if add else "wb") as file:
            file.write(content)
    except OSError as error:
        raise Problem("usage", f"{path} cannot be written: {error.strerror}.", "Give another path.") from error
