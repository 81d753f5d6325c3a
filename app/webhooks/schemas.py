"""What goes in and out over HTTP about webhooks."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from app.webhooks.events import ALL, Event

Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$")]
Events = Annotated[list[Event], Field(min_length=1, max_length=20)]


class WebhookIn(BaseModel):
    """A webhook to make: where messages go, and which events they tell of."""

    model_config = ConfigDict(extra="forbid")

    url: Url = Field(description="An https:// address.")
    events: Events = Field(default_factory=lambda: list(ALL), description="Which events it is told of.")


class WebhookChange(BaseModel):
    """What to change of a webhook; `active` switches it off, or on again."""

    model_config = ConfigDict(extra="forbid")

    url: Url = ""
    events: Events = Field(default_factory=list)
    active: StrictBool = True


class WebhookOut(BaseModel):
    """A webhook. `disabled` says why it is off, empty while it is on; `failures` counts since the last success."""

    ref: str
    competition: str | None
    url: str
    events: list[str]
    active: bool
    disabled: str
    failures: int
    created_by: str
    created_at: datetime


class WebhookMade(WebhookOut):
    """A webhook with its secret: this answer is the only place where it is shown."""

    secret: str = Field(description="Standard Webhooks, `whsec_…`.")
    old_secret_until: datetime | None = None


class WebhookList(BaseModel):
    """Webhooks, oldest first (one page holds them all)."""

    items: list[WebhookOut]
    next_cursor: str | None = None


class AttemptOut(BaseModel):
    """One try: the receiver's status and the first bytes of its answer, or an error; the time in milliseconds."""

    at: datetime
    status: int | None
    milliseconds: int
    answer: str
    error: str


class DeliveryOut(BaseModel):
    """A message and its tries. `ref` is its `webhook-id`; `next_at`: when it is tried next, while it waits."""

    ref: str
    event: str
    state: str
    tries: int
    created_at: datetime
    next_at: datetime | None
    body: str
    attempts: list[AttemptOut]


class DeliveryList(BaseModel):
    """A webhook's newest messages, newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None = None
