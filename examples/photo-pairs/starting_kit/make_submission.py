"""Checks a predictions file and packs it into a zip to be submitted.

    python make_submission.py predictions.jsonl --phase development --output submission.zip

Plain Python 3.9 or newer, nothing to install. It looks for the commonest slips only; `palmares validate` knows
them all.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import zipfile
from pathlib import Path

KIT = Path(__file__).resolve().parent


def ids_of(phase: str) -> set[str]:
    """The ids that items.csv lists for the phase; empty if it knows no such phase."""
    with (KIT / "items.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"] for row in csv.DictReader(file) if row["phase"] == phase}


def slips(text: str, expected: set[str]) -> list[str]:
    """What is wrong with the predictions, one sentence each; an empty list if nothing is."""
    found: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            pair, answer, explanation = record["id"], record["answer"], record["explanation"]
        except (ValueError, KeyError, TypeError):
            found.append(f"line {number}: not a JSON object with id, answer and explanation")
            continue
        if pair not in expected:
            found.append(f"line {number}: {pair!r} is not a pair of this phase")
        if pair in seen:
            found.append(f"line {number}: {pair!r} was answered before")
        if answer not in ("A", "B"):
            found.append(f"line {number}: the answer {answer!r} is neither 'A' nor 'B'")
        if not isinstance(explanation, str):
            found.append(f"line {number}: the explanation is not a text")
        seen.add(pair)
    return found + [f"{pair} has no record" for pair in sorted(expected - seen)]


def main() -> int:
    """Packs the file named on the command line; returns 1, and packs nothing, if something is wrong with it."""
    parser = argparse.ArgumentParser(description="Checks a predictions file and packs it into a zip to be submitted.")
    parser.add_argument("predictions", type=Path, help="a .jsonl file with id, answer and explanation on each line")
    parser.add_argument("--phase", default="development", help="a phase of items.csv (default: development)")
    parser.add_argument("--output", type=Path, default=Path("submission.zip"), help="default: submission.zip")
    options = parser.parse_args()

    expected = ids_of(options.phase)
    if not expected:
        parser.error(f"items.csv knows no phase {options.phase!r}")
    try:
        text = options.predictions.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"cannot read {options.predictions}: {error}")

    found = slips(text, expected)
    if found:
        print(*found, sep="\n", file=sys.stderr)
        return 1
    with zipfile.ZipFile(options.output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictions.jsonl", text.encode("utf-8"))
    print(f"{options.output}: {len(expected)} pairs, ready to be submitted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
