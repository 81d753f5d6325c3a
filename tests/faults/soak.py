"""A soak: participants submit over HTTP while something random is killed, frozen or wiped every few seconds.

`python -m tests.faults.soak --submissions 2000 --people 50 --seed 1` runs it at length (`make faults`); the short form
is in `make test`. The same seed gives the same submissions and the same order of faults; what they hit is the
machine's.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.conftest import ROOT
from tests.journeys.conftest import Stack

YAML = """
version: 2
slug: soak
title: Soak
terms: terms.md
registration_auto_approve: true
pages: [{title: Overview, file: terms.md}]
tasks:
  - {index: 0, reference_data: truth.jsonl, scorer: {name: pairwise-explained}}
phases:
  - {index: 0, slug: main, name: Main, start: 2026-01-01, tasks: [0], LIMITS}
"""
TRUTH = ROOT / "examples" / "photo-pairs" / "truth" / "development.jsonl"
PAIRS = 12
EVERY_INVALID = 7
PAUSE, LONG_PAUSE = 16.0, 65.0
"""Seconds until the same fault may strike again. The supervisor gives up on a web process that dies five times without
living a minute in between, and on servers that die six times in a minute: a soak must not be what it guards against."""
LONG = ("web killed", "PostgreSQL killed", "Valkey killed")


@dataclass
class History:
    """What participants were told: refs by key, answers by status, and faults by kind."""

    refs: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    refused: dict[str, bytes] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Faults(threading.Thread):
    """Something random, every few seconds, until told to stop."""

    def __init__(self, stack: Stack, history: History, seed: int, every: float) -> None:
        super().__init__(daemon=True)
        self.stack, self.history, self.every = stack, history, every
        self.chance = random.Random(seed)
        self.over = threading.Event()
        self.kinds: dict[str, Callable[[], None]] = {
            "score child killed": lambda: self.kill("worker-score", child=True),
            "score worker killed": lambda: self.kill("worker-score"),
            "validate worker killed": lambda: self.kill("worker-validate"),
            "score worker asked to stop": lambda: self.kill("worker-score", how=signal.SIGTERM, child=False),
            "score worker frozen": lambda: self.freeze("worker-score", 13),
            "web killed": lambda: self.kill("web"),
            "beat killed": lambda: self.kill("beat"),
            "Valkey killed": lambda: self.kill("valkey"),
            "Valkey wiped": self.wipe,
            "Valkey frozen": lambda: self.freeze("valkey", 5),
            "PostgreSQL killed": lambda: self.kill("postgres"),
            "messages doubled": self.double,
        }
        self.last = dict.fromkeys(self.kinds, -LONG_PAUSE)

    def run(self) -> None:
        """Strike until `over` is set."""
        while not self.over.wait(self.every * self.chance.uniform(0.5, 1.5)):
            now = time.monotonic()
            rested = [kind for kind, at in self.last.items() if now - at >= (LONG_PAUSE if kind in LONG else PAUSE)]
            if not rested:
                continue
            kind = self.chance.choice(rested)
            self.last[kind] = now
            try:
                self.kinds[kind]()
            except (psutil.Error, ProcessLookupError, KeyError, AssertionError):
                continue  # it was dead already
            self.history.faults[kind] += 1

    def family(self, name: str) -> list[psutil.Process]:
        """A child of the supervisor and its own children."""
        pid = json.loads((self.stack.data_dir / "children.json").read_text())[name]["pid"]
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]

    def kill(self, name: str, *, child: bool = False, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill a process with its children at once, or its child alone; SIGTERM goes to the parent."""
        parent, *children = self.family(name)
        for process in children if child else [parent] if how != signal.SIGKILL else [parent, *children]:
            os.kill(process.pid, how)

    def freeze(self, name: str, seconds: float) -> None:
        """Stop a process and its children for a while, longer than their lease where they are workers."""
        family = self.family(name)
        for process in family:
            process.suspend()
        self.over.wait(seconds)
        for process in family:
            if process.is_running():
                process.resume()

    def wipe(self) -> None:
        """Lose every message."""
        self.stack.python(
            "-c", "from app.broker import celery; celery().connection().default_channel.client.flushall()"
        )

    def double(self) -> None:
        """Ring many times for everything that was ever sent, and for what never was."""
        code = (
            "from app.broker import nudge, VALIDATE, SCORE\n"
            "for one in range(1, 60):\n"
            "    for task in (VALIDATE, SCORE): nudge(task, one); nudge(task, one); nudge(task, 10**9 + one)"
        )
        self.stack.python("-c", code)


class Soak:
    """A stack with a competition, people who submit to it, and what they were told."""

    def __init__(self, stack: Stack, people: int, limit: int, seed: int) -> None:
        self.stack, self.limit, self.seed = stack, limit, seed
        self.history, self.lock = History(), threading.Lock()
        rows = [json.loads(line) for line in TRUTH.read_text().splitlines()[:PAIRS]]
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder)
            (bundle / "competition.yaml").write_text(
                YAML.replace("LIMITS", f"max_submissions_per_day: 0, max_submissions: {limit}")
            )
            (bundle / "terms.md").write_text("Be fair.")
            (bundle / "truth.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
            stack.palmares(stack.person("olga", "organizer"), "competition", "apply", bundle)
        self.rows = rows
        self.tokens = []
        for number in range(people):
            token = stack.person(f"person{number:02}")
            stack.palmares(token, "join", "soak", "--accept-terms")
            self.tokens.append(token)

    def file(self, chance: random.Random) -> bytes:
        """Some of the experts' rows, some with the other answer."""
        lines = []
        for row in self.rows:
            wrong = chance.random() < 0.3
            said = row["solution"]
            if wrong:
                said = re.sub(r"<answer>(.)", lambda found: "<answer>" + "BA"[found[1] == "B"], said)
            lines.append(json.dumps({"images": row["images"], "solution": said}))
        return "\n".join(lines).encode()

    def participate(self, number: int, count: int, seconds: float) -> None:
        """Send `count` files over so many seconds, each with a key, again and again until it is answered."""
        chance = random.Random(f"{self.seed}/{number}")
        for turn in range(count):
            time.sleep(chance.uniform(0, 2 * seconds / count))
            key = f"{number}/{turn}"
            invalid = turn % EVERY_INVALID == EVERY_INVALID - 1
            body = b"this is no record" if invalid else self.file(chance)
            self.history.expected[key] = "invalid" if invalid else "scored"
            while not self.send(key, body):
                time.sleep(0.3 + chance.random())

    def send(self, key: str, body: bytes) -> bool:
        """One try; True where it was accepted, or refused for the limit."""
        token = self.tokens[int(key.partition("/")[0])]
        headers = {"Authorization": f"Bearer {token}", "X-Filename": "p.jsonl", "Idempotency-Key": key}
        try:
            answer = httpx2.post(
                f"{self.stack.url}/api/v1/competitions/soak/phases/main/submissions",
                content=body, headers=headers, timeout=20,
            )  # fmt: skip
        except httpx2.HTTPError:
            with self.lock:
                self.history.unanswered += 1
            return False
        with self.lock:
            self.history.statuses[answer.status_code] += 1
            if answer.status_code == 202:
                ref = answer.json()["ref"]
                if self.history.refs.setdefault(key, ref) != ref:
                    self.history.wrong.append(f"{key} got two refs")
                self.history.refused.pop(key, None)
                return True
            if answer.status_code == 429 and answer.json().get("code") != "rate_limited":
                self.history.refused[key] = body
                return True
            if answer.status_code not in (429, 503) or "Traceback" in answer.text:
                self.history.wrong.append(f"{key}: {answer.status_code} {answer.text[:300]}")
        return False

    def run(self, each: int, every: float, seconds: float) -> dict[str, Any]:
        """Everybody sends `each` files within about `seconds` while faults strike; then quiet until all is terminal;
        then what the limit refused is sent once more, for a slot that an invalid file held is free again. The figures.
        """
        faults = Faults(self.stack, self.history, self.seed, every)
        senders = [
            threading.Thread(target=self.participate, args=(number, each, seconds))
            for number in range(len(self.tokens))
        ]
        started = time.monotonic()
        faults.start()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        faults.over.set()
        faults.join()
        quiet = time.monotonic()
        self.drained()
        drained = time.monotonic()
        for key, body in list(self.history.refused.items()):
            self.send(key, body)
        return self.drained() | {"sending_seconds": quiet - started, "drained_seconds": drained - quiet}

    def drained(self, patience: float = 240) -> dict[str, Any]:
        """The figures once nothing is open any more."""
        deadline = time.monotonic() + patience
        while True:
            try:
                found = json.loads(self.stack.python("-m", "tests.faults.invariants", "soak"))
            except AssertionError:
                found = {"open": 1}
            if not found["open"] or time.monotonic() > deadline:
                return found
            time.sleep(1)


def verdict(soak: Soak, found: dict[str, Any]) -> list[str]:
    """What does not hold; nothing where all is well."""
    history = soak.history
    wrong = list(history.wrong)
    names = {ref: key for key, ref in history.refs.items()}
    if len(names) != len(history.refs):
        wrong.append("two keys share a submission")
    if found["rows"] != len(history.refs) or found["keys"] != found["rows"]:
        wrong.append(f"{len(history.refs)} accepted, {found['keys']} keys, {found['rows']} rows")
    for ref, state in found["refs"].items():
        if state != history.expected.get(names.get(ref, "")):
            wrong.append(f"{ref} ({names.get(ref)}) ended {state}")
    for name in ("open", "doubly_judged", "differing_scores", "broken_blobs", "open_transactions"):
        if found[name]:
            wrong.append(f"{name}: {found[name]}")
    if not found["board_equals_rebuild"]:
        wrong.append("the board is not its rebuild")
    for number in range(len(soak.tokens)):
        sent = [key for key, state in history.expected.items() if key.startswith(f"{number}/") and state == "scored"]
        accepted = sum(key in history.refs for key in sent)
        if accepted != min(soak.limit, len(sent)):
            wrong.append(f"person {number}: {accepted} of {len(sent)} accepted, the limit is {soak.limit}")
    return wrong


def told(soak: Soak, found: dict[str, Any], wrong: list[str]) -> str:
    """The figures as a section of docs/reliability.md."""
    history, times = soak.history, found["seconds"]
    lost = sum(ref not in found["refs"] for ref in history.refs.values())
    rows = {
        "accepted (202)": len(history.refs),
        "lost": lost,
        "without a terminal state": found["open"],
        "judged twice": found["doubly_judged"],
        "ended otherwise than their file deserves": sum("ended" in one for one in wrong),
        "refused by the limit, exactly as many as it says": len(history.refused),
        "requests without an answer, sent again with their key": history.unanswered,
        "answers 503, sent again with their key": history.statuses[503],
        "other answers 5xx": sum(
            count for status, count in history.statuses.items() if status >= 500 and status != 503
        ),
        "most attempts for one": found["most_attempts"],
        "board equals its rebuild": "yes" if found["board_equals_rebuild"] else "NO",
        "files missing or changed": len(found["broken_blobs"]),
        "from sent to terminal, median": f"{times[len(times) // 2]:.1f} s",
        "from sent to terminal, 95 %": f"{times[int(len(times) * 0.95)]:.1f} s",
        "from sent to terminal, worst": f"{times[-1]:.1f} s",
        "until all was terminal once the faults had ended": f"{found['drained_seconds']:.1f} s",
    }
    strikes = sum(history.faults.values())
    lines = [
        f"{len(soak.tokens)} participants sent {len(history.expected)} files in {found['sending_seconds']:.0f} s, "
        f"every {EVERY_INVALID}th invalid, while {strikes} faults struck: "
        + ", ".join(f"{kind} {count} times" for kind, count in sorted(history.faults.items()))
        + f". Seed {soak.seed}; leases of 6 s, so that the recovery is seen many times.",
        "",
        "| | |",
        "| --- | ---: |",
        *(f"| {name} | {value} |" for name, value in rows.items()),
    ]
    return "\n".join(lines)


def write(section: str) -> None:
    """Replace what stands between the marks in docs/reliability.md."""
    page = ROOT / "docs" / "reliability.md"
    begin, end = "<!-- make faults: begin -->", "<!-- make faults: end -->"
    before, _, rest = page.read_text().partition(begin)
    page.write_text(f"{before}{begin}\n{section}\n{end}{rest.partition(end)[2]}")


def main() -> int:
    """Run at length, print the figures, and keep them where all is well."""
    parser = argparse.ArgumentParser("python -m tests.faults.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--every", type=float, default=4.0, help="mean seconds between faults")
    parser.add_argument("--seconds", type=float, default=600, help="how long they send")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/reliability.md")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plm-f"))
    stack = Stack(folder, PALMARES_SIGNUP_RATE="1000/hour")
    try:
        each = -(-asked.submissions // asked.people)
        soak = Soak(stack, asked.people, each - each // EVERY_INVALID - 1, asked.seed)
        found = soak.run(each, asked.every, asked.seconds)
        wrong = verdict(soak, found)
        section = told(soak, found, wrong)
        print(section, *wrong, sep="\n")
        if asked.write and not wrong:
            write(section)
        return 1 if wrong else 0
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
