"""The part of a board that a page shows: order, search, pages, one's own row, addresses."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import Refused
from app.leaderboards.schemas import BoardOut, Column, Row
from app.leaderboards.tops import TopOut, TopsOut
from app.web.board import BOTTOM, HEIGHT, LEFT, PAGE_ROWS, RIGHT, TOP, WIDTH, Wanted, lead_of, shown

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def board(count: int = 3, **changed: object) -> BoardOut:
    rows = [
        Row(
            rank=place, rank_ci95=(1, place + 1), participant=f"P{place:03}", ref=f"sub_{place}", mine=place == count,
            submitted_at=NOW - timedelta(hours=place), entries=place % 7,
            scores={"final": {"value": 1 - place / 1000}, "cost": {"value": float(place % 5)} if place % 2 else {}},
        )
        for place in range(1, count + 1)
    ]  # fmt: skip
    columns = [
        Column(key="final", title="Final", precision=4, primary=True),
        Column(key="cost", title="Cost", precision=1, primary=False, direction="asc"),
    ]
    return BoardOut(competition="c", phase="p", board_version=1, columns=columns, rows=rows, **changed)


def names(found) -> list[str]:
    return [row.participant for row in found.rows]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["P001", "P002", "P003"]),
        (Wanted(sort="final", order="asc"), ["P003", "P002", "P001"]),
        (Wanted(sort="participant", order="desc"), ["P003", "P002", "P001"]),
        (Wanted(sort="cost"), ["P001", "P003", "P002"]),  # cheap is good; without a value is last
        (Wanted(sort="cost", order="desc"), ["P003", "P001", "P002"]),
        (Wanted(sort="when"), ["P001", "P002", "P003"]),
        (Wanted(search=" p002"), ["P002"]),
        (Wanted(search="nobody"), []),
        (Wanted(sort="<script>", order="up", page=-4), ["P001", "P002", "P003"]),
    ],
)
def test_rows_come_as_they_are_asked_for(wanted, expected):
    assert names(shown(board(), wanted)) == expected


def test_many_rows_come_in_pages_and_ones_own_is_always_there():
    first, last = (shown(board(PAGE_ROWS * 2 + 5), Wanted(page=page)) for page in (1, 99))
    assert (len(first.rows), first.pages, first.page, len(first.own)) == (PAGE_ROWS, 3, 1, 1)
    assert (len(last.rows), last.page, last.own) == (5, 3, [])
    assert first.worst == PAGE_ROWS * 2 + 6


def test_a_moment_is_utc_and_nonsense_is_told():
    assert Wanted(at="2026-03-01T12:30").moment() == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert Wanted().moment() is None
    with pytest.raises(Refused, match="not a date"):
        Wanted(at="yesterday").moment()


def test_addresses_keep_what_is_asked_for_and_leave_out_the_usual():
    wanted = Wanted(sort="final", search="a b", page=3)
    assert wanted.address("dev", page=1) == "?phase=dev&sort=final&search=a+b#board"
    assert Wanted().address("dev") == "?phase=dev#board"


def test_the_chart_of_tops_is_a_staircase_inside_its_frame():
    tops = [
        TopOut(at=NOW + timedelta(days=day), value=value, participant="p", team=False)
        for day, value in ((0, 0.2), (5, 0.6))
    ]
    made = lead_of(TopsOut(key="final", direction="desc", as_of=None, items=tops), NOW + timedelta(days=10))
    (first, low), (second, high) = made.dots
    assert (first, second) == (LEFT, LEFT + (WIDTH - LEFT - RIGHT) / 2)
    assert TOP < high < low < HEIGHT - BOTTOM
    assert made.path == f"M{first} {low}H{second}V{high}H{WIDTH - RIGHT}"
    assert lead_of(TopsOut(key="final", direction="desc", as_of=None, items=[]), NOW) is None
    alone = lead_of(TopsOut(key="final", direction="desc", as_of=None, items=tops[:1]), NOW)
    assert alone.dots[0][0] == LEFT, "also where no time has passed"
