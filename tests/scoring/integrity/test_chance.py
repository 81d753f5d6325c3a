"""Tails against scipy's binomial and brute force; the Rasch fit finds back what made the answers."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from app.scoring.comparing import holm
from app.scoring.integrity.chance import holm_of_smallest, miss_rates, tails


def test_equal_tosses_are_binomial() -> None:
    found = tails(np.full((11, 10), 0.3), np.arange(11))
    assert found == pytest.approx(binom.sf(np.arange(11) - 1, 10, 0.3), rel=1e-12)


def test_unequal_tosses_are_counted_out_and_zeros_change_nothing() -> None:
    p = [0.1, 0.5, 0.7]
    exact = sum(
        np.prod([q if hit else 1 - q for q, hit in zip(p, hits, strict=True)])
        for hits in itertools.product([0, 1], repeat=3)
        if sum(hits) >= 2
    )
    assert tails(np.array([[*p, 0.0, 0.0]]), np.array([2])) == pytest.approx([exact])


def test_rates_follow_skill_and_hardness() -> None:
    rng = np.random.default_rng(1)
    true = 1 / (1 + np.exp(-(rng.normal(-1, 1, (200, 1)) + rng.normal(0, 1, 200))))
    wrong = rng.random(true.shape) < true
    answered = rng.random(true.shape) < 0.9
    assert np.abs(miss_rates(wrong & answered, answered) - true).mean() < 0.05


def test_the_smallest_of_a_family_are_corrected_as_in_the_whole() -> None:
    p_values = [0.001, 0.004, 0.004, 0.2, 0.9]
    assert holm_of_smallest(p_values[:3], 5) == pytest.approx(holm(p_values)[:3])
    assert holm_of_smallest([], 5) == []
