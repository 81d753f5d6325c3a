"""The mechanical kinds: what they say is what their names promise."""

import unicodedata

import pytest

from app.scoring.records import Reference
from bench.probes import mechanical
from bench.probes.mechanical import LONGEST, MECHANICAL

TRUTH = [
    Reference("p_0", "A", "Face: Image A (Left) is finer; Image B (Right) is not.\nHair: Both are alike.", "person"),
    Reference("s_0", "A", "Sky: Image A is calmer.", "scene"),
    Reference("p_1", "B", "Eyes: Image B/Right is crisp.", "person"),
    Reference("p_2", "A", "Skin: Image A is softer.", "person"),
]
EXCHANGED = "Face: Image B (Right) is finer; Image A (Left) is not.\nHair: Both are alike."


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sides_exchanged", EXCHANGED),
        ("naming_first_second", "Face: The first picture is finer; the second picture is not.\nHair: Both are alike."),
        ("naming_bare", "Face: A is finer; B is not.\nHair: Both are alike."),
        (
            "negated",
            "Face: It is not true that Image A (Left) is finer; Image B (Right) is not.\n"
            "Hair: It is not true that both are alike.",
        ),
        ("headers_only", "Face:\nHair:"),
        ("other_text", "Skin: Image A is softer."),
        ("other_text_mapped", "Eyes: Image A/Left is crisp."),
    ],
)
def test_a_kind_says_what_its_name_promises(kind: str, text: str) -> None:
    assert MECHANICAL[kind](TRUTH, 0) == text


@pytest.mark.parametrize("kind", ["zero_width_exchanged", "fullwidth_exchanged"])
def test_disguises_are_the_exchanged_text_to_the_eye(kind: str) -> None:
    text = MECHANICAL[kind](TRUTH, 0)
    assert text != EXCHANGED
    assert unicodedata.normalize("NFKC", text.replace("\u200b", "")) == EXCHANGED


def test_lookalikes_hold_no_latin_vowel_a_or_o() -> None:
    assert not set(MECHANICAL["lookalike_exchanged"](TRUTH, 0)) & set("aeopcxABEHK")


def test_no_kind_is_longer_than_a_file_may_hold_and_the_long_ones_are_long() -> None:
    made = mechanical(TRUTH)
    assert max(len(text) for texts in made.values() for text in texts.values()) == LONGEST
    assert len(made["repeated_reference"]["s_0"]) == LONGEST


def test_every_run_makes_the_same_and_leaves_out_what_cannot_be_made() -> None:
    made = mechanical(TRUTH)
    assert made == mechanical(TRUTH)
    assert set(mechanical(TRUTH, frozenset({"p_1"}))["reference"]) == {"p_1"}


def test_shuffling_keeps_the_lines_and_leaves_out_a_single_one() -> None:
    truth = [Reference("p_0", "A", "\n".join(f"Part {i}: Image A is better." for i in range(9))), *TRUTH[1:]]
    shuffled = MECHANICAL["shuffled_lines"](truth, 0)
    assert shuffled != truth[0].explanation
    assert sorted(shuffled.split("\n")) == sorted(truth[0].explanation.split("\n"))
    assert MECHANICAL["shuffled_lines"](truth, 1) is None


def test_templates_name_the_right_winner() -> None:
    assert "Image B is better." in MECHANICAL["template_balanced"](TRUTH, 2)
