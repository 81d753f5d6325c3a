"""Writes every file of the examples that follows from another: `python examples/build.py [--check]`.

Decision: texts and answers are written by hand, once (the truth files, and the predictions of strong, middling and
invalid). What follows from them is built: the kit's list of items and samples, the baseline, the zips. The zips are
stored, not deflated, with fixed times and modes, because compressed bytes differ from one zlib to the next and the zips
are committed. `--check` writes nothing and returns 1 when a file is missing or not as it would be built. Standard
library only.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
BUNDLE = EXAMPLES / "photo-pairs"
KIT = BUNDLE / "starting_kit"
SUBMISSIONS = EXAMPLES / "submissions"
PHASES = ("development", "final-test")
HAND_WRITTEN = ("strong", "middling", "invalid")
CATEGORIES = {"p": "person", "s": "scene"}
TEMPLATE = (
    "Global Overall: Image A (Left) is preferred for every pair; this sample was written without comparing the "
    "pictures and makes no claim about Image B (Right)."
)


def ids(phase: str) -> list[str]:
    """The ids of a phase, in the order of its truth file, which may be in either form (plain, or as in RAIM-PIQA)."""
    found = []
    for line in (BUNDLE / "truth" / f"{phase}.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        found.append(record.get("id") or re.sub(r"^.*/|_merged_c\d+\.jpg$", "", record["images"][0]))
    return found


def items() -> bytes:
    """The kit's items.csv: phase, id, category."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("phase", "id", "category"))
    table.writerows((phase, item, CATEGORIES[item[0]]) for phase in PHASES for item in ids(phase))
    return text.getvalue().encode()


def sample(phase: str) -> bytes:
    """Predictions that are valid and know nothing: always A, with one template for all pairs."""
    return "".join(
        json.dumps({"id": item, "answer": "A", "explanation": TEMPLATE}) + "\n" for item in ids(phase)
    ).encode()


def packed(predictions: bytes) -> bytes:
    """A zip of one predictions.jsonl whose bytes depend on nothing but `predictions`."""
    member = zipfile.ZipInfo("predictions.jsonl", (2026, 1, 15, 0, 0, 0))
    member.create_system = 3  # Unix, whatever this runs on
    member.external_attr = 0o100644 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(member, predictions)
    return buffer.getvalue()


def built() -> dict[Path, bytes]:
    """Every file that follows from another, and what it should hold."""
    files = {KIT / "items.csv": items()}
    files |= {KIT / "sample" / f"{phase}.jsonl": sample(phase) for phase in PHASES}
    predictions = {name: (SUBMISSIONS / name / "predictions.jsonl").read_bytes() for name in HAND_WRITTEN}
    predictions["baseline"] = files[SUBMISSIONS / "baseline" / "predictions.jsonl"] = sample("development")
    return files | {SUBMISSIONS / f"{name}.zip": packed(content) for name, content in predictions.items()}


def main(arguments: list[str]) -> int:
    """Writes what differs, or with --check only names it."""
    if arguments not in ([], ["--check"]):
        print("usage: python examples/build.py [--check]", file=sys.stderr)
        return 2
    differing = [(path, content) for path, content in built().items() if not _holds(path, content)]
    for path, content in differing:
        if not arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print(f"{'differs' if arguments else 'written'}: {path.relative_to(EXAMPLES)}")
    return 1 if arguments and differing else 0


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
