"""Are the tests able to fail? `python -m tests.faults.guards` takes one guard away in a copy of the tree at a time and
runs the tests that must notice. A mutation that no test notices fails the run.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.conftest import ROOT


@dataclass(frozen=True, slots=True)
class Guard:
    """What is taken away: `old` becomes `new` in `file`; one of `tests` must fail then."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


EVALUATION, ZIP = "app/submissions/evaluation.py", "app/scoring/zip_structure.py"
GUARDS = (
    Guard(
        "claim takes what is running too",
        EVALUATION,
        "and_(Evaluation.state == step.running, Evaluation.lease_until < moment)",
        "Evaluation.state == step.running",
        ("tests/submissions/test_evaluation.py",),
    ),
    Guard(
        "finish without the fence",
        EVALUATION,
        "Evaluation.state == STEPS[stage].running, Evaluation.attempt == attempt)",
        "Evaluation.state == STEPS[stage].running)",
        ("tests/submissions/test_evaluation.py",),
    ),
    Guard(
        "the sweeper gives nothing back",
        EVALUATION,
        "        if not ids:\n            continue",
        "        continue",
        ("tests/submissions/test_evaluation.py",),
    ),
    Guard(
        "no end of tries",
        EVALUATION,
        "failed = still.where(Evaluation.tries >= settings().attempts)",
        "failed = still.where(Evaluation.tries >= 10**6)",
        ("tests/submissions/test_evaluation.py",),
    ),
    Guard(
        "limits without the lock of the participation",
        "app/submissions/service.py",
        "competitions.entry(session, who, slug, phase_slug, lock=True)",
        "competitions.entry(session, who, slug, phase_slug)",
        ("tests/submissions/test_limits.py",),
    ),
    Guard(
        "a key is not looked up",
        "app/submissions/service.py",
        "    if known is not None:\n        return known, False\n    gates",
        "    gates",
        ("tests/submissions/test_routes.py",),
    ),
    Guard(
        "entries of an archive may overlap",
        ZIP,
        'raise Invalid.because("overlapping_entries", file=entry.name)',
        "pass",
        ("tests/scoring/test_zip_structure.py", "tests/scoring/test_archive.py"),
    ),
    Guard(
        "bytes between members are let pass",
        ZIP,
        "    if following not in ends:\n",
        "    if not ends:\n",
        ("tests/hostile/test_corpus.py",),
    ),
    Guard(
        "what is inflated is not counted",
        "app/scoring/archive.py",
        "        if count > entry.unpacked:\n",
        "        if count < 0:\n",
        ("tests/hostile/test_corpus.py",),
    ),
)


EVERYTHING = tuple(dict.fromkeys(test for guard in GUARDS for test in guard.tests))


def noticed(guard: Guard) -> bool:
    """Whether the tests fail with this change. Raises SystemExit where the change cannot be made."""
    with tempfile.TemporaryDirectory(prefix="plm-g") as folder:
        tree = Path(folder) / "palmares"
        shutil.copytree(
            ROOT, tree, ignore=shutil.ignore_patterns(".venv", ".git", ".palmares", "__pycache__", ".*_cache")
        )
        target = tree / guard.file
        source = target.read_text()
        if guard.old not in source:
            raise SystemExit(
                f"{guard.name}: {guard.file} does not have the guard any more; mend tests/faults/guards.py."
            )
        target.write_text(source.replace(guard.old, guard.new))
        words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *guard.tests]
        return subprocess.run(words, cwd=tree, capture_output=True).returncode == 1


def main() -> int:
    """Try each guard and print the table."""
    table = Table(title="Guards taken away, one at a time", title_justify="left")
    for column in ("guard", "file", "noticed"):
        table.add_column(column)
    if noticed(Guard("nothing", EVALUATION, "claim", "claim", EVERYTHING)):
        raise SystemExit("The tests fail with every guard in its place; nothing can be said.")
    asleep = 0
    for guard in GUARDS:
        seen = noticed(guard)
        asleep += not seen
        table.add_row(guard.name, guard.file, "yes" if seen else "NO")
    Console(width=120).print(table)
    return 1 if asleep else 0


if __name__ == "__main__":
    sys.exit(main())
