"""Without JavaScript, by keyboard alone, and with words that mean harm; pages of failures; the board on paper."""

import json
import re
from typing import Any

import httpx2
import pytest

from tests.browser.conftest import sign_up
from tests.conftest import ROOT

STRONG = ROOT / "examples" / "submissions" / "strong.zip"
HARM = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)> javascript:alert(4)',
    "\u202eotni ,tfel ot thgir \u2066 \u200f\u061c",
    "🏔️👩‍👩‍👧‍👦 𝓕𝓪𝓷𝓬𝔂 Ｗｉｄｅ Z̴̛͈a̸l̷g̶o̵ " * 3,
    "W" * 400,
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %> %s %(x)s",
]


@pytest.fixture(scope="module")
def organizer(stack: Any) -> str:
    """Olga's token; the example competition is there."""
    token: str = stack.person("olga", "organizer")
    stack.palmares(token, "competition", "apply", ROOT / "examples" / "photo-pairs")
    return token


def test_without_javascript_from_sign_up_to_the_board(stack: Any, organizer: str, visit: Any) -> None:
    from playwright.sync_api import expect

    page = visit(java_script_enabled=False)
    sign_up(page, "plain")
    page.goto("/competitions/photo-pairs")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Join").click()
    page.locator("input[type=file]").set_input_files(STRONG)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page).to_have_url(re.compile("/submissions/sub_"))
    for _ in range(60):  # the page asks to be loaded again by itself; here it is done by hand
        if "0.7" in page.get_by_role("main").inner_text():
            break
        page.wait_for_timeout(1000)
        page.reload()
    page.goto("/competitions/photo-pairs")
    expect(page.get_by_role("row", name=re.compile("plain"))).to_contain_text("0.9000")
    page.get_by_role("link", name="Who led").click()
    expect(page.get_by_role("main")).to_contain_text("plain")


def tab_to(page: Any, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(() => { const one = document.activeElement; "
            "return [one.getAttribute('aria-label'), one.innerText, one.labels?.[0]?.innerText, one.value]"
            ".filter(Boolean).join(' ') })()"
        )
        if name in told:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{name!r} has the focus and does not show it"
            return
    raise AssertionError(f"no way to {name!r} by keyboard")


def test_by_keyboard_from_the_home_page_to_having_joined(stack: Any, organizer: str, visit: Any) -> None:
    from playwright.sync_api import expect

    page = visit()
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skip to the content
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/signup")
    for label, text in (("User name", "keys"), ("E-mail", "keys@example.org"), ("Password", "a long enough one")):
        tab_to(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="keys")).to_be_visible()
    tab_to(page, "Photo Pairs")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/competitions/photo-pairs"))
    tab_to(page, "I accept the terms")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Submit"))).to_be_visible()


def test_words_that_mean_harm_are_shown_as_words(stack: Any, organizer: str, visit: Any, inspect: Any) -> None:
    headers = {"Authorization": f"Bearer {organizer}", "If-Match": "*"}
    with httpx2.Client(base_url=f"{stack.url}/api/v1", headers=headers, timeout=60) as client:
        given = {
            "title": HARM[0] + HARM[2], "description": " ".join(HARM), "terms": "\n\n".join(HARM) + "x" * 10_000,
        }  # fmt: skip
        client.patch("/competitions/photo-pairs", json=given).raise_for_status()
        for words in HARM:
            body = {
                "title": words[:200],
                "body": words + "\n\n[x](javascript:alert(5)) ![y](https://evil.example/z.png)",
            }
            client.post("/competitions/photo-pairs/announcements", json=body).raise_for_status()
        phase = {"name": HARM[1][:100], "description": HARM[4]}
        told = client.patch("/competitions/photo-pairs/phases/final-test", json=phase)
        assert told.status_code == 200, told.text
    page = visit(width=360)
    page.expected = [422]
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    sign_up(page, "harmless")
    for number, path in enumerate(("/", "/competitions/photo-pairs", "/competitions/photo-pairs?phase=final-test")):
        page.goto(path)
        assert HARM[0][:8] in page.inner_text("main")
        inspect(page, f"harm-{number}")
    page.goto("/?search=" + "%3Cscript%3Ealert(6)%3C/script%3E")
    page.goto("/competitions/photo-pairs?search=%22%3E%3Cimg%20src=x%20onerror=alert(7)%3E&at=x&sort=%27")
    assert not dialogs
    assert page.evaluate("document.querySelectorAll('main script, main img[src=x], main svg[onload]').length") == 0


def test_failures_are_pages_and_the_board_prints(stack: Any, organizer: str, visit: Any, inspect: Any) -> None:
    page = visit()
    page.expected = [404]
    page.goto("/no/such/page")
    assert "There is nothing at" in page.inner_text("main")
    inspect(page, "not-found")
    page.goto("/competitions/photo-pairs")
    page.emulate_media(media="print")
    assert page.locator("table.ranks").is_visible()
    for hidden in ("header.top nav", "footer.bottom", "aside", "form.asking"):
        assert not page.locator(hidden).first.is_visible(), hidden
    told = json.loads(httpx2.get(f"{stack.url}/api/v1/status").text)
    assert told["stages"]
