"""(c) Uploads by 64 clients at once, against a bare endpoint that only writes the body to disk.

The rival is ten lines of Starlette on the same uvicorn: it reads the body, writes it to a file and syncs it. Ours also
knows who sends, counts limits exactly, checks the archive's structure, stores by hash and commits a row. Both are sent
the same files by the same clients, in turns; no worker runs, so that only the door is measured.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2

from app.embedded.address import free_port
from bench.material import variant
from bench.stage import HOST, ORGANIZER, PHASE, Stage, stage, wait
from bench.table import Result, ratio, seconds

CLIENTS, EACH, ROUNDS = 64, 8, 3
BARE = """
import os, pathlib, uuid
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
FOLDER = pathlib.Path({folder!r})
def write(body):
    with (FOLDER / uuid.uuid4().hex).open("wb") as file:
        file.write(body); file.flush(); os.fsync(file.fileno())
async def put(request):
    from anyio.to_thread import run_sync
    await run_sync(write, await request.body())
    return PlainTextResponse("", 202)
app = Starlette(routes=[Route("/", put, methods=["POST"])])
"""
Send = Callable[[int, int], None]


def storm(send: Send) -> tuple[float, list[float]]:
    """All clients send their files at once; the seconds it took and the seconds of each upload."""
    taken: list[float] = []

    def client(number: int) -> None:
        for turn in range(EACH):
            started = time.perf_counter()
            send(number, turn)
            taken.append(time.perf_counter() - started)

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return time.perf_counter() - started, taken


def _bare(here: Stage, running: ExitStack) -> str:
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="plm-bare-")))
    (folder / "bare.py").write_text(BARE.format(folder=str(folder)))
    port = free_port(HOST, 8700)
    listen = ("--host", HOST, "--port", str(port), "--app-dir", str(folder))
    running.enter_context(here.child("bare", "uvicorn", "bare:app", *listen))
    url = f"http://{HOST}:{port}/"
    wait("the bare endpoint answers", lambda: _answers(url))
    return url


def _answers(url: str) -> bool:
    try:
        return httpx2.post(url, content=b"x", timeout=2).status_code == 202
    except httpx2.HTTPError:
        return False


def run() -> Result:
    """Storms on both, in turns."""
    with stage(validate=False) as here, ExitStack() as running:
        organizer = here.enter(ORGANIZER)
        here.apply(organizer.headers["Authorization"].removeprefix("Bearer "))
        people = [here.enter(f"participant-{number}") for number in range(CLIENTS)]
        for person in people:
            person.post("/competitions/photo-pairs/join", json={"accept_terms": True}).raise_for_status()
        url = _bare(here, running)
        plain = [httpx2.Client(timeout=60) for _ in range(CLIENTS)]
        files = [variant(number) for number in range(EACH)]
        headers = {"X-Filename": "predictions.jsonl", "Content-Type": "application/octet-stream"}

        def ours(number: int, turn: int) -> None:
            people[number].post(f"{PHASE}/submissions", content=files[turn], headers=headers).raise_for_status()

        def theirs(number: int, turn: int) -> None:
            plain[number].post(url, content=files[turn]).raise_for_status()

        ours(0, 0)
        found: dict[str, list[tuple[float, list[float]]]] = {"bare": [], "ours": []}
        for _ in range(ROUNDS):
            found["bare"].append(storm(theirs))
            found["ours"].append(storm(ours))
    return _result(found, len(files[0]))


def _result(found: dict[str, list[tuple[float, list[float]]]], size: int) -> Result:
    rates = {name: statistics.median(CLIENTS * EACH / wall for wall, _ in turns) for name, turns in found.items()}
    rows = []
    for name, title in (("bare", "bare endpoint that writes the body (the rival)"), ("ours", "Palmares, answered 202")):
        taken = [one for _, each in found[name] for one in each]
        late = statistics.quantiles(taken, n=100, method="inclusive")
        rows.append(
            (title, f"{rates[name]:.0f}", seconds(statistics.median(taken)), seconds(late[94]), seconds(late[98]),
             ratio(rates[name] / rates["bare"]))
        )  # fmt: skip
    return Result(
        "intake",
        f"Uploads by {CLIENTS} clients at once",
        f"{CLIENTS * EACH} uploads of {size / 1024:.0f} KiB a turn, {ROUNDS} turns on each side, one web process each; "
        "the clients share the cores with the server.",
        ("Door", "uploads/s", "p50", "p95", "p99", "rate / rival"),
        rows,
        (
            "A 202 of ours means: the sender is known, the limits were counted under the entrant's lock, the archive's "
            "structure was checked, the file lies synced under its hash and its row is committed.",
            "Every client is another participant; what one participant sends at once is counted one after the other.",
            "What holds it back: about thirty questions to the database for each upload, on two cores that PostgreSQL, "
            "the web process and 64 clients share; the file itself is a small part.",
        ),
    )
