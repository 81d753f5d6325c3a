"""(a) One submission in a worker that holds the model, against a fresh process with plain library calls.

Both sides take turns, so that whatever else the machine does hits both. Ours draws 2000 bootstrap samples and
gives the explanation score as well; the rival gives means only: the work is not made equal, the result is.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.scoring.judging import judge
from app.scoring.reading import write_answers, write_references
from bench.material import embedder, forget, material, rehearse
from bench.table import Result, ratio, seconds

ROUNDS, ENOUGH_SECONDS = 3, 50  # no further turn after so long, on a slow or busy machine
PLAIN = Path(__file__).with_name("plain.py")
TOLERANCE = 1e-3
Cost = tuple[float, float]  # wall and CPU seconds


def ours() -> dict[str, Any]:
    """What a worker computes for a submission."""
    given = material()
    return judge(given.references, given.answers, given.plan, embedder()).as_dict()


def plain(truth: Path, predictions: Path) -> dict[str, Any]:
    """The rival's answer, from a process of its own."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(PLAIN), str(truth), str(predictions)]
    told = subprocess.run(command, capture_output=True, text=True, env=environ, check=True, timeout=120)
    return dict(json.loads(told.stdout.splitlines()[-1]))


def used() -> float:
    """CPU seconds of this process and of the children it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def timed(call: Callable[[], Any]) -> tuple[Cost, Any]:
    """The call's cost and its value."""
    wall, cpu = time.perf_counter(), used()
    value = call()
    return (time.perf_counter() - wall, used() - cpu), value


def run() -> Result:
    """Measure in turns and compare the medians."""
    costs: dict[str, list[Cost]] = {"fresh": [], "usual": [], "again": [], "plain": []}
    parts: list[dict[str, float]] = []
    rehearse()
    with tempfile.TemporaryDirectory(prefix="plm-bench-") as folder:
        truth, predictions = Path(folder, "truth.jsonl"), Path(folder, "predictions.jsonl")
        truth.write_bytes(write_references(material().references))
        predictions.write_bytes(write_answers(material().answers))
        started = time.perf_counter()
        while len(parts) < ROUNDS and (not parts or time.perf_counter() - started < ENOUGH_SECONDS):
            cost, rival = timed(lambda: plain(truth, predictions))
            costs["plain"].append(cost)
            parts.append(rival["seconds"])
            for kind, known in (("fresh", False), ("usual", True)):
                forget(known)
                cost, report = timed(ours)
                costs[kind].append(cost)
            costs["again"].append(timed(ours)[0])
            apart = abs(report["explanation.semantic"]["value"] - rival["semantic"])
            if apart > TOLERANCE:
                raise SystemExit(f"The two sides differ by {apart:.5f} in explanation.semantic: nothing is compared.")
    return _result(costs, parts, apart)


def _result(costs: dict[str, list[Cost]], parts: list[dict[str, float]], apart: float) -> Result:
    medians = {
        kind: [statistics.median(column) for column in zip(*pairs, strict=True)] for kind, pairs in costs.items()
    }
    names = {
        "plain": "cold process, plain sentence-transformers (the rival)",
        "fresh": "warm worker, no text known (first submission after its start)",
        "usual": "warm worker, experts' texts known (every later submission)",
        "again": "warm worker, all texts known (the same file again, or rescoring)",
    }
    wall, cpu = medians["plain"]
    rows = []
    for kind, name in names.items():
        mine, burned = medians[kind]
        cells = (seconds(mine), _spread(costs[kind]), seconds(burned), ratio(wall / mine), ratio(cpu / burned))
        rows.append((name, *cells))
    spent = {part: seconds(statistics.median(one[part] for one in parts)) for part in ("import", "load", "encode")}
    return Result(
        "warm",
        "Warm worker against a cold process per submission",
        f"Judging 40 pairs, medians of {len(parts)} turn(s) taken side by side; `faster` is the rival's time divided "
        "by ours. The warm side includes intervals; loading the model, once per worker, is not in it.",
        ("One submission", "wall", "least to most", "CPU", "faster (wall)", "faster (CPU)"),
        rows,
        (
            f"Both sides give the same `explanation.semantic` (apart by {apart:.1e}; more than {TOLERANCE:g} would "
            "end the run).",
            f"Where the cold process spends its time: import {spent['import']}, load {spent['load']}, encode "
            f"{spent['encode']}. The warm worker saves the first two and, for texts it knows, the third.",
            "What holds the warm worker back is the model's forward pass (see below), in float32 like the rival's; it "
            "runs a few texts again in float64, so that scores are the same on every machine.",
        ),
    )


def _spread(costs: list[Cost]) -> str:
    walls = [wall for wall, _ in costs]
    return f"{seconds(min(walls))} to {seconds(max(walls))}"
