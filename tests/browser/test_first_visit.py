"""A newcomer's first visit: sign up, join, send a file, watch it being scored, stand on the board."""

import re
from typing import Any

from tests.browser.conftest import sign_up
from tests.conftest import ROOT


def test_from_sign_up_to_the_board(stack: Any, visit: Any, inspect: Any) -> None:
    from playwright.sync_api import expect

    organizer = stack.person("olga", "organizer")
    stack.palmares(organizer, "competition", "apply", ROOT / "examples" / "photo-pairs")
    page = visit(width=360, dark=True)
    page.goto("/")
    inspect(page, "home")
    sign_up(page, "ada")
    page.goto("/competitions/photo-pairs")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("join", re.I)).click()
    page.locator("input[type=file]").set_input_files(ROOT / "examples" / "submissions" / "strong.zip")
    page.get_by_role("button", name=re.compile("submit", re.I)).click()
    expect(page).to_have_url(re.compile("/submissions/sub_"))
    expect(page.get_by_role("main")).to_contain_text("0.9000", timeout=120_000)  # no reload by us: SSE brings it
    inspect(page, "submission")
    page.goto("/competitions/photo-pairs")
    expect(page.get_by_role("row", name=re.compile("ada"))).to_contain_text("0.9000")
    inspect(page, "competition")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Wettbewerbe")).to_be_visible()
