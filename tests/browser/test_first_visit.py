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
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("main")).to_contain_text("From upload to score")
    inspect(page, "status")
    page.get_by_role("button", name="Light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(247, 247, 244)"
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Wettbewerbe")).to_be_visible()
    page.goto("/competitions/photo-pairs")
    inspect(page, "competition-german")
    page.goto("/?search=nothing+of+this+name")
    expect(page.get_by_role("main")).to_contain_text("Nichts passt")


def test_a_board_is_sorted_searched_and_seen_as_it_was(stack: Any, visit: Any, inspect: Any) -> None:
    from playwright.sync_api import expect

    page = visit(width=1440)
    page.goto("/competitions/photo-pairs")
    before = page.locator("table.ranks tbody tr").count()
    page.get_by_role("link", name="Participant").focus()
    page.keyboard.press("Enter")  # no mouse needed
    expect(page.get_by_role("columnheader", name="Participant")).to_have_attribute("aria-sort", "ascending")
    inspect(page, "board-sorted")
    page.get_by_role("searchbox", name="Search").fill("nobody of this name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nobody on this board is called")
    inspect(page, "board-empty-search")
    page.get_by_role("searchbox", name="Search").fill("ad")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.ranks tbody tr")).to_have_count(min(before, 1))
    page.get_by_label("As it was (UTC)").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("main")).to_contain_text("The board as it was:")
    page.get_by_role("link", name="Show it as it is now").click()
    expect(page.get_by_role("row", name=re.compile("ada"))).to_contain_text("0.9000")
