"""(e) Reading and keeping a board of 100 participants as their submissions grow from 100 to 100,000.

The rivals are the raw question (the standings with their reports, by plain SQL) and a board made from all submissions.
Rows are written by SQL, each with a report of the usual columns and values per item, so that rank intervals are made
as in life. `place` runs in the transaction that ends a score; what is measured is that, for one of the participants.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx2
import numpy as np
import psycopg

from bench.stage import ORGANIZER, PHASE, Stage, stage
from bench.table import Result, ratio, seconds

SIZES = (100, 10_000, 100_000)
PEOPLE, READS, ROUNDS, POOL = 100, 60, 15, 64
FILL = """
WITH made AS (
    INSERT INTO submissions (ref, phase_id, participation_id, file_name, file_size, file_sha256, created_at)
    SELECT 'sub_bench' || n, %(phase)s, %(first)s::int + n %% %(people)s::int, 'p.jsonl', 1000, repeat('0', 64),
           now() - make_interval(secs => (%(to)s::int - n) * 10)
    FROM generate_series(%(from)s::int, %(to)s::int) AS n
    RETURNING id, created_at
), scored AS (SELECT id, created_at, 0.3 + 0.6 * random() AS value FROM made)
INSERT INTO evaluations (submission_id, version, truth_id, plan, state, attempt, effective_at, queued_at, announce_at,
                         finished_at, final, signature, report, item_finals, item_categories)
SELECT scored.id, 1, phases.truth_id, phases.plan, 'scored', 1, created_at, created_at, created_at, created_at, value,
       'bench|same', jsonb_build_object('n_items', 40) || (
           SELECT jsonb_object_agg(key, jsonb_build_object(
               'value', value, 'ci95', jsonb_build_array(value - .1, value + .1)))
           FROM unnest(%(columns)s::text[]) AS key),
       pool.finals, %(categories)s::jsonb
FROM scored, phases, bench_pool AS pool
WHERE phases.id = %(phase)s AND pool.n = scored.id %% %(pool)s::int
"""
JOIN = """
WITH made AS (
    INSERT INTO accounts (username, email, password_hash, role)
    SELECT 'p' || n, 'p' || n || '@example.org', '-', 'participant' FROM generate_series(1, %(people)s::int) AS n
    RETURNING id
)
INSERT INTO participations (competition_id, account_id, status)
SELECT phases.competition_id, made.id, 'approved' FROM made, phases WHERE phases.id = %(phase)s RETURNING id
"""
ROWS = """
SELECT s.*, a.username, e.report FROM standings s JOIN evaluations e ON e.id = s.evaluation_id
JOIN participations p ON p.id = s.participation_id JOIN accounts a ON a.id = p.account_id
WHERE s.phase_id = %s AND s.board = 'main' ORDER BY s.sort_keys DESC, s.submitted_at
"""


def fill(database: psycopg.Connection, phase: int, first: int, start: int, end: int, count: int = PEOPLE) -> None:
    """Write the submissions numbered from start + 1 to end, scored, of so many participants in turn."""
    board = database.execute("SELECT plan FROM phases WHERE id = %s", (phase,)).fetchone()
    plan = board[0] if board else {}
    columns = list(
        dict.fromkeys(["final", *plan.get("weights", {}), *plan.get("columns", []), "accuracy", "explanation"])
    )
    given = {
        "phase": phase, "first": first, "people": count, "from": start + 1, "to": end, "columns": columns,
        "categories": json.dumps(["person", "scene"] * 20), "pool": POOL,
    }  # fmt: skip
    database.execute(FILL, given)
    database.execute("ANALYZE")
    database.commit()


def people(database: psycopg.Connection, phase: int, count: int = PEOPLE) -> int:
    """Make the participants; the id of the first one. Also the pool of values per item."""
    database.execute("SELECT setseed(0.5)")
    random = np.random.default_rng(7)
    database.execute("CREATE TABLE bench_pool (n int PRIMARY KEY, finals bytea)")
    for number in range(POOL):
        finals = random.random(40).astype("<f8").tobytes()
        database.execute("INSERT INTO bench_pool VALUES (%s, %s)", (number, finals))
    made = database.execute(JOIN, {"people": count, "phase": phase}).fetchall()
    return int(min(row[0] for row in made))


def timed(call: Callable[[], object], times: int) -> list[float]:
    """The seconds of each call."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


def inside(phase_id: int, times: int) -> None:
    """In a process with the server's settings: rebuild the board, place some scores; prints the seconds as JSON."""
    from sqlalchemy import select

    from app.db import Session
    from app.leaderboards import service
    from app.submissions.models import Evaluation, Submission

    def rebuild() -> None:
        with Session.begin() as session:
            service.rebuild(session, phase_id)

    with Session.begin() as session:
        newest = select(Evaluation.id).join(Submission).where(Submission.phase_id == phase_id)
        ids = list(session.scalars(newest.order_by(Evaluation.id.desc()).limit(times)))

    def place() -> None:
        with Session.begin() as session:
            service.place(session, ids.pop())

    print(json.dumps({"rebuild": timed(rebuild, 2)[-1], "place": statistics.median(timed(place, len(ids)))}))


def child(here: Stage, phase: int, times: int) -> dict[str, float]:
    """`inside` in a process of its own, on this stage."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.board", str(phase), str(times)],
        env={**os.environ, **here.environ}, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return dict(json.loads(told.stdout.splitlines()[-1]))


def _measure(here: Stage, database: psycopg.Connection, phase: int) -> dict[str, float]:
    """All figures at the present size, seconds."""
    inner = child(here, phase, ROUNDS)
    anew, kept, same = [], [], []
    with httpx2.Client(base_url=here.url, timeout=120) as client:
        for _ in range(3):
            child(here, phase, 1)  # a score more: the board that is kept is not this one
            anew += timed(lambda: client.get(f"/api/v1{PHASE}/leaderboard").raise_for_status(), 1)
            kept += timed(lambda: client.get(f"/api/v1{PHASE}/leaderboard").raise_for_status(), READS // 3)
            client.headers["If-None-Match"] = client.get(f"/api/v1{PHASE}/leaderboard").headers["etag"]
            same += timed(lambda: client.get(f"/api/v1{PHASE}/leaderboard"), READS // 3)
            del client.headers["If-None-Match"]
    raw = timed(lambda: database.execute(ROWS, (phase,)).fetchall(), READS)
    return {
        "kept": statistics.median(kept), "late": statistics.quantiles(kept, n=20, method="inclusive")[-1],
        "anew": statistics.median(anew), "same": statistics.median(same), "raw": statistics.median(raw), **inner,
    }  # fmt: skip


def run() -> Result:
    """Grow the phase and measure at each size."""
    found = {}
    with stage(validate=False) as here:
        organizer = here.enter(ORGANIZER)
        here.apply(organizer.headers["Authorization"].removeprefix("Bearer "))
        with psycopg.connect(host=str(here.servers.run_dir), user="postgres", dbname="palmares") as database:
            row = database.execute("SELECT id FROM phases ORDER BY id LIMIT 1").fetchone()
            assert row is not None
            phase, before = int(row[0]), 0
            first = people(database, phase)
            for size in SIZES:
                fill(database, phase, first, before, size)
                before, found[size] = size, _measure(here, database, phase)
    return _result(found)


def _result(found: dict[int, dict[str, float]]) -> Result:
    base = found[SIZES[0]]
    rows = [
        (
            f"{size:,} submissions", seconds(one["kept"]), seconds(one["late"]), ratio(one["late"] / base["late"]),
            seconds(one["same"]), seconds(one["anew"]), seconds(one["raw"]), seconds(one["rebuild"]),
            seconds(one["place"]), ratio(one["place"] / base["place"]),
        )
        for size, one in found.items()
    ]  # fmt: skip
    most = found[SIZES[-1]]
    return Result(
        "board",
        f"A board of {PEOPLE} participants as submissions grow",
        "`read` is a GET of the whole board as JSON over HTTP, `304` one that names the version it has; `made` is the "
        "first read after a score, with rank intervals; `raw SQL` the same rows with their reports (the rival); "
        "`recomputed` the standings made from all submissions; `place` one score given its place, in its transaction.",
        ("Size", "read p50", "read p95", "p95 / 100", "304", "made", "raw SQL", "recomputed", "place", "place / 100"),
        rows,
        (
            f"At {SIZES[-1]:,} submissions, reading takes {ratio(most['kept'] / most['raw'])} the raw SQL, and making "
            f"the board anew {ratio(most['rebuild'] / most['place'])} as long as giving one score its place.",
            f"`place` reads one entrant's submissions, {SIZES[-1] // PEOPLE:,} of them at the end: it grows with those "
            "and with nothing else.",
        ),
    )  # fmt: skip


if __name__ == "__main__":
    inside(int(sys.argv[1]), int(sys.argv[2]))
