"""Accuracy: right, wrong and missing choices."""

from app.scoring.metrics import Context
from app.scoring.metrics.accuracy import per_item
from tests.scoring.standin import HashEmbed, pair_of


def test_right_is_one_wrong_and_missing_are_zero() -> None:
    pairs = [pair_of("t", "t"), pair_of("t", "t", correct=False), pair_of("t", None)]
    assert per_item(pairs, Context(HashEmbed(), gate=True, values={})).tolist() == [1.0, 0.0, 0.0]
