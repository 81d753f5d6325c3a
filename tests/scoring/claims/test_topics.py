"""What two claims are about: shared words and senses, whatever their form; sides and short words say nothing."""

import numpy as np
import pytest

from app.scoring.claims.topics import cosines, numbered


def alike(one: str, other: str) -> float:
    return float(cosines(numbered([one]), numbered([other]))[0, 0])


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ("strands apart", "strands apart", 1),
        ("strands apart", "apart the strands", 1),
        ("strands apart", "strand apart", 1),
        ("strands of imga", "strands of imgb", 1),
        ("violin candle", "violin bicycle", 0.5),
        ("violin candle", "garden bicycle", 0),
        ("her locks", "the hair", 0.5**0.5),
        ("", "", 1),
        ("", "violin candle", 0),
        ("\ud800violin", "violin", 1),
    ],
)
def test_two_claims_are_alike_by_their_words(one: str, other: str, value: float) -> None:
    assert alike(one, other) == alike(other, one) == pytest.approx(value)


def test_many_claims_at_once_give_what_each_gives_alone() -> None:
    one = ["greyish strands", "", "woven bricks, hair", "the sky"]
    other = ["strands of hair", "bricks", ""]
    alone = [[alike(a, b) for b in other] for a in one]
    assert np.array_equal(cosines(numbered(one), numbered(other)), alone)
