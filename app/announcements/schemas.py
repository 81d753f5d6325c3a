"""What goes in and out over HTTP about announcements."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

# PostgreSQL holds no NUL, and a title is one line.
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]+$")]


class AnnouncementIn(BaseModel):
    """Something to announce; with `mail`, also by mail to the approved participants who want it."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    body: Body = Field(description="Markdown.")
    mail: StrictBool = False


class AnnouncementChange(BaseModel):
    """What to change; nothing is mailed again."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    body: Body = ""


class AnnouncementOut(BaseModel):
    """An announcement; `body` is Markdown."""

    ref: str
    title: str
    body: str
    author: str
    created_at: datetime
    edited_at: datetime | None


class AnnouncementMade(AnnouncementOut):
    """A new announcement, and to how many it is mailed."""

    mails: int


class MailsOut(BaseModel):
    """How many mails of an announcement are sent, wait, or could not be sent."""

    sent: int
    waiting: int
    failed: int


class AnnouncementList(BaseModel):
    """A competition's announcements, newest first (one page holds them all)."""

    items: list[AnnouncementOut]
    next_cursor: str | None = None
