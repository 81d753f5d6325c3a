"""The names of the sides in the experts' style."""

import pytest

from app.scoring.records import Reference
from bench.probes.sides import exchanged, renamed, turnable, turned

TEXT = "Face: Image A (Left) is finer than Image B (Right).\nSky: Both are alike.\nHair: Image B is sharper."


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Image A/Left is soft.", "Image B/Right is soft."),
        ("the left image, and the right one", "the right image, and the left one"),
        ("Face, Left Person: A faint grid is left on the right eye.", None),
        ("Between Image A and Image B.", "Between Image B and Image A."),
    ],
)
def test_sides_are_exchanged_and_nothing_else(text: str, other: str | None) -> None:
    assert exchanged(text) == (other or text)


def test_exchanging_twice_is_the_text_itself(raim: list[Reference]) -> None:
    for reference in raim:
        assert exchanged(reference.explanation) != reference.explanation
        assert exchanged(exchanged(reference.explanation)) == reference.explanation


def test_names_begin_a_sentence_with_a_capital() -> None:
    names = {"A": "the first", "B": "the second"}
    assert renamed(TEXT, names).startswith("Face: The first is finer than the second.\n")


def test_a_tie_cannot_be_turned() -> None:
    assert [turnable(line) for line in TEXT.split("\n")] == [True, False, True]


def test_claims_are_turned_one_by_one_until_there_is_none() -> None:
    assert turned(TEXT, 0) == TEXT
    assert turned(TEXT, 1).endswith("Hair: Image B is sharper.")
    assert turned(TEXT, 2).endswith("Hair: Image A is sharper.")
    assert turned(TEXT, 3) is None
