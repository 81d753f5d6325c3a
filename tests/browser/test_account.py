"""An account's way with a mail server: confirm the address, forget the password, make a token, lead a team, go."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.browser.conftest import sign_up
from tests.conftest import ROOT
from tests.journeys.conftest import Stack
from tests.messages.server import MailServer

HOSTILE = "<script>alert(1)</script>\u202e😀" + "x" * 40


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    """A mail server that a stack is started with."""
    server = MailServer()
    given = {
        "PALMARES_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        "PALMARES_MAIL_FROM": "Palmares <palmares@example.org>",
        "PALMARES_PUBLIC_URL": "https://palmares.example.org",
        "PALMARES_MAIL_SECONDS": "1",
    }
    os.environ.update(given)
    yield server
    for name in given:
        del os.environ[name]
    server.stop()


@pytest.fixture(scope="module")
def stack(post: MailServer) -> Iterator[Stack]:
    """A stack that mails."""
    with TemporaryDirectory(prefix="plm-j") as folder:
        running = Stack(Path(folder))
        yield running
        running.stop()


def link(page: Any, post: MailServer, subject: str) -> str:
    """The path of the link in the mail of this subject, once it has come."""
    for _ in range(100):
        found = [got for got in post.got if got.message["Subject"] == subject]
        if found:
            return re.findall(r"https://palmares\.example\.org(/\S+)", found[-1].text)[0]
        page.wait_for_timeout(200)
    raise AssertionError(f"no mail {subject!r} came; these did: {[got.message['Subject'] for got in post.got]}")


def test_from_a_confirmed_address_to_a_new_password(stack: Any, visit: Any, inspect: Any, post: MailServer) -> None:
    from playwright.sync_api import expect

    page = visit(width=360)
    sign_up(page, "ada")
    page.get_by_role("link", name="ada").click()
    expect(page.get_by_role("main")).to_contain_text("not confirmed yet")
    inspect(page, "me-account")
    page.goto(link(page, post, "Confirm your e-mail address"))
    page.get_by_role("button", name="Confirm this address").click()
    expect(page.get_by_role("main")).to_contain_text("is confirmed")

    page.goto("/me")
    page.get_by_label("Name of a new token").fill(HOSTILE)
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#secret")).to_have_text(re.compile("^plm_"))
    page.get_by_role("button", name="Copy").click()
    inspect(page, "me-token")

    page.get_by_role("button", name="Log out").click()
    page.goto("/login")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("User name or e-mail address").fill("ada@example.org")
    inspect(page, "me-forgotten")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("If there is such an account")
    page.goto(link(page, post, "Your new password"))
    inspect(page, "me-reset")
    page.locator("#password").fill("quite another one")
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("link", name="Log in").last.click()
    page.get_by_label("User name or e-mail address").fill("ada")
    page.locator("#password").fill("quite another one")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="ada")).to_be_visible()

    page.get_by_text("Delete my account …").click()
    page.get_by_label("Your user name").fill("ada")
    page.locator("#delete-password").fill("quite another one")
    page.get_by_role("button", name="Delete my account for good").click()
    expect(page.get_by_role("heading", name="The account is deleted")).to_be_visible()
    expect(page.get_by_role("link", name="Log in").first).to_be_visible()


def test_two_become_a_team_and_all_works_without_scripts(stack: Any, visit: Any, inspect: Any) -> None:
    from playwright.sync_api import expect

    organizer = stack.person("olga", "organizer")
    stack.palmares(organizer, "competition", "apply", ROOT / "examples" / "photo-pairs")
    stack.palmares(organizer, "competition", "set", "photo-pairs", "team_size=3")
    pages = {}
    for name in ("grace", "ken"):
        page = pages[name] = visit(java_script_enabled=False)
        sign_up(page, name)
        page.goto("/competitions/photo-pairs?phase=development")
        page.get_by_role("checkbox").check()
        page.get_by_role("button", name=re.compile("join", re.I)).click()
    grace, ken = pages["grace"], pages["ken"]
    grace.get_by_role("link", name="Team", exact=True).click()
    grace.get_by_label("Name of the team").fill("<b>We</b> & 😀")
    grace.get_by_role("button", name="Make it").click()
    grace.get_by_label("Ask a participant").fill("ken")
    grace.get_by_role("button", name="Invite").click()
    ken.goto("/me")
    ken.get_by_role("main").get_by_role("link", name="photo-pairs").click()
    ken.get_by_role("button", name="Accept").click()
    expect(ken.get_by_role("heading", name="<b>We</b> & 😀")).to_be_visible()

    sent = ROOT / "examples" / "submissions"
    ken.goto("/competitions/photo-pairs?phase=development")
    ken.locator("input[type=file]").set_input_files(sent / "invalid.zip")
    ken.get_by_role("button", name="Check only").click()
    expect(ken.get_by_role("main")).to_contain_text("5 things are wrong")
    ken.locator("input[type=file]").set_input_files(sent / "strong.zip")
    ken.get_by_label("Message").fill(HOSTILE)
    ken.get_by_role("button", name="Submit", exact=True).click()
    expect(ken).to_have_url(re.compile("/submissions/sub_"))
    ref = ken.url.rpartition("/")[2]
    grace.goto("/submissions")
    expect(grace.get_by_role("link", name=ref)).to_be_visible()  # a team's are everybody's
    looked = visit(storage_state=grace.context.storage_state())
    looked.goto("/competitions/photo-pairs/team")
    inspect(looked, "me-team")
    looked.goto("/submissions")
    inspect(looked, "me-everywhere")
