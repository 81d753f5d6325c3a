"""A real Chromium against the real stack; what it complains of fails the test, whatever the test looks at."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.journeys.conftest import Stack, stack

__all__ = ["Stack", "stack"]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = next((ROOT / "tests" / "browser" / "vendor").glob("axe-*.min.js"))
# Screenshots are looked at by people: `PALMARES_SCREENSHOTS=folder make test` keeps them there.
SCREENSHOTS = os.environ.get("PALMARES_SCREENSHOTS")
WIDTHS = (360, 768, 1440)
# What runs out of the screen sideways, outside of what scrolls by itself; nothing where the page fits.
WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".scroll, .plot, pre"))
    .slice(0, 4).map((one) => one.outerHTML.slice(0, 150))"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for the tests of a file; skipped, with the reason, where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, stack: Stack) -> Iterator[Callable[..., Any]]:
    """Opens a page of a new visitor: `visit(width=360, dark=True, **context)`. Errors of scripts, messages of the
    console (the CSP's among them) and requests to other hosts fail the test at its end. A refusal that the test wants
    (a 404, say) is named: `page.expected = [404]`.
    """
    complaints: list[str] = []
    contexts = []
    host = urlsplit(stack.url).netloc

    def opened(width: int = 1280, dark: bool = False, **given: Any) -> Any:
        context = chromium.new_context(
            base_url=stack.url,
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 800},
            **given,
        )
        contexts.append(context)
        page = context.new_page()
        page.expected = []

        def said(message: Any) -> None:
            refused = re.search(r"status of (\d{3})", message.text)
            if message.type == "error" and not (refused and int(refused[1]) in page.expected):
                complaints.append(f"{page.url}: {message.text}")

        def requested(request: Any) -> None:
            target = urlsplit(request.url)
            if target.scheme not in ("data", "blob") and target.netloc != host:
                complaints.append(f"{page.url} asked {request.url}")

        page.on("console", said)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("request", requested)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def inspect() -> Callable[[Any, str], None]:
    """Looks a page over: `inspect(page, "name")` runs axe in light and dark and shows the page at three widths, where
    nothing may run out of the screen sideways.
    """

    def look(page: Any, name: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(AXE.read_text())
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            told = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
            assert not told, f"{name} ({scheme}): {told}"
        before = page.viewport_size
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if width == 768 else "light")
            if SCREENSHOTS:
                folder = Path(SCREENSHOTS)
                folder.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
            wide = page.evaluate(WIDE)
            assert not wide, f"{name} runs out of a screen of {width} px: {wide}"
        page.set_viewport_size(before)

    return look


def sign_up(page: Any, name: str) -> None:
    """Sign up by the page's form."""
    page.goto("/signup")
    page.get_by_label("User name").fill(name)
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("main").get_by_role("button", name=re.compile("sign up|create", re.I)).click()
