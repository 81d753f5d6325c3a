"""Organizers' pages as a browser asks for them: signed in by cookie, forms as they stand in the page."""

import re
from html.parser import HTMLParser

import pytest

EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>' `x` \u202e\U0001f600"""


class Browser:
    """A signed-in browser on the test client."""

    def __init__(self, client, session, who) -> None:
        from app.accounts import service
        from app.accounts.models import Account

        account = session.get(Account, who.account_id)
        secret = service.open_session(session, account, "test")
        session.commit()
        self.client, self.cookies = client, {"palmares": secret}

    def get(self, path: str, **query):
        """A page; harmless whatever it shows."""
        self.client.cookies.update(self.cookies)
        answer = self.client.get(path, params=query or None, follow_redirects=False)
        if answer.headers["content-type"].startswith("text/html"):
            harmless(answer.text)
        return answer

    def post(self, path: str, files=None, **fields):
        """Send a form."""
        self.client.cookies.update(self.cookies)
        answer = self.client.post(path, data=fields, files=files, follow_redirects=False)
        if answer.headers.get("content-type", "").startswith("text/html"):
            harmless(answer.text)
        return answer


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def harmless(html: str) -> None:
    """Nothing that somebody wrote became a tag, a script or a style."""
    for tag, values in _Tags(html).found:
        assert not [name for name in values if name == "style" or name.startswith("on")], (tag, values)
        if tag in ("script", "img"):
            source = values.get("src") or ""
            assert source.startswith(("/static/", "/api/v1/competitions/")), (tag, values)
    assert len(re.findall(r"<h1[ >]", html)) == 1


@pytest.fixture
def browser(client, session):
    """`browser(who)` is this person's browser."""
    return lambda who: Browser(client, session, who)


@pytest.fixture
def olga(browser, world):
    """The organizer's browser."""
    return browser(world.organizer)
