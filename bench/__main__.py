"""`python -m bench [SCENARIO …]`: measure, print the tables, and write docs/performance.md where all were measured."""

import argparse
import importlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from rich.console import Console

from bench import machine
from bench.table import Result

SCENARIOS = {
    "warm": "a warm worker against a cold process per submission",
    "replay": "a challenge replayed, against a fresh process per submission",
    "door": "the validation answer while 200 submissions wait for scoring",
    "intake": "uploads by 64 clients at once, against an endpoint that only writes to disk",
    "board": "reading and keeping a board as submissions grow to 100,000",
    "pages": "what pages cost, with a board of 100 and of 10,000",
    "forward": "the share of judging spent in the model's forward pass",
    "judging": "judging 1,000 pairs against plain cosine, and the memory of 10,000",
}
PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
HEAD = """# Performance

Written by `make bench` on {date} in {took:.0f} s; never by hand. Every figure is measured
beside its rival in the same run. Read the ratios: the seconds belong to this machine, and to what else it was doing.

{machine}
"""


def page(results: list[Result], about: dict[str, str], took: float) -> str:
    """The whole of docs/performance.md."""
    lines = "\n".join(f"- {name}: {value}" for name, value in about.items())
    head = HEAD.format(date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", took=took, machine=lines)
    return "\n".join([head, *(result.markdown() for result in results)])


def main() -> int:
    """Run what was named, by default everything."""
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    listed = "; ".join(f"{name}: {what}" for name, what in SCENARIOS.items())
    parser.add_argument("scenario", nargs="*", help=f"{listed} (default: all)")
    named = parser.parse_args().scenario
    if unknown := sorted(set(named) - set(SCENARIOS)):
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    console, started = Console(width=None if sys.stdout.isatty() else 130), time.perf_counter()
    about = {**machine.describe(), "Load in the minute before": machine.load()}
    for name, value in about.items():
        console.print(f"{name}: {value}", markup=False, highlight=False)
    results = []
    for name in [name for name in SCENARIOS if name in named or not named]:
        console.print(f"\n{name}: {SCENARIOS[name]} …", markup=False)
        results.append(importlib.import_module(f"bench.{name}").run())
        results[-1].show(console)
    if named:
        print(f"{PAGE.name} is left as it is: only a run of all scenarios writes it.")
        return 0
    PAGE.write_text(page(results, about, time.perf_counter() - started))
    print(f"Written: docs/{PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
