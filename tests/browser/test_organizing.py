"""An organizer with the browser alone: makes a competition, opens it, mends its truth, announces, publishes."""

import re
from pathlib import Path
from typing import Any

from tests.browser.conftest import sign_up
from tests.conftest import ROOT

TRUTH = ROOT / "examples" / "photo-pairs" / "truth" / "development.jsonl"
EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>' \u0635\u062d\u064a\u062d \U0001f600 """ + "W" * 90
HERE = "/competitions/night-photos/organize"


def say_yes(page: Any) -> None:
    """Confirm the question in the dialog."""
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()


def saying(page: Any, words: str) -> None:
    """The page tells that it is done."""
    from playwright.sync_api import expect

    expect(page.locator(".done")).to_contain_text(words)


def organizer(stack: Any, page: Any, name: str, role: str) -> None:
    """Sign up and get the role."""
    sign_up(page, name)
    stack.python("-m", "app.accounts", "role", name, role)


def test_a_competition_from_the_browser_alone(stack: Any, visit: Any, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    page = visit()
    organizer(stack, page, "olga", "organizer")
    page.goto("/organize")
    page.get_by_role("link", name="New competition").click()
    form = page.get_by_role("region", name="By form")
    form.get_by_label("Title", exact=True).fill("Night photos")
    form.get_by_label("Everybody may join").uncheck()
    form.get_by_label("Opens").fill("2031-01-01T00:00")
    form.get_by_label("Closes").fill("")
    form.get_by_label("Truth").set_input_files(TRUTH)
    form.get_by_role("button", name="Show what would be made").click()
    page.get_by_role("button", name="Make it").click()
    saying(page, "The competition is made")
    # Opened by hand.
    page.get_by_role("link", name="Phases", exact=True).click()
    page.get_by_role("button", name="Open now").click()
    say_yes(page)
    saying(page, "The phase is open.")
    # A participant asks to join, is approved, and submits by the command line.
    ada = stack.person("ada")
    stack.palmares(ada, "join", "night-photos", "--accept-terms")
    page.get_by_role("link", name="Participants", exact=True).click()
    page.get_by_role("button", name="Approve: ada").click()
    saying(page, "Decided.")
    sent = stack.palmares(
        ada, "submit", "night-photos", ROOT / "examples" / "submissions" / "strong.zip", "--wait", "120"
    )
    ref = re.search(r"sub_\w+", sent)[0]
    # One answer of the truth was wrong.
    mended = tmp_path / "mended.jsonl"
    mended.write_text(TRUTH.read_text().replace("<answer>A</answer>", "<answer>B</answer>", 1))
    page.get_by_role("link", name="Truth", exact=True).click()
    page.get_by_label("A new version").set_input_files(mended)
    page.get_by_role("button", name="Give this version").click()
    page.get_by_role("link", name="Judge anew by this version").click()
    page.get_by_label("Reason").fill("p_000 was wrong")
    page.get_by_role("button", name="Begin; change nothing yet").click()
    expect(page.get_by_role("heading", name="Judged, not applied yet")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("row", name=re.compile("ada"))).to_contain_text("p_000 −0.")
    page.get_by_role("button", name="Apply").click()
    say_yes(page)
    saying(page, "The new scores and boards have effect.")
    # Disqualified by mistake, and taken back.
    page.get_by_role("link", name="Submissions", exact=True).click()
    page.get_by_role("group").get_by_text("Disqualify", exact=True).first.click()
    page.get_by_label("Reason").fill("Copied")
    page.get_by_role("button", name=f"Disqualify: {ref}").click()
    say_yes(page)
    saying(page, "does not count any more")
    page.get_by_role("button", name=f"Reinstate: {ref}").click()
    say_yes(page)
    saying(page, "counts again")
    # Told, and published.
    page.get_by_role("link", name="Announcements").click()
    page.get_by_label("Title").fill("The winners")
    page.get_by_label("Text (Markdown)").fill("**ada** wins.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("article", name="Preview")).to_contain_text("ada wins.")
    page.get_by_role("button", name="Announce").click()
    saying(page, "Announced.")
    page.get_by_role("link", name="Phases", exact=True).click()
    page.get_by_role("button", name="Publish").click()
    say_yes(page)
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_label("Title", exact=True).fill("Night photos, judged")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("row", name=re.compile("title"))).to_contain_text("Night photos, judged")
    page.get_by_role("button", name="Save it").click()
    saying(page, "Saved.")
    stranger = visit()
    stranger.goto("/competitions/night-photos")
    expect(stranger.get_by_role("main")).to_contain_text("Night photos, judged")
    expect(stranger.get_by_role("main")).to_contain_text("The winners")
    expect(stranger.get_by_role("row", name=re.compile("ada"))).to_be_visible()


def unfold(page: Any) -> None:
    """Open all that is folded, so that it is looked over too."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def test_organizers_pages_are_accessible_and_fit(stack: Any, visit: Any, inspect: Any) -> None:
    page = visit()
    page.goto("/login")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    for path, name in (
        ("", "overview"), ("/phases", "phases"), ("/participants", "participants"), ("/submissions", "submissions"),
        ("/truth", "truth"), ("/rescores", "rescores"), ("/integrity", "integrity"),
    ):  # fmt: skip
        page.goto(HERE + path)
        unfold(page)
        inspect(page, f"organizer-{name}")
    page.goto(f"{HERE}/rescores")
    page.locator("table a").first.click()
    inspect(page, "organizer-rescore")
    page.goto(f"{HERE}/phases")
    page.get_by_role("button", name="Close now").click()
    inspect(page, "organizer-dialog")
    page.get_by_role("dialog").get_by_role("button", name="No, go back").click()
    page.get_by_role("button", name="Deutsch").click()
    unfold(page)
    inspect(page, "organizer-deutsch")


def test_hostile_words_in_all_fields_stay_words(stack: Any, visit: Any, inspect: Any) -> None:
    page = visit()
    page.goto("/login")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.goto(f"{HERE}/announcements")
    page.get_by_label("Title").fill(EVIL)
    page.get_by_label("Text (Markdown)").fill(EVIL * 3)
    page.get_by_role("button", name="Announce").click()
    inspect(page, "organizer-announcements")
    page.goto(f"{HERE}/settings")
    for label, words in (("Title", EVIL), ("Description", EVIL + "W" * 10_000), ("Reward", EVIL)):
        page.get_by_label(label, exact=True).first.fill(words)
    unfold(page)
    page.get_by_label("Title of the page").last.fill(EVIL)
    inspect(page, "organizer-settings")
    page.get_by_role("button", name="Show what would change").click()
    inspect(page, "organizer-preview")
    page.get_by_role("button", name="Save it").click()
    saying(page, "Saved.")
    for path, name in (
        ("/audit", "audit"),
        ("/settings?how=yaml", "yaml"),
        ("", "hostile"),
        ("/phases", "hostile-phases"),
    ):
        page.goto(HERE + path)
        inspect(page, f"organizer-{name}")


def test_administrators_pages(stack: Any, visit: Any, inspect: Any) -> None:
    page = visit()
    organizer(stack, page, "root", "admin")
    for path, name in (("", "work"), ("/accounts", "accounts"), ("/settings", "settings"), ("/audit", "audit")):
        page.goto(f"/admin{path}")
        inspect(page, f"admin-{name}")
    page.goto("/organize/new")
    inspect(page, "organizer-new")
    page.goto("/admin/accounts?search=ada")
    page.get_by_role("button", name="Disable: ada").click()
    say_yes(page)
    saying(page, "Saved.")


def test_without_scripts_a_page_asks(stack: Any, visit: Any, inspect: Any) -> None:
    page = visit(java_script_enabled=False)
    sign_up(page, "zoe")
    stack.python("-m", "app.accounts", "role", "zoe", "admin")
    page.goto(f"{HERE}/phases")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Yes, do it").click()
    saying(page, "Saved.")
