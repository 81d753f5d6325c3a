"""A webhook of each kind, and a receiver on this machine, which the operator allows."""

from collections.abc import Iterator

import pytest

from app.settings import settings
from app.webhooks import service
from app.webhooks.service import Owner


@pytest.fixture
def allowed(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(settings(), "webhook_allow", "127.0.0.0/8, ::1")
    yield


ALL = [
    "submission.scored", "submission.invalid", "submission.failed", "leaderboard.changed", "phase.opened",
    "phase.closed", "rescore.applied",
]  # fmt: skip


def hooked(session, who, slug=None, url="https://example.org/hook", wanted=ALL):
    """A webhook of this person, or of a competition."""
    return service.create(session, Owner(who, slug), url, list(wanted))
