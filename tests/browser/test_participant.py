"""A newcomer's way: an invalid file and its reason, a free check, a submission, its score, two compared, one chosen."""

import re
from typing import Any

from tests.browser.conftest import sign_up
from tests.conftest import ROOT

SENT = ROOT / "examples" / "submissions"


def send(page: Any, name: str, button: str = "Submit", note: str = "") -> None:
    """Choose a file of the examples and press a button of the form."""
    page.locator("input[type=file]").set_input_files(SENT / name)
    if note:
        page.get_by_label("Message").fill(note)
    page.get_by_role("button", name=button, exact=True).click()


def dropped(page: Any, *names: str) -> None:
    """Drop files of these names on the form."""
    page.evaluate(
        """(names) => {
            const held = new DataTransfer();
            for (const name of names) held.items.add(new File(["hello"], name));
            const given = { dataTransfer: held, bubbles: true, cancelable: true };
            document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", given));
        }""",
        list(names),
    )


def broken_once(page: Any) -> list[str]:
    """Lets the first upload break after 1000 bytes; returns the list of the offsets from which pieces are sent."""
    offsets: list[str] = []

    def piece(route: Any) -> None:
        request = route.request
        if request.method != "PATCH":
            return route.continue_()
        offsets.append(request.headers["upload-offset"])
        if len(offsets) > 1:
            return route.continue_()
        names = ("upload-offset", "content-type", "tus-resumable", "sec-fetch-site")
        headers = {name: value for name, value in request.all_headers().items() if name in names}
        came = page.request.patch(request.url, headers=headers, data=request.post_data_buffer[:1000])
        assert came.status == 204
        return route.fulfill(status=503)

    page.route("**/api/v1/uploads/*", piece)
    return offsets


def test_from_an_invalid_file_to_the_chosen_one(stack: Any, visit: Any, inspect: Any) -> None:
    from playwright.sync_api import expect

    organizer = stack.person("olga", "organizer")
    stack.palmares(organizer, "competition", "apply", ROOT / "examples" / "photo-pairs")
    stack.palmares(
        organizer, "competition", "set", "photo-pairs/development", "show_items=true", 'board={"counting": "choice"}'
    )
    page = visit()
    page.expected = [422, 503]
    sign_up(page, "ada")
    page.goto("/competitions/photo-pairs?phase=development")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("join", re.I)).click()
    inspect(page, "me-upload")

    send(page, "invalid.zip", "Check only")
    expect(page.locator("[data-report]")).to_contain_text("wrong with this file")
    expect(page.locator("[data-sha256]")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    inspect(page, "me-checked")
    send(page, "invalid.zip")
    expect(page).to_have_url(re.compile("/submissions/sub_"))
    expect(page.get_by_role("heading", name="What is wrong with the file")).to_be_visible(timeout=30_000)
    inspect(page, "me-invalid")

    page.get_by_role("link", name="Check or submit a file").click()
    limits = page.locator(".limits").inner_text()
    send(page, "strong.zip", "Check only")
    expect(page.locator("[data-report]")).to_contain_text("This file is valid")
    page.reload()
    assert page.locator(".limits").inner_text() == limits  # neither the invalid one nor the check cost anything

    dropped(page, "one.jsonl")
    expect(page.locator("[data-size]")).to_have_text("5 B")
    dropped(page, "one.jsonl", "two.jsonl")
    expect(page.locator("[data-report]")).to_have_text("Drop one file, not several.")
    page.route("**/api/v1/uploads/*", lambda route: route.continue_() if route.request.method != "PATCH" else None)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("[data-report]")).to_have_text("Cancelled; nothing was submitted.")
    page.unroute("**/api/v1/uploads/*")

    refs = []
    offsets = broken_once(page)
    for name in ("middling.zip", "strong.zip"):
        page.goto("/competitions/photo-pairs?phase=development")
        send(page, name, note="<b>not bold</b> " + name)
        expect(page).to_have_url(re.compile("/submissions/sub_"))
        expect(page.get_by_role("heading", name="Scores")).to_be_visible(timeout=60_000)  # SSE brings it
        refs.append(page.url.rpartition("/")[2])
    assert offsets == ["0", "1000", "0"]  # after the break, what had come was not sent again
    expect(page.get_by_role("heading", name=re.compile("To your best other one"))).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("this difference is real")
    expect(page.get_by_role("heading", name="Item by item")).to_be_visible()
    inspect(page, "me-scored")

    page.get_by_role("link", name="My submissions").first.click()
    for ref in refs:
        page.get_by_label(f"Compare {ref}").check()
    inspect(page, "me-mine")
    page.get_by_role("button", name="Compare the two that are ticked").click()
    expect(page.get_by_role("heading", name="Item against item")).to_be_visible()
    inspect(page, "me-compare")
    page.go_back()
    page.get_by_label(f"Choose {refs[0]}").click()
    expect(page.get_by_role("main")).to_contain_text("Chosen now: 1")
    page.goto("/competitions/photo-pairs?phase=development")
    row = page.get_by_role("row", name=re.compile("ada"))
    expect(row.get_by_role("link", name="ada")).to_have_attribute("href", f"/submissions/{refs[0]}")
