"""What may be seen, by tables: freezing and publishing by the clock and by hand, names, splits, organizers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.service import Principal
from app.competitions.models import Competition, Phase
from app.competitions.visibility import frozen_since, published, view_of

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(hours=10)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def phase(**values: Any) -> Phase:
    competition = Competition(organizer_id=1, anonymous=values.pop("anonymous", False))
    return Phase(
        **{"competition": competition, "starts_at": START, "ends_at": END, "publish": "end", "board": {}, **values}
    )


@pytest.mark.parametrize(
    ("values", "hours", "since"),
    [
        ({}, 9, None),
        ({"freeze_hours": 3}, 6.9, None),
        ({"freeze_hours": 3}, 7.1, at(7)),
        ({"freeze_hours": 3}, 10, None),  # published at its end
        ({"freeze_hours": 3, "publish": "manual"}, 20, at(7)),
        ({"freeze_hours": 3, "publish": "manual", "published_at": at(12)}, 20, None),
        ({"frozen_at": at(2)}, 1, None),
        ({"frozen_at": at(2), "freeze_hours": 3}, 9, at(2)),
        ({"frozen_at": at(2), "published_at": at(4)}, 5, None),
        ({"frozen_at": at(2), "ends_at": None}, 99, at(2)),
        ({"freeze_hours": 3, "ends_at": None}, 99, None),
    ],
)
def test_a_board_stands_still_until_it_is_published(values, hours, since):
    assert frozen_since(phase(**values), at(hours)) == since


def test_published_by_the_clock_or_by_hand():
    assert [published(phase(), at(hours)) for hours in (9.9, 10)] == [False, True]
    assert [published(phase(publish="manual", published_at=at(12)), at(hours)) for hours in (11, 12)] == [False, True]
    assert not published(phase(ends_at=None), at(99))


@pytest.mark.parametrize("who", ["stranger", "organizer"])
def test_only_organizers_see_through(who):
    organizer = Principal(1, "ada", "organizer", frozenset({"organize"})) if who == "organizer" else None
    shut = phase(anonymous=True, split={"share": 0.5, "seed": 1}, freeze_hours=3)
    seen = view_of(shut, organizer, at(8))
    if organizer:
        assert (seen.frozen_at, seen.named, seen.whole, seen.boards[0]) == (None, True, True, "main")
    else:
        assert (seen.frozen_at, seen.named, seen.whole, seen.boards) == (at(7), False, False, ("public",))
    after = view_of(shut, organizer, at(10))
    assert (after.frozen_at, after.named, after.whole, after.boards) == (None, True, True, ("main", "public", "late"))
