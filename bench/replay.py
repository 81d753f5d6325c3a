"""(a) A challenge replayed: participants send changed copies of what they sent before, until the last has its score.

The rival does the same work as CodaBench does it: a fresh process for each submission that imports, loads the model and
scores with plain library calls. It is run on a sample in the same minutes and multiplied. `PALMARES_REPLAY=2500` asks
for the size of the RAIM challenge; by default a tenth of it is replayed.
"""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx2
import psutil
import psycopg

from app.scoring.reading import write_answers, write_references
from bench.material import material
from bench.stage import ORGANIZER, PHASE, Stage, stage, wait
from bench.table import Result, ratio, seconds
from bench.warm import plain, used

SUBMISSIONS = int(os.environ.get("PALMARES_REPLAY", "250"))
PEOPLE, CHANGED, SAMPLE, SENDERS = max(10, SUBMISSIONS * 200 // 2500), 10, 4, 8
ENDED = """
SELECT extract(epoch FROM finished_at - queued_at)::float FROM evaluations WHERE state = 'scored'
"""


def file_of(person: int, turn: int) -> bytes:
    """A participant's submission: every tenth explanation is another than in the turn before."""
    answers = [
        replace(one, explanation=f"{one.explanation} Seen by {person}, turn {turn if place % CHANGED == 0 else 0}.")
        for place, one in enumerate(material().answers)
    ]
    return write_answers(answers)


def spent() -> float:
    """CPU seconds of all that this process started (web, workers, beat, PostgreSQL, Valkey), without its own."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def send_all(people: list[httpx2.Client]) -> None:
    """Everybody sends in turn, some at a time."""
    headers = {"X-Filename": "predictions.jsonl", "Content-Type": "application/octet-stream"}

    def send(number: int) -> None:
        person, turn = number % len(people), number // len(people)
        content = file_of(person, turn)
        people[person].post(f"{PHASE}/submissions", content=content, headers=headers).raise_for_status()

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, range(SUBMISSIONS)))


def fresh(folder: Path) -> tuple[float, float]:
    """The rival's wall and CPU seconds of one submission, medians of a sample."""
    truth, predictions = folder / "truth.jsonl", folder / "predictions.jsonl"
    truth.write_bytes(write_references(material().references))
    walls, costs = [], []
    for turn in range(SAMPLE):
        predictions.write_bytes(file_of(0, turn))
        wall, cpu = time.perf_counter(), used()
        plain(truth, predictions)
        walls.append(time.perf_counter() - wall)
        costs.append(used() - cpu)
    return statistics.median(walls), statistics.median(costs)


def replayed(here: Stage) -> tuple[float, float, list[float]]:
    """Wall and CPU seconds from the first upload to the last score, and the seconds of each from upload to score."""
    organizer = here.enter(ORGANIZER)
    here.apply(organizer.headers["Authorization"].removeprefix("Bearer "))
    people = [here.enter(f"participant-{number}") for number in range(PEOPLE)]
    for person in people:
        person.post("/competitions/photo-pairs/join", json={"accept_terms": True}).raise_for_status()
    with here.worker("score"):
        wait("a scoring worker is ready", lambda: _ready(here), 120)
        cpu, wall = spent(), time.perf_counter()
        send_all(people)
        wait("the last score", lambda: here.count("scored") == SUBMISSIONS, 3600)
        took, cost = time.perf_counter() - wall, spent() - cpu
    with psycopg.connect(host=str(here.servers.run_dir), user="postgres", dbname="palmares") as database:
        return took, cost, [row[0] for row in database.execute(ENDED)]


def _ready(here: Stage) -> bool:
    return "score" not in httpx2.get(f"{here.url}/readyz", timeout=10).json()["checks"]["workers"]


def run() -> Result:
    """Replay, then the rival's sample."""
    with stage() as here:
        took, cost, ways = replayed(here)
        rival = fresh(here.servers.data_dir)
    late = statistics.quantiles(ways, n=100, method="inclusive")
    rows = [
        ("a fresh process each (the rival)", seconds(rival[0] * SUBMISSIONS), f"{rival[1]:.2f} s", "1.00 x", *"———"),
        (
            "Palmares, everything", seconds(took), f"{cost / SUBMISSIONS:.2f} s", ratio(rival[1] * SUBMISSIONS / cost),
            seconds(late[49]), seconds(late[94]), seconds(late[98]),
        ),
    ]  # fmt: skip
    return Result(
        "replay",
        f"A challenge replayed: {SUBMISSIONS:,} submissions by {PEOPLE} participants",
        f"{len(material().answers)} pairs each, sent by {SENDERS} clients at a time as fast as the server takes them; "
        "every tenth explanation differs from the turn before. One web process, one validating and one scoring worker "
        "with one child each, PostgreSQL, Valkey and the clients on this machine. CPU is that of all of the server's "
        f"processes. The rival's seconds are those of {SAMPLE} submissions in the same minutes, multiplied; it gives "
        "means only.",
        ("Way", "wall", "CPU each", "cheaper (CPU)", "to score p50", "p95", "p99"),
        rows,
        (
            "All are sent at once, so the time to a score is mostly that of the queue: in life they come over months.",
            f"{PEOPLE / SUBMISSIONS:.0%} are somebody's first, of which no text is known; of others a tenth is new. "
            "What costs is the model's forward pass over those texts, and reading and comparing their claims.",
        ),
    )
