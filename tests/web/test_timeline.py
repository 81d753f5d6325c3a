"""Phases on a line: in order, to scale, side by side where they overlap."""

from datetime import UTC, datetime, timedelta

from app.web.timeline import WIDTH, line_of
from tests.web.test_pages import phase

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def test_phases_are_to_scale_and_the_moment_stands_between_them():
    phases = [phase(slug="a", starts_at=day(0), ends_at=day(10)), phase(slug="b", starts_at=day(10), ends_at=day(40))]
    made = line_of(phases, day(20))
    assert [(bar.slug, bar.x, bar.width, bar.row) for bar in made.bars] == [("a", 0, 250, 0), ("b", 250, 750, 0)]
    assert (made.now, made.rows) == (500, 1)
    assert line_of(phases, day(50)).now is None


def test_those_that_overlap_take_another_row_and_one_without_end_goes_on():
    phases = [phase(slug="a", starts_at=day(0), ends_at=None), phase(slug="b", starts_at=day(5), ends_at=day(6))]
    made = line_of(phases, day(10))
    assert [bar.row for bar in made.bars] == [0, 1]
    assert made.bars[0].width == WIDTH
    assert 0 < made.now < WIDTH


def test_one_phase_needs_no_line():
    assert line_of([phase()], START) is None
