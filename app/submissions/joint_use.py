"""The past use of people who want to be one team, set against what one team may have used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.competitions.models import Phase
from app.competitions.service import status_of
from app.db import now
from app.submissions.errors import JointUseTooHigh
from app.submissions.limits import DAY, usage


def require(session: Session, phases: Sequence[Phase], members: list[int]) -> None:
    """Raise JointUseTooHigh, with all figures, where these participations together are above a limit."""
    excess = excess_of(session, phases, members, now(session))
    if excess:
        parts = [f"{one['used']} of {one['limit']} {one['kind']} in {one['phase']!r}" for one in excess]
        raise JointUseTooHigh(f"Together you have used {'; '.join(parts)}.", excess=excess)


def excess_of(session: Session, phases: Sequence[Phase], members: list[int], moment: datetime) -> list[dict[str, Any]]:
    """Where these participations used more of a phase than one team might have; phases that are over do not matter."""
    found = []
    for phase in phases:
        if status_of(phase, moment) == "closed" and not phase.accept_late:
            continue
        used = usage(session, phase, members)
        kinds = [
            ("in all", used.total.used, used.total.limit),
            ("today" if phase.limit_window == "day" else "in the last 24 hours", used.day.used, used.day.limit),
            ("by now", used.total.used, allowed_so_far(phase, moment)),
            ("at a time", used.concurrent.used, used.concurrent.limit),
        ]
        found += [
            {"phase": phase.slug, "kind": kind, "used": count, "limit": limit}
            for kind, count, limit in kinds
            if limit is not None and count > limit
        ]
    return found


def allowed_so_far(phase: Phase, moment: datetime) -> int | None:
    """How many submissions one entrant could have sent by this moment under the daily limit, None without one.

    >>> from datetime import UTC
    >>> start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> phase = Phase(starts_at=start, max_submissions_per_day=5, limit_window="day")
    >>> allowed_so_far(phase, start + DAY / 2), allowed_so_far(Phase(starts_at=start), start)
    (10, None)
    """
    if phase.max_submissions_per_day is None:
        return None
    midnight = phase.starts_at.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight if phase.limit_window == "day" else phase.starts_at
    return phase.max_submissions_per_day * max(1, (moment - since) // DAY + 1)
