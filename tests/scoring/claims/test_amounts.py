"""How words beside a quality change its amount."""

import pytest

from app.scoring.claims.amounts import amounts
from app.scoring.claims.vocabulary import hits_in


@pytest.mark.parametrize(
    ("words", "axis", "amount"),
    [
        ("sharp", "sharpness", 1),
        ("less sharp", "sharpness", -1),
        ("not sharp", "sharpness", -1),
        ("not without halos", "oversharp", 1),
        ("better sharpness", "sharpness", 1),
        ("poor sharpness", "sharpness", -1),
        ("better noise control", "noise", -1),
        ("sharpness is lost", "sharpness", -1),
        ("lacks sharpness", "sharpness", -1),
        ("no halos", "oversharp", -1),
        ("too sharp", "oversharp", 1),
    ],
)
def test_it_is_turned_by_its_neighbours(words: str, axis: str, amount: float) -> None:
    split = words.split()
    found = {name: value for name, value, _ in amounts(split, list(hits_in(split)))}
    assert found[axis] == amount


def test_too_much_of_a_good_thing_is_bad() -> None:
    split = ["too", "sharp"]
    assert all(quality < 0 for _, _, quality in amounts(split, list(hits_in(split))))
