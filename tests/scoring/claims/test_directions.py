"""Directions as an organizer corrects them."""

import pytest

from app.scoring.claims.directions import argues_against, corrected, direction
from app.scoring.claims.matching import Block, compare, read

TEXT = "Hair Sharpness: Image A is sharper.\nFace Noise: Image A is noisy.\nSky: Both are the same."


def test_the_parser_reads_sides_and_ties() -> None:
    reading = read(TEXT)
    assert [direction(reading, number) for number in range(3)] == ["A", "B", "tie"]


@pytest.mark.parametrize("wanted", [("B", "B", "tie"), ("A", "A", "A"), ("tie", "B", "B"), ("A", "B", "tie")])
def test_a_correction_is_what_counts(wanted: tuple[str, ...]) -> None:
    reading = read(TEXT)
    changed = corrected(reading, wanted)
    assert tuple(direction(changed, number) for number in range(3)) == wanted


def test_mixed_leaves_the_reading_and_none_at_all_leaves_all() -> None:
    reading = read(TEXT)
    assert (corrected(reading, ("mixed",) * 3).rows == reading.rows).all()
    assert corrected(reading, ()) is reading


def test_a_correction_turns_the_support_of_its_claim() -> None:
    reading = read(TEXT)
    turned = corrected(reading, ("B", "B", "tie"))
    assert compare(Block([turned]), reading).support.tolist() == [-1.0, 1.0, 1.0]


def test_the_number_of_directions_is_that_of_the_claims() -> None:
    reading = read(TEXT)
    with pytest.raises(ValueError, match="2 directions for 3 claims"):
        corrected(reading, ("A", "B"))


def test_references_that_argue_against_their_answer_are_known() -> None:
    reading = read("Hair is sharper in Image A. The face is smeared in Image B.")
    assert argues_against(reading, "B")
    assert not argues_against(reading, "A")
