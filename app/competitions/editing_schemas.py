"""What an organizer may change of a competition and a phase over HTTP; a field that is not sent stays as it is."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Header
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from app.competitions.rules import BoardRule, Overall, Split
from app.competitions.schemas import Instant

# PostgreSQL keeps no NUL.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Line = Annotated[str, Field(pattern=r"^[^\x00]*$", min_length=1, max_length=200)]
Count = Annotated[StrictInt | None, Field(ge=1, le=1_000_000)]
Relative = Annotated[str, Field(pattern=r"^(now|\+[0-9]{1,4}[mhdw])$")]
IfMatch = Annotated[str | None, Header(description="ETag of the competition, or `*` for whatever it is now.")]
Moment = Instant | Relative
"""A time with its zone, or one by the server's clock: `now`, `+30m`, `+2h`, `+3d`, `+1w`."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def resolved(given: datetime | str | None, now: datetime) -> datetime | None:
    """The moment that is meant, by this clock.

    >>> from datetime import UTC
    >>> resolved("+2h", datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
    '2026-01-01T02:00:00+00:00'
    """
    if not isinstance(given, str):
        return given
    match = re.fullmatch(r"\+(\d+)([mhdw])", given)
    return now + timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else now


class _Edit(BaseModel):
    # The defaults below are never used: only what was sent is.
    model_config = ConfigDict(extra="forbid")


class PhaseEdit(_Edit):
    """Changes of a phase. `frozen` and `published` stamp the present moment, or take the stamp away."""

    name: Line = ""
    description: Text = ""
    starts_at: Moment = "now"
    ends_at: Moment | None = None
    max_submissions_per_day: Count = None
    max_submissions: Count = None
    limit_window: Literal["day", "rolling"] = "day"
    max_concurrent: Count = None
    max_invalid_per_day: Count = None
    paused: StrictBool = False
    accept_late: StrictBool = False
    gate: str | None = None
    carry_from: str | None = None
    freeze_hours: Annotated[StrictInt | None, Field(ge=1, le=8760)] = None
    frozen: StrictBool = False
    publish: Literal["end", "manual"] = "end"
    published: StrictBool = False
    board: BoardRule = BoardRule()
    split: Split | None = None
    show_items: StrictBool = False


class CompetitionEdit(_Edit):
    """Changes of a competition. Other `terms` are a new version of them."""

    title: Line = ""
    description: Text = ""
    terms: Text = ""
    contact_email: Annotated[str, Field(pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?$", max_length=254)] = ""
    anonymous: StrictBool = False
    team_size: Annotated[StrictInt, Field(ge=1, le=100)] = 1
    overall: Overall | None = None
    registration_auto_approve: StrictBool = False
    allowed_emails: list[Annotated[str, Field(pattern=r"^[^@\s\x00]*@[^@\s\x00]+$", max_length=254)]] = []


class Edited(BaseModel):
    """What was changed, and the version that it made (`If-Match` of the next change)."""

    slug: str
    version: int
    changes: list[dict[str, Any]]


class OrganizedOut(BaseModel):
    """A competition that somebody organizes; `owner`: it is theirs. Deleted ones can be restored until then."""

    slug: str
    title: str
    owner: bool
    deleted_at: datetime | None
    restorable_until: datetime | None


class OrganizedList(BaseModel):
    """All of them, newest first."""

    items: list[OrganizedOut]
    next_cursor: str | None = None
