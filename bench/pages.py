"""(f) Pages: how long the server takes for each, how large it is, and what a browser makes of it.

The board's page with 10,000 participants is compared with the one with 100: a page shows a hundred rows of either. The
browser's figures (largest paint, shift of the layout) are Chromium's own, of a first visit; none without Chromium.
"""

import shutil
import statistics

import httpx2
import psycopg

from bench.board import child, fill, people, timed
from bench.stage import ORGANIZER, stage
from bench.table import Result, ratio, seconds

FEW, MANY, READS = 100, 10_000, 15
BOARD = "/competitions/photo-pairs"
PAINT = """() => new Promise((done) => {
    let paint = 0, shift = 0;
    new PerformanceObserver((list) => { paint = list.getEntries().at(-1).startTime; })
        .observe({type: "largest-contentful-paint", buffered: true});
    new PerformanceObserver((list) => { for (const one of list.getEntries()) shift += one.value; })
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => done([paint, shift, performance.getEntriesByType("resource")
        .filter((one) => one.initiatorType === "script").reduce((sum, one) => sum + one.encodedBodySize, 0)]), 800);
})"""


def read(url: str, path: str) -> tuple[list[float], int]:
    """The seconds of several reads of a page after the first, and its size in bytes."""
    with httpx2.Client(base_url=url, timeout=60) as client:
        size = len(client.get(path).raise_for_status().content)
        return timed(lambda: client.get(path).raise_for_status(), READS), size


def painted(url: str, paths: list[str]) -> dict[str, tuple[float, float, int]]:
    """Of each page in a fresh browser: the largest paint (s), the shift of the layout, bytes of scripts."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright

    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in paths:
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(url + path)
            paint, shift, scripts = page.evaluate(PAINT)
            found[path] = (paint / 1000, shift, int(scripts))
        browser.close()
    return found


def run() -> Result:
    """Fill the two boards one after the other and read the pages."""
    figures: dict[str, tuple[str, list[float], int]] = {}
    with stage(validate=False) as here:
        organizer = here.enter(ORGANIZER)
        here.apply(organizer.headers["Authorization"].removeprefix("Bearer "))
        paths = {"home": "/", "problems": "/problems"}
        with psycopg.connect(host=str(here.servers.run_dir), user="postgres", dbname="palmares") as database:
            row = database.execute("SELECT id FROM phases ORDER BY id LIMIT 1").fetchone()
            assert row is not None
            first = people(database, int(row[0]), MANY)
            fill(database, int(row[0]), first, 0, FEW, MANY)
            child(here, int(row[0]), 1)
            for name, path in paths.items():
                figures[name] = (path, *read(here.url, path))
            figures["few"] = (BOARD, *read(here.url, BOARD))
            fill(database, int(row[0]), first, FEW, MANY, MANY)
            child(here, int(row[0]), 1)
            figures["many"] = (BOARD, *read(here.url, BOARD))
            figures["last"] = (f"{BOARD}?page={MANY // 100}", *read(here.url, f"{BOARD}?page={MANY // 100}"))
            figures["search"] = (f"{BOARD}?search=p77", *read(here.url, f"{BOARD}?search=p77"))
        seen = painted(here.url, [path for path, _, _ in figures.values()])
    return _result(figures, seen)


TITLES = {
    "home": "home",
    "problems": "all problems and findings",
    "few": f"competition with a board of {FEW}",
    "many": f"the same with {MANY:,}",
    "last": f"its last page of {MANY:,}",
    "search": f"a search among {MANY:,}",
}


def _result(
    figures: dict[str, tuple[str, list[float], int]], seen: dict[str, tuple[float, float, int]]
) -> Result:  # fmt: skip
    few = statistics.median(figures["few"][1])
    rows = []
    for name, (path, taken, size) in figures.items():
        middle = statistics.median(taken)
        paint = seen.get(path)
        told = (seconds(paint[0]), f"{paint[1]:.3f}", f"{paint[2] / 1024:.1f} KiB") if paint else ("—", "—", "—")
        compared = ratio(middle / few) if name not in ("home", "problems") else "—"
        rows.append((TITLES[name], seconds(middle), compared, f"{size / 1024:.0f} KiB", *told))
    return Result(
        "pages",
        "Pages",
        f"Medians of {READS} reads after the first, as a stranger, over loopback; the size is that of the HTML, not "
        "packed. Paint and shift are of one first visit in Chromium, which shares the cores with the server.",
        ("Page", "server", f"/ board of {FEW}", "HTML", "largest paint", "layout shift", "scripts"),
        rows,
        (
            "A board is kept by the process that made it until it changes; a page shows a hundred rows of it, so that "
            "what grows with the participants is sorting and searching alone.",
        ),
    )
