"""What `palmares webhook …` and `palmares publisher …` print with `--json`: who else is told, and who else may."""

from __future__ import annotations

from typing_extensions import TypedDict


class Webhook(TypedDict):
    """A webhook. `disabled` says why it is off, empty while it is on; `failures` counts since the last success."""

    ref: str
    competition: str | None
    url: str
    events: list[str]
    active: bool
    disabled: str
    failures: int
    created_by: str
    created_at: str


class WebhookMade(Webhook):
    """A webhook with its secret, shown this once."""

    secret: str
    old_secret_until: str | None


class Webhooks(TypedDict):
    """Webhooks, oldest first."""

    items: list[Webhook]


class Attempt(TypedDict):
    """One try: the receiver's status and the first bytes of its answer, or an error."""

    at: str
    status: int | None
    milliseconds: int
    answer: str
    error: str


class Delivery(TypedDict):
    """A message and its tries; `next_at`: when it is tried next, while it waits."""

    ref: str
    event: str
    state: str
    tries: int
    created_at: str
    next_at: str | None
    body: str
    attempts: list[Attempt]


class Deliveries(TypedDict):
    """A webhook's newest messages, newest first."""

    items: list[Delivery]


class Publisher(TypedDict):
    """CI jobs that may submit for you to a competition."""

    ref: str
    competition: str
    issuer: str
    claims: dict[str, str]


class Publishers(TypedDict):
    """Your publishers, oldest first."""

    items: list[Publisher]
