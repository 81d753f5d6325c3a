"""Mail switched on, towards a real little SMTP server of the test's own."""

from collections.abc import Iterator

import pytest

from tests.messages.server import MailServer, mail_on


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """The mail server that the settings name."""
    server = MailServer()
    mail_on(monkeypatch, server.port)
    yield server
    server.stop()
