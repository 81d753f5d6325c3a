"""What one team may have used by now, at the edges of days."""

from datetime import UTC, datetime, timedelta

import pytest

from app.competitions.models import Phase
from app.submissions.joint_use import allowed_so_far

START = datetime(2026, 3, 1, 23, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("window", "after", "days"),
    [
        ("day", timedelta(0), 1),
        ("day", timedelta(hours=1) - TICK, 1),
        ("day", timedelta(hours=1), 2),
        ("day", timedelta(hours=25), 3),
        ("rolling", timedelta(0), 1),
        ("rolling", timedelta(hours=24) - TICK, 1),
        ("rolling", timedelta(hours=24), 2),
        ("day", timedelta(days=-3), 1),
    ],
)
def test_the_daily_limit_adds_up_by_the_day(window, after, days):
    phase = Phase(starts_at=START, limit_window=window, max_submissions_per_day=5)
    assert allowed_so_far(phase, START + after) == 5 * days


def test_without_a_daily_limit_nothing_adds_up():
    assert allowed_so_far(Phase(starts_at=START, limit_window="day"), START) is None
