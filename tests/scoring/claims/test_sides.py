"""The names of the two images: every way in which texts say them, and what only looks like a name."""

import pytest

from app.scoring.claims.sides import named
from tests.scoring.clock import cpu_seconds


def sides(text: str) -> str:
    return " ".join(named(text).split())


@pytest.mark.parametrize(
    "text",
    [
        "Image A is crisp, image B blurry",
        "Image A (Left) is crisp, Image B (Right) blurry",
        "Image A/Left is crisp, Image B/Right blurry",
        "A is crisp, B blurry",
        "The left photo is crisp, the right one blurry",
        "the left-hand shot is crisp, the right-hand shot blurry",
        "The first picture is crisp, the second blurry",
        "The former is crisp, the latter blurry",
        "Picture one is crisp, picture two blurry",
        "Option 1 is crisp, option 2 blurry",
        "Left is crisp, the right blurry",
        "Іmаgе А is crisp, imаge В blurry",
        "Ima\u200bge A is crisp, image\u00a0B blurry",
        "\uff29\uff4d\uff41\uff47\uff45 \uff21 is crisp, image B blurry",
    ],
)
def test_every_way_to_name_them_is_one(text: str) -> None:
    assert sides(text) == "imga is crisp, imgb blurry"


@pytest.mark.parametrize(
    "text",
    [
        "A cleaner look with a bit of grain",
        "The wrinkle to the right of the eye",
        "Her left hand and right shoulder",
        "Nothing is left of it, all right",
        "The first impression",
    ],
)
def test_what_only_looks_like_a_name_is_none(text: str) -> None:
    assert "img" not in named(text)


@pytest.mark.parametrize(
    "text", ["Both images are noisy", "Image A and Image B are noisy", "The two photos are noisy", "A and B are noisy"]
)
def test_both_are_both(text: str) -> None:
    assert sides(text) == "imgab are noisy"


def test_the_other_is_the_one_not_named_last() -> None:
    assert sides("Image A is crisp, the other one is not") == "imga is crisp, imgb is not"


@pytest.mark.parametrize(
    "hostile",
    ["image " + " " * 20_000, "left " * 4_000, "A" * 20_000, "the " * 5_000, "(A/" * 6_000, "\u200b" * 20_000],
)
def test_no_text_takes_much_longer_than_an_ordinary_one(hostile: str) -> None:
    ordinary = "Image A is sharper in the hair, Image B is blurry. " * 400
    assert cpu_seconds(lambda: named(hostile)) < 20 * cpu_seconds(lambda: named(ordinary))
