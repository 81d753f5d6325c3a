"""Intervals against scipy's bootstrap, against exact cases, and by what resampling must and must not do."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from app.scoring import interval
from app.scoring.interval import needs_wilson, percentile, resample, wilson


def test_it_agrees_with_scipy_on_one_stratum() -> None:
    values = np.random.default_rng(1).beta(2, 3, size=(60, 1))
    mine = percentile(resample(values, ["x"] * 60, 20_000, 0).overall[:, 0], float(values.mean()))
    theirs = bootstrap((values[:, 0],), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2))
    assert mine == pytest.approx(tuple(theirs.confidence_interval), abs=0.004)


def test_the_spread_is_that_of_the_strata_not_of_their_difference() -> None:
    """Two categories far apart but constant within: nothing can vary, though the items do."""
    values = np.array([[0.2]] * 30 + [[0.9]] * 10)
    means = resample(values, ["person"] * 30 + ["scene"] * 10, 500, 0)
    assert means.overall == pytest.approx(np.full((500, 1), values.mean()))
    assert means.strata["person"] == pytest.approx(np.full((500, 1), 0.2))
    assert means.strata["scene"] == pytest.approx(np.full((500, 1), 0.9))
    assert resample(values, [None] * 40, 500, 0).overall.std() > 0.03


def test_the_standard_error_is_the_stratified_one() -> None:
    rng = np.random.default_rng(3)
    values = rng.random((90, 1))
    strata = ["a"] * 60 + [None] * 30
    parts = [(values[:60], 60), (values[60:], 30)]
    expected = np.sqrt(sum(n * part.var() for part, n in parts)) / 90
    assert resample(values, strata, 20_000, 0).overall.std() == pytest.approx(expected, rel=0.03)


def test_metrics_share_the_resample() -> None:
    values = np.random.default_rng(4).random((50, 2))
    both = np.column_stack([values, 0.5 * values[:, 0] + 0.5 * values[:, 1]])
    means = resample(both, ["a", "b"] * 25, 300, 0).overall
    assert means[:, 2] == pytest.approx(0.5 * means[:, 0] + 0.5 * means[:, 1], abs=1e-12)


def test_overall_is_the_mean_of_the_strata_by_their_size() -> None:
    values = np.random.default_rng(5).random((40, 1))
    means = resample(values, ["a"] * 10 + ["b"] * 30, 200, 0)
    assert means.overall == pytest.approx(0.25 * means.strata["a"] + 0.75 * means.strata["b"])


def test_the_seed_decides_and_chunks_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(6).random((30, 2))
    whole = resample(values, ["a"] * 30, 200, 11).overall
    monkeypatch.setattr(interval, "CELLS", 100)
    assert resample(values, ["a"] * 30, 200, 11).overall == pytest.approx(whole, abs=1e-14)
    assert (resample(values, ["a"] * 30, 200, 12).overall != whole).any()


def test_one_item_has_one_mean() -> None:
    assert (resample(np.array([[0.3]]), [None], 100, 0).overall == 0.3).all()


@pytest.mark.parametrize("value", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_the_interval_holds_the_value_and_stays_in_range(value: float) -> None:
    low, high = percentile(np.linspace(0.1, 0.9, 100), value)
    assert 0 <= low <= value <= high <= 1


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 12), (12, 12), (7, 12), (93, 102), (25, 26)])
def test_wilson_is_the_textbook_formula(hits: int, n: int) -> None:
    z, p = 1.959963984540054, hits / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = wilson(hits, n)
    assert (low, high) == pytest.approx(
        ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)), abs=1e-9
    )
    assert 0 <= low <= p <= high <= 1
    assert binomtest(hits, n).proportion_ci(method="wilson").low == pytest.approx(low, abs=1e-9)


@pytest.mark.parametrize(
    ("hits", "n", "needed"), [(20, 29, True), (20, 30, False), (0, 100, True), (100, 100, True), (99, 100, False)]
)
def test_wilson_is_for_few_items_or_none_that_differ(hits: int, n: int, needed: bool) -> None:
    assert needs_wilson(hits, n) is needed
