"""A webhook of each kind, and a receiver on this machine, which the operator allows."""

import pytest

from app.settings import settings
from app.webhooks import service
from app.webhooks.events import ALL
from app.webhooks.service import Owner


@pytest.fixture
def allowed(monkeypatch) -> None:
    monkeypatch.setattr(settings(), "webhook_allow", "127.0.0.0/8, ::1")
    return


def hooked(session, who, slug=None, url="https://example.org/hook", wanted=ALL):
    """A webhook of this person, or of a competition."""
    return service.create(session, Owner(who, slug), url, list(wanted))
