"""BERTScore-style F1: the paper's formula on rows that can be checked by hand, blank texts, and the real model."""

import numpy as np
import pytest

from app.scoring.embedding import Embedder
from app.scoring.metrics import Context
from app.scoring.metrics.bertscore import greedy_match, per_item
from tests.scoring.standin import HashEmbed, pair_of

CONTEXT = Context(HashEmbed(), gate=True, values={})
X, Y, BETWEEN = [1.0, 0.0], [0.0, 1.0], [0.6, 0.8]


def test_each_piece_takes_the_likest_of_the_other_text() -> None:
    # precision: between -> y, 0.8; recall: x -> between 0.6, y -> between 0.8
    precision, recall, f1 = greedy_match(np.array([BETWEEN]), np.array([X, Y]))
    assert (precision, recall) == (pytest.approx(0.8), pytest.approx(0.7))
    assert f1 == pytest.approx(2 * 0.8 * 0.7 / 1.5)


@pytest.mark.parametrize(("one", "other"), [([], [X]), ([X], []), ([X], [[-1.0, 0.0]])])
def test_without_pieces_or_likeness_it_is_zero(one: list[list[float]], other: list[list[float]]) -> None:
    assert greedy_match(np.array(one).reshape(-1, 2), np.array(other).reshape(-1, 2))[2] == 0.0


def test_order_of_words_does_not_matter_to_words_without_context() -> None:
    assert per_item([pair_of("sharper left hair", "hair sharper left")], CONTEXT).tolist() == [1.0]


def test_blank_and_missing_are_zero_and_not_asked() -> None:
    embed = HashEmbed()
    pairs = [pair_of("truth", ""), pair_of("truth", " \n"), pair_of("truth", None), pair_of("", "said")]
    assert per_item(pairs, Context(embed, gate=True, values={})).tolist() == [0, 0, 0, 0]
    assert embed.asked == []


def test_a_model_without_a_number_is_no_zero() -> None:
    class Broken(HashEmbed):
        def tokens(self, texts):
            return [np.full((2, 8), np.nan) for _ in texts]

    assert np.isnan(per_item([pair_of("truth", "said")], Context(Broken(), gate=True, values={}))[0])


def test_the_models_pieces_are_unit_rows_without_markers(embedder: Embedder) -> None:
    one, none, long = embedder.tokens(["sharper hair", "", "sharp " * 3_000])
    assert one.shape == (3, 384)  # sharp ##er hair
    assert np.linalg.norm(one, axis=1) == pytest.approx(1.0)
    assert (len(none), len(long)) == (0, 254)
    assert embedder.tokens([]) == []


def test_a_texts_pieces_do_not_depend_on_company(embedder: Embedder) -> None:
    alone = embedder.tokens(["Image A is sharper."])[0]
    beside = embedder.tokens(["x", "Image A is sharper.", "a longer text that needs padding " * 9])[1]
    assert alone == pytest.approx(beside, abs=1e-9)


@pytest.mark.parametrize(
    "text", [" \n\t", "!?.,;", "\u202e\u200f", "\u200b", "y" * 20_000, "清晰的图像", "صورة", "\x00"]
)
def test_no_text_breaks_it(text: str, embedder: Embedder) -> None:
    pairs = [pair_of("sharper hair", text), pair_of(text, "sharper hair"), pair_of(text, text)]
    values = per_item(pairs, Context(embedder, gate=True, values={}))
    assert ((values >= 0) & (values <= 1)).all()
