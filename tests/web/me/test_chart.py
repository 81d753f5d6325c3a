"""The chart's geometry: order, scale, the line of the best."""

from datetime import UTC, datetime

from app.submissions.history import PointOut
from app.web.me.chart import HEIGHT, WIDTH, chart_of


def point(final: float | None, **more: bool) -> PointOut:
    given = {"late": False, "chosen": False, "withdrawn": False, "disqualified": False, **more}
    ci95 = None if final is None else (final - 0.1, final + 0.1)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return PointOut(ref="sub", created_at=at, message="", state="scored", final=final, ci95=ci95, **given)


def test_better_is_higher_later_is_righter_and_all_of_it_inside() -> None:
    chart = chart_of([point(0.2), point(None), point(0.6), point(0.4)])
    assert chart is not None
    first, second, third = chart.dots
    assert [dot.number for dot in chart.dots] == [1, 3, 4]
    assert first.x < second.x < third.x <= WIDTH
    assert second.y < third.y < first.y
    for dot in chart.dots:
        assert 0 <= dot.high < dot.y < dot.low <= HEIGHT
    assert chart.best == f"M{first.x} {first.y}H{second.x}V{second.y}H{WIDTH - 12}"


def test_what_was_withdrawn_raises_no_line_and_one_score_is_no_chart() -> None:
    chart = chart_of([point(0.2), point(0.9, withdrawn=True)])
    assert chart is not None
    assert "V" not in chart.best
    assert chart_of([point(0.5), point(None)]) is None
    equal = chart_of([point(0.0), point(0.0)])
    assert equal is not None
