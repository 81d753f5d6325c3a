"""METEOR: nltk's published examples, where synonyms play no part, and texts that have none."""

import pytest

from app.scoring.metrics import Context
from app.scoring.metrics.meteor import per_item
from tests.scoring.standin import HashEmbed, pair_of

CONTEXT = Context(HashEmbed(), gate=True, values={})
ODD = ["", " \n\t", "!?.,;", "\u202e\u200f", "\u200b", "y" * 20_000, "sharp " * 3_000, "清晰的图像", "صورة", "\x00"]


def test_it_is_nltks_own_documented_example() -> None:
    # 0.6944 in the docstring of nltk's single_meteor_score; none of the words there meets by a synonym.
    said = "It is a guide to action which ensures that the military always obeys the commands of the party"
    told = "It is a guide to action that ensures that the military will forever heed Party commands"
    assert round(per_item([pair_of(told, said)], CONTEXT)[0], 4) == 0.6944


@pytest.mark.parametrize(
    ("told", "said", "value"),
    [
        ("sharper", "sharper", 0.5),  # one chunk of one match: the penalty is a half
        ("sharpened edges", "sharpening edge", 1 - 0.5 / 8),  # by stem; one chunk of two matches
        ("big", "large", 0.0),  # a synonym, which nobody knows here
        ("sharper hair", "softer skin", 0.0),
    ],
)
def test_words_meet_exactly_or_by_stem(told: str, said: str, value: float) -> None:
    assert per_item([pair_of(told, said)], CONTEXT)[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_no_text_breaks_it(text: str) -> None:
    values = per_item([pair_of("sharper hair", text), pair_of(text, "sharper hair"), pair_of(text, text)], CONTEXT)
    assert ((values >= 0) & (values <= 1)).all()


def test_missing_and_blank_are_zero() -> None:
    assert per_item([pair_of("sharper", None), pair_of("sharper", " "), pair_of("", "x")], CONTEXT).tolist() == [
        0,
        0,
        0,
    ]
