"""(b) How soon a participant knows whether a file is valid, while 200 submissions wait for scoring.

The rival is the same server with nothing waiting, measured before and after, half and half. Both are asked by the
database's stamps (from kept to told) and by the clock of a participant who polls every 20 ms.
"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import httpx2

from bench.material import INVALID, STRONG, variant
from bench.stage import ORGANIZER, PHASE, Stage, stage, wait
from bench.table import Result, ratio, seconds

PEOPLE, WAITING, PROBES = 20, 200, 30
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """How long one answer took, seconds: from kept to claimed and to told (database), and from 202 on (client)."""

    claimed: float
    told: float
    seen: float


def send(person: httpx2.Client, content: bytes) -> str:
    """Submit; gives the submission's address."""
    headers = {"Content-Type": "application/octet-stream", "X-Filename": "predictions.jsonl"}
    answer = person.post(f"{PHASE}/submissions", content=content, headers=headers)
    if answer.status_code != 202:
        raise RuntimeError(f"A submission was not taken: {answer.status_code} {answer.text}")
    return f"/submissions/{answer.json()['ref']}"


def ask(person: httpx2.Client, content: bytes) -> Answer:
    """Submit, wait for the answer of the check, and cancel, so that the queue is as long as before."""
    where, started = send(person, content), time.perf_counter()
    while (found := person.get(where).raise_for_status().json())["state"] in ("queued", "validating"):
        if time.perf_counter() - started > PATIENCE_SECONDS:
            raise TimeoutError(f"{where} was not checked within {PATIENCE_SECONDS} s.")
        time.sleep(POLL_SECONDS)
    seen = time.perf_counter() - started
    if found["state"] != "invalid":
        with suppress(httpx2.HTTPStatusError):  # scored in the meantime
            person.post(f"{where}/cancel").raise_for_status()
    stamps = {name: datetime.fromisoformat(at) for name, at in found["stamps"].items() if at}
    kept, end = stamps["queued_at"], stamps.get("ready_at") or stamps["finished_at"]
    return Answer((stamps["validating_at"] - kept).total_seconds(), (end - kept).total_seconds(), seen)


def probe(people: list[httpx2.Client], times: int) -> list[Answer]:
    """One submission after the other, in turn by everyone; every third is invalid."""
    files = (STRONG.read_bytes(), STRONG.read_bytes(), INVALID.read_bytes())
    return [ask(people[turn % len(people)], files[turn % len(files)]) for turn in range(times)]


def fill(here: Stage, people: list[httpx2.Client]) -> list[tuple[httpx2.Client, str]]:
    """Submit until 200 wait for scoring, no two alike."""

    def every(index: int) -> list[tuple[httpx2.Client, str]]:
        person, numbers = people[index], range(index, WAITING, len(people))
        return [(person, send(person, variant(number))) for number in numbers]

    with ThreadPoolExecutor(4) as pool:
        sent = [one for some in pool.map(every, range(len(people))) for one in some]
    wait(f"{WAITING} submissions are ready", lambda: here.count("ready") == WAITING, PATIENCE_SECONDS)
    return sent


def run() -> Result:
    """Measure empty, full, full with the scoring worker at work, and empty again."""
    with stage() as here:
        organizer = here.enter(ORGANIZER)
        here.apply(organizer.headers["Authorization"].removeprefix("Bearer "))
        people = [here.enter(f"participant-{number}") for number in range(PEOPLE)]
        for person in people:
            person.post("/competitions/photo-pairs/join", json={"accept_terms": True}).raise_for_status()
        probe(people, 3)  # the worker's first tasks import what they need
        empty = probe(people, PROBES // 2)
        sent = fill(here, people)
        full = probe(people, PROBES)
        left = [here.count("ready")]
        with here.worker("score"):
            wait("the scoring worker scored its first", lambda: here.count("scored") > 0, PATIENCE_SECONDS * 2)
            left.append(here.count("ready"))
            busy = probe(people, PROBES)
            left.append(here.count("ready"))
        for person, where in sent:
            person.post(f"{where}/cancel")
        empty += probe(people, PROBES // 2)
    return _result(empty, full, busy, left)


def _row(name: str, answers: list[Answer], rival: list[Answer]) -> tuple[str, ...]:
    told, against = ([one.told for one in some] for some in (answers, rival))
    seen = [one.seen for one in answers]
    return (
        name,
        *(seconds(value) for value in (statistics.median(told), _late(told), statistics.median(seen), _late(seen))),
        ratio(statistics.median(told) / statistics.median(against)),
        ratio(_late(told) / _late(against)),
    )


def _late(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _result(empty: list[Answer], full: list[Answer], busy: list[Answer], left: list[int]) -> Result:
    claimed, told = (statistics.median(values) for values in zip(*((a.claimed, a.told) for a in full), strict=True))
    seen = [statistics.median(one.seen for one in some) for some in (empty, busy)]
    halves = [statistics.median(one.told for one in half) for half in (empty[: PROBES // 2], empty[PROBES // 2 :])]
    rows = [
        _row("nothing waits (the rival)", empty, empty),
        _row(f"{left[0]} wait for scoring, its worker stopped", full, empty),
        _row(f"{left[1]} to {left[2]} wait, its worker at work", busy, empty),
    ]
    return Result(
        "door",
        f"The validation answer while {WAITING} submissions wait for scoring",
        f"{PROBES} submissions each, one after the other by {PEOPLE} participants, every third invalid; web, one "
        "validating worker, beat, PostgreSQL and Valkey on this machine. `told` is from kept to ready or invalid by "
        "the database's clock, `seen` from the answer 202 to the participant's knowledge (polling every 20 ms).",
        ("Queue", "told p50", "told p95", "seen p50", "seen p95", "p50 / rival", "p95 / rival"),
        rows,
        (
            "Checking has a queue and a worker of its own, so what waits for scoring is not ahead of it; in one "
            f"common queue a file would be answered after {WAITING} scorings (reckoned, not measured).",
            f"Where the time goes, with {left[0]} waiting: {seconds(claimed)} until the worker has it (commit, ring, "
            f"claim), {seconds(told - claimed)} for reading, checking and storing (medians).",
            f"The scoring worker shares the cores with the door: while it worked, a participant saw the answer after "
            f"{ratio(seen[1] / seen[0])} the rival's median.",
            f"How far to trust it: the rival's own median was {seconds(halves[0])} before and {seconds(halves[1])} "
            f"after; a difference within that is noise. p95 of {PROBES} rests on the slowest two.",
        ),
    )
