"""Limits: what an entrant has used of a phase, what is left, and when the next submission is possible.

Decision: nothing is kept but the submissions themselves, counted anew under the entrant's lock. So a failure gives back
what it took by itself, and no counter can be wrong. A submission counts by the judgement that has effect: one that
failed (our fault) or was cancelled never counts, an invalid one only within its own allowance, one that was carried
from another phase never, and a re-scoring changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, Subquery, and_, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.competitions.entrants import members_of
from app.competitions.models import Participation, Phase
from app.db import now
from app.settings import settings
from app.submissions.errors import LimitReached
from app.submissions.models import TERMINAL, Evaluation, Submission

DAY = timedelta(days=1)
NAMED = 3
"""So many of the submissions that must end first are named."""


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of limit: how much of it is used, and when the next of it is free (None: not by the clock)."""

    limit: int | None
    used: int
    frees_at: datetime | None = None

    @property
    def left(self) -> int | None:
        """What is left, None where there is no limit."""
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is used and left in a phase, and when the next submission is possible."""

    moment: datetime
    window: str
    day: Use
    total: Use
    concurrent: Use
    invalid: Use
    running: tuple[str, ...] = ()
    # No submission is taken from then on, None where there is no such moment.
    ends_at: datetime | None = None
    team: str | None = None

    @property
    def blocks(self) -> list[tuple[str, datetime | None]]:
        """Why nothing can be submitted now: each reason, and until when it holds (None: the clock does not end it)."""
        span = "today" if self.window == "day" else "the last 24 hours"
        utc = " (UTC)" if self.window == "day" else ""
        if self.total.left == 0:
            return [(f"All {self.total.limit} submissions of this phase are used.", None)]
        found: list[tuple[str, datetime | None]] = []
        if self.concurrent.left == 0:
            names = ", ".join(self.running[:NAMED]) + (" or another" if self.concurrent.used > NAMED else "")
            text = f"Only {self.concurrent.limit} at a time may wait for their score; wait until one ends: {names}."
            found.append((text, None))
        if self.day.left == 0:
            found.append((f"All {self.day.limit} submissions of {span} are used{utc}.", self.day.frees_at))
        if self.invalid.left == 0:
            when = f"today{utc}" if self.window == "day" else f"in {span}"
            text = f"{self.invalid.used} invalid submissions {when}; check files first: `palmares validate`."
            found.append((text, self.invalid.frees_at))
        return found

    @property
    def reason(self) -> str:
        """Why nothing can be submitted now, empty where it can."""
        texts = [text for text, _ in self.blocks]
        if texts and self._by_clock is not None and self.next_possible_at is None:
            texts.append("The phase ends before that.")
        return " ".join(texts)

    @property
    def _by_clock(self) -> datetime | None:
        """The moment from which no reason holds any more, None where the clock alone does not bring it."""
        ends = [end for _, end in self.blocks]
        known = [end for end in ends if end is not None]
        return max(known, default=self.moment) if len(known) == len(ends) else None

    @property
    def next_possible_at(self) -> datetime | None:
        """Now, or when the last reason ends; None where the clock does not say it: never, or after another ended."""
        at = self._by_clock
        return None if at is not None and self.ends_at is not None and at >= self.ends_at else at


def limits_of(session: Session, phase: Phase, participation: Participation) -> Limits:
    """What the participation's entrant used of this phase. Exact while the entrant is held (`entrants.hold`)."""
    team = participation.team.name if participation.team is not None else None
    return usage(session, phase, members_of(session, participation), team)


def usage(session: Session, phase: Phase, members: list[int], team: str | None = None) -> Limits:
    """What these participations used of the phase together."""
    moment = now(session)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    by_day = phase.limit_window == "day"
    whose = {"phase_id": phase.id, "members": members, "since": midnight if by_day else moment - DAY}
    row = session.execute(_COUNTS[phase.limit_window], whose).one()

    def used(limit: int | None, count: int, valid: bool) -> Use:
        frees = midnight + DAY if by_day else _leaves(session, whose | {"valid": valid}, limit, count)
        return Use(limit, count, frees)

    allowance = settings().invalid_per_day if phase.max_invalid_per_day is None else phase.max_invalid_per_day
    concurrent = Use(phase.max_concurrent, row.running)
    return Limits(
        moment=moment,
        window=phase.limit_window,
        day=used(phase.max_submissions_per_day, row.day, valid=True),
        total=Use(phase.max_submissions, row.total),
        concurrent=concurrent,
        invalid=used(allowance, row.invalid, valid=False),
        running=tuple(session.scalars(_RUNNING, whose)) if concurrent.left == 0 else (),
        ends_at=None if phase.accept_late else phase.ends_at,
        team=team,
    )


def _submissions() -> Subquery:
    """What costs something of a limit: id, ref, time and the state of the judgement that has effect."""
    any_version = aliased(Evaluation)
    effective = (any_version.submission_id == Submission.id, any_version.effective_at.is_not(None))
    newest = select(func.max(any_version.version)).where(*effective).scalar_subquery()
    return (
        select(Submission.id, Submission.ref, Submission.created_at, Evaluation.state)
        .join(Evaluation, (Evaluation.submission_id == Submission.id) & (Evaluation.version == newest))
        .where(
            Submission.phase_id == bindparam("phase_id"),
            Submission.participation_id == any_(bindparam("members", type_=ARRAY(Integer))),
            Submission.carried_from_id.is_(None),
            Evaluation.state != "failed",
            Evaluation.state != "cancelled",
        )
        .subquery()
    )


# Built once: every upload asks these, and to build them takes longer than to answer them.
_SENT = _submissions()
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_RECENT = {"day": _SENT.c.created_at >= _SINCE, "rolling": _SENT.c.created_at > _SINCE}
_RUNS = and_(*(_SENT.c.state != state for state in TERMINAL))
_COUNTS = {
    window: select(
        func.count().filter(_SENT.c.state != "invalid").label("total"),
        func.count().filter(_SENT.c.state != "invalid", recent).label("day"),
        func.count().filter(_SENT.c.state == "invalid", recent).label("invalid"),
        func.count().filter(_RUNS).label("running"),
    ).select_from(_SENT)
    for window, recent in _RECENT.items()
}
_RUNNING = select(_SENT.c.ref).where(_RUNS).order_by(_SENT.c.id).limit(NAMED)
_TIMES = (
    select(_SENT.c.created_at)
    .where(_RECENT["rolling"], (_SENT.c.state != "invalid") == bindparam("valid", type_=Boolean))
    .order_by(_SENT.c.created_at, _SENT.c.id)
    .offset(bindparam("surplus"))
    .limit(1)
)


def _leaves(session: Session, whose: dict[str, Any], limit: int | None, count: int) -> datetime | None:
    """When so many have left the rolling window that there is room for one more; None where the window is empty."""
    surplus = 0 if limit is None else max(0, count - limit)
    leaver = session.scalar(_TIMES, whose | {"surplus": surplus})
    return None if leaver is None else leaver + DAY


def require_room(limits: Limits) -> None:
    """Raise LimitReached where nothing can be submitted now."""
    if limits.reason:
        possible = limits.next_possible_at
        wait = int((possible - limits.moment).total_seconds()) + 1 if possible else None
        raise LimitReached(limits.reason, next_possible_at=possible.isoformat() if possible else None, retry_after=wait)
