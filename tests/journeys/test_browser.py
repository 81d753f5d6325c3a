"""The pages in a real Chromium: sign up, join, send a file, watch it being scored, stand on the board."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture
def page(stack: Any) -> Iterator[Any]:
    """A page at 360 px in the dark, which fails the test where the browser complains of anything."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = browser.new_page(base_url=stack.url, color_scheme="dark", viewport={"width": 360, "height": 740})
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        yield opened
        browser.close()
    assert not complaints


def test_from_sign_up_to_the_board(stack: Any, page: Any) -> None:
    from playwright.sync_api import expect

    organizer = stack.person("olga", "organizer")
    stack.palmares(organizer, "competition", "apply", ROOT / "examples" / "photo-pairs")
    page.goto("/signup")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("main").get_by_role("button", name=re.compile("sign up|create", re.I)).click()
    page.goto("/competitions/photo-pairs")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("join", re.I)).click()
    page.locator("input[type=file]").set_input_files(ROOT / "examples" / "submissions" / "strong.zip")
    page.get_by_role("button", name=re.compile("submit", re.I)).click()
    expect(page).to_have_url(re.compile("/submissions/sub_"))
    expect(page.get_by_role("main")).to_contain_text("0.9000", timeout=120_000)  # no reload by us: SSE brings it
    page.goto("/competitions/photo-pairs")
    expect(page.get_by_role("row", name=re.compile("ada"))).to_contain_text("0.9000")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing runs out of a small screen"
