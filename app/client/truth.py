"""`truth claims export` and `import`: look through what the parser reads in the references, and correct it.

Decision: a CSV with a line per claim, because organizers have spreadsheets. The truth file itself is never changed;
`import` writes a new one, whose `directions` count instead of the parser's reading. Both work offline.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import show
from .checking import read_truth
from .exits import Problem
from .options import Json

if TYPE_CHECKING:
    from ..scoring.records import Reference

COLUMNS = ("item_id", "claim", "direction", "answer", "argues_against", "text")
_NAMES = {"imga": "A", "imgb": "B", "imgab": "both"}
_SIDES = re.compile(r"\bimg(?:ab|a|b)\b")
FORMULA = ("=", "+", "-", "@", "\t")

TruthFile = Annotated[
    Path, typer.Argument(metavar="TRUTH", help="The ground truth.", exists=True, dir_okay=False, show_default=False)
]


def claims_export(truth: TruthFile, as_json: Json = False) -> None:
    """Print every claim of the references with its direction, as CSV.

    The direction (A, B, tie, mixed) is the parser's reading, or the one that the truth already holds. References that
    argue against their own answer are named on stderr.
    """
    rows = claim_rows(read_truth(truth))
    if as_json:
        show.document({"version": 1, "claims": rows})
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "text": _cell(row["text"])} for row in rows)
        typer.echo(text.getvalue(), nl=False)
    against = sorted({row["item_id"] for row in rows if row["argues_against"]})
    if against:
        show.talk(f"{len(against)} references argue against their own answer: {', '.join(against)}")


def claims_import(
    truth: TruthFile,
    claims: Annotated[
        Path, typer.Argument(metavar="CLAIMS.csv", help="The corrected claims.", exists=True, dir_okay=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The truth to write.", dir_okay=False, writable=True)
    ],
) -> None:
    """Write a truth file that holds the corrected directions of the claims.

    Scored by it, the references' claims count as corrected and no longer as the parser reads them.
    """
    from ..scoring.reading import write_references

    references = read_truth(truth)
    given = _directions(claims)
    if unknown := sorted(set(given) - {one.item_id for one in references}):
        raise Problem("usage", f"The truth has no item {unknown[0]!r}.", "Export the claims of this truth again.")
    changed = [dataclasses.replace(one, directions=given.get(one.item_id, one.directions)) for one in references]
    _check_counts(changed)
    output.write_bytes(write_references(changed))
    show.talk(f"{len(given)} of {len(references)} references written with directions to {output}")


def claim_rows(references: list[Reference]) -> list[dict[str, Any]]:
    """A row for each claim: item, number from 1, direction, the item's answer, whether the text argues against it."""
    from ..scoring.claims.directions import argues_against, corrected, direction
    from ..scoring.claims.matching import read
    from ..scoring.claims.parsing import claims_of

    rows = []
    for one in references:
        reading = corrected(read(one.explanation), one.directions)
        against = argues_against(reading, one.answer)
        for number, group in enumerate(claims_of(one.explanation)):
            told = one.directions[number] if one.directions else direction(reading, number)
            rows.append(
                {
                    "item_id": one.item_id,
                    "claim": number + 1,
                    "direction": told,
                    "answer": one.answer,
                    "argues_against": against,
                    "text": _SIDES.sub(lambda side: _NAMES[side[0]], " ".join(clause.text for clause in group)),
                }
            )
    return rows


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _directions(path: Path) -> dict[str, tuple[str, ...]]:
    """Directions by item, in the order of the claims. Raises Problem (usage) with the line that is wrong."""
    from ..scoring.claims.parsing import DIRECTIONS

    found: dict[str, dict[int, str]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS[:3] if name not in (reader.fieldnames or [])]:
            raise Problem("usage", f"{path.name} has no column {missing[0]!r}.", "Start from `truth claims export`.")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            direction = _DIRECTION.get((row["direction"] or "").strip().lower())
            if direction is None:
                raise Problem(
                    "usage", f"{where}: {row['direction']!r} is no direction.", f"Use {', '.join(DIRECTIONS)}."
                )
            try:
                number = int(row["claim"])
            except (TypeError, ValueError):
                raise Problem(
                    "usage", f"{where}: {row['claim']!r} is no number of a claim.", "Keep the column."
                ) from None
            found.setdefault(row["item_id"] or "", {})[number] = direction
    return {item: tuple(told[n] for n in sorted(told)) for item, told in found.items()}


_DIRECTION = {"a": "A", "b": "B", "tie": "tie", "mixed": "mixed"}


def _check_counts(references: list[Reference]) -> None:
    from ..scoring.claims.parsing import claims_of

    for one in references:
        claims = len(claims_of(one.explanation))
        if one.directions and len(one.directions) != claims:
            raise Problem(
                "usage",
                f"{one.item_id!r} has {claims} claims, but {len(one.directions)} directions are given.",
                "Keep a line for each claim, as exported.",
            )
