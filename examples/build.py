"""Writes every file of the examples that follows from another: `python -m examples.build [--check]`.

Decision: texts and answers are written by hand, once (the truth files, and the predictions of strong, middling and
invalid). What follows from them is built: the kit's list of items and samples, the baseline, the adversarial
submissions, the zips. The zips are stored, not deflated, with fixed times and modes, because compressed bytes differ
from one zlib to the next and the zips are committed. `--check` writes nothing and returns 1 when a file is missing or
not as it would be built.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from app.scoring.reading import read_references
from app.scoring.records import Reference
from bench.probes.sides import OTHER, exchanged

EXAMPLES = Path(__file__).resolve().parent
BUNDLE = EXAMPLES / "photo-pairs"
KIT = BUNDLE / "starting_kit"
SUBMISSIONS = EXAMPLES / "submissions"
PHASES = ("development", "final-test")
HAND_WRITTEN = ("strong", "middling", "invalid")
TEMPLATE = (
    "Global Overall: Image A (Left) is preferred for every pair; this sample was written without comparing the "
    "pictures and makes no claim about Image B (Right)."
)
BLIND = (
    "Face Texture: Image {winner} keeps more natural skin texture, while Image {loser} looks smoothed.\n"
    "Global Sharpness: Image {winner} is sharper and shows finer detail than Image {loser}.\n"
    "Background Noise: Image {loser} has more noise and artifacts; Image {winner} is cleaner.\n"
    "Global Realism: Image {winner} looks more natural and realistic than Image {loser}."
)


def truth(phase: str) -> list[Reference]:
    """The pairs of a phase, in the order of its truth file."""
    path = BUNDLE / "truth" / f"{phase}.jsonl"
    return read_references(path.read_bytes(), path.name)


def items() -> bytes:
    """The kit's items.csv: phase, id, category."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("phase", "id", "category"))
    table.writerows((phase, one.item_id, one.category) for phase in PHASES for one in truth(phase))
    return text.getvalue().encode()


def sample(phase: str) -> bytes:
    """Predictions that are valid and know nothing: always A, with one template for all pairs."""
    return records((one.item_id, "A", TEMPLATE) for one in truth(phase))


def adversarial() -> dict[str, bytes]:
    """Predictions by name, with every answer right and no reason that is: the most that a cheat can have."""
    pairs = truth("development")
    others = [*pairs[1:], pairs[0]]
    texts = {
        "blind-template": [BLIND.format(winner=one.answer, loser=OTHER[one.answer]) for one in pairs],
        "contradiction": [exchanged(one.explanation) for one in pairs],
        "other-pair": [
            other.explanation if other.answer == one.answer else exchanged(other.explanation)
            for one, other in zip(pairs, others, strict=True)
        ],
    }
    return {
        name: records((one.item_id, one.answer, text) for one, text in zip(pairs, told, strict=True))
        for name, told in texts.items()
    }


def records(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """JSON Lines in the plain form, of ids, answers and explanations."""
    return b"".join(
        json.dumps(dict(zip(("id", "answer", "explanation"), row, strict=True))).encode() + b"\n" for row in rows
    )


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
    made = {"baseline": sample("development"), **adversarial()}
    files |= {SUBMISSIONS / name / "predictions.jsonl": content for name, content in made.items()}
    predictions |= made
    return files | {SUBMISSIONS / f"{name}.zip": packed(content) for name, content in predictions.items()}


def main(arguments: list[str]) -> int:
    """Writes what differs, or with --check only names it."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m examples.build [--check]", file=sys.stderr)
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
