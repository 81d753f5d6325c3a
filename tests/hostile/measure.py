"""Try every case in a process of its own, and measure what it costs: `python -m tests.hostile.measure [--write]`.

Each child makes its file, forgets the memory that this took, and then looks at the envelope and validates, as the
server does. What it finds, its processor time and its growth come back through a pipe; a child that dies is an outcome,
too.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from app.scoring.archive import envelope
from app.scoring.findings import Invalid
from app.scoring.limits import Limits
from app.scoring.validating import validate
from tests.hostile.case import TRUTH, Case
from tests.hostile.corpus import cases

SECONDS, GROWTH_MIB = 10.0, 300
"""What one file may cost: processor time, far beyond what any needs, so that a busy machine does not matter; and memory
beside the file itself."""
ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits()


def outcome(case: Case, data: bytes) -> dict[str, Any]:
    """State, codes and accuracy, as the server would come to them."""
    try:
        envelope(io.BytesIO(data), case.file, LIMITS)
    except Invalid as fault:
        return {"state": "refused", "codes": sorted(one.code for one in fault.findings), "accuracy": None}
    found = validate(data, case.file, list(TRUTH), LIMITS)
    if not found.valid:
        return {"state": "invalid", "codes": sorted({one.code for one in found.findings}), "accuracy": None}
    right = sum(answer.answer == TRUTH[answer.item_id][0] for answer in found.answers)
    return {"state": "scored", "codes": [], "accuracy": right / len(TRUTH)}


def expected(case: Case) -> dict[str, Any]:
    """The same of what the corpus says."""
    return {"state": case.state, "codes": list(case.codes), "accuracy": case.accuracy}


def tried(case: Case) -> dict[str, Any]:
    """The outcome with `seconds` of processor time and `mib` of growth, from a child of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
            os.write(writing, json.dumps(_measured(case)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if said:
        return json.loads(said)
    how = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "no answer"
    return {"state": f"died of {how}", "codes": [], "accuracy": None, "seconds": 60.0, "mib": 0}


def _measured(case: Case) -> dict[str, Any]:
    data = case.make()
    before = _memory(reset=True)
    started = time.process_time()
    found = outcome(case, data)
    seconds = time.process_time() - started
    return {**found, "seconds": round(seconds, 3), "mib": _memory() - before, "bytes": len(data)}


def _memory(*, reset: bool = False) -> int:
    """The peak of resident memory in MiB; with `reset`, from now on."""
    if reset:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    told = Path("/proc/self/status").read_text()
    (peak,) = (int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM"))
    return peak // 1024


def table(results: dict[str, dict[str, Any]]) -> str:
    """Verdicts by class as Markdown."""
    rows: defaultdict[str, list[tuple[Case, dict[str, Any]]]] = defaultdict(list)
    for case in cases():
        rows[case.kind].append((case, results[case.title]))
    valid = [one for found in rows.values() for one in found if one[0].state == "scored"]
    hostile = [one for found in rows.values() for one in found if one[0].state != "scored"]
    refused = sum(result["state"] != "scored" for _, result in valid)
    let_in = sum(result["state"] == "scored" for _, result in hostile)
    wrong = sum({key: result[key] for key in expected(case)} != expected(case) for case, result in valid + hostile)
    lines = [
        f"{len(valid) + len(hostile)} files, {len(valid)} of them valid. False rejects: {refused}; false accepts: "
        f"{let_in}; another state, code or score than expected: {wrong}.",
        "",
        "| class | files | expected | as expected | codes | worst CPU | worst growth |",
        "| --- | ---: | --- | ---: | --- | ---: | ---: |",
    ]
    for kind, found in rows.items():
        states = ", ".join(sorted({case.state for case, _ in found}))
        codes = ", ".join(f"`{code}`" for code in sorted({code for case, _ in found for code in case.codes})) or "-"
        right = sum({key: result[key] for key in expected(case)} == expected(case) for case, result in found)
        seconds, mib = (max(result[key] for _, result in found) for key in ("seconds", "mib"))
        lines.append(f"| {kind} | {len(found)} | {states} | {right} | {codes} | {seconds:.2f} s | {mib} MiB |")
    return "\n".join(lines)


def write(section: str) -> None:
    """Replace what stands between the marks in docs/reliability.md."""
    page = ROOT / "docs" / "reliability.md"
    begin, end = "<!-- corpus: begin -->", "<!-- corpus: end -->"
    before, _, rest = page.read_text().partition(begin)
    page.write_text(f"{before}{begin}\n{section}\n{end}{rest.partition(end)[2]}")


def main() -> int:
    """Try all, print the table or the results, and keep the table where all is as expected."""
    parser = argparse.ArgumentParser("python -m tests.hostile.measure", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the result of each case")
    parser.add_argument("--write", action="store_true", help="write the table to docs/reliability.md")
    asked = parser.parse_args()
    everything = cases()
    results = {case.title: tried(case) for case in everything}
    wrong = [
        f"{case.title}: {results[case.title]}, expected {expected(case)}"
        for case in everything
        if {key: results[case.title][key] for key in expected(case)} != expected(case)
    ]
    print(json.dumps(results) if asked.json else table(results))
    print(*wrong, sep="\n", file=sys.stderr)
    if asked.write and not wrong:
        write(table(results))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
