"""Semantic similarity: cosines against numpy, blank texts, and what is asked of the model."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from app.scoring.embedding import COSINE_ERROR, Embedder
from app.scoring.metrics import Context
from app.scoring.metrics.semantic import per_item
from app.scoring.records import Reference
from tests.scoring.standin import HashEmbed, pair_of


class Fixed:
    """Rows given by a table."""

    model_hash = "0" * 64

    def __init__(self, rows: dict[str, list[float]]) -> None:
        self.rows = rows

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        return np.array([self.rows[text] for text in texts], dtype=np.float32)


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ([1, 0], 1.0),
        ([0.6, 0.8], 0.6),
        ([0, 1], 0.0),
        ([-1, 0], 0.0),
        ([1.0000001, 0], 1.0),
        ([0.12346, 0.9], 0.1235),
    ],
)
def test_it_is_the_cosine_clipped_and_rounded(row: list[float], value: float) -> None:
    embed = Fixed({"truth": [1, 0], "said": row})
    assert per_item([pair_of("truth", "said")], Context(embed, gate=True, values={})).tolist() == [value]


def test_it_agrees_with_numpy_row_by_row() -> None:
    pairs = [pair_of(f"truth {i}", f"said {i}") for i in range(20)]
    embed = HashEmbed()
    direct = [np.dot(embed([p.reference.explanation])[0], embed([p.explanation])[0]) for p in pairs]
    assert per_item(pairs, Context(embed, gate=True, values={})) == pytest.approx(direct, abs=0.5e-4)


def test_blank_and_missing_are_zero_and_not_asked() -> None:
    embed = HashEmbed()
    pairs = [
        pair_of("truth", ""),
        pair_of("truth", " \n"),
        pair_of("truth", None),
        pair_of("", "said"),
        pair_of("t", "t"),
    ]
    assert per_item(pairs, Context(embed, gate=True, values={})).tolist() == [0, 0, 0, 0, 1]
    assert embed.asked == ["t", "t"]


def test_nothing_said_asks_nothing() -> None:
    embed = HashEmbed()
    assert per_item([pair_of("truth", None)], Context(embed, gate=True, values={})).tolist() == [0.0]
    assert embed.asked == []


def test_a_model_without_a_number_is_no_zero() -> None:
    embed = Fixed({"truth": [1, 0], "said": [float("nan"), 0]})
    assert np.isnan(per_item([pair_of("truth", "said")], Context(embed, gate=True, values={}))[0])


class Noisy:
    """The real model on another machine: whatever is not asked to be exact differs a little, each time otherwise."""

    def __init__(self, embedder: Embedder, seed: int) -> None:
        self.embedder, self.drawn, self.exactly = embedder, np.random.default_rng(seed), 0
        self.model_hash = embedder.model_hash

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        rows = self.embedder(texts, exact=exact)
        self.exactly += exact * len(texts)
        noise = self.drawn.uniform(-1, 1, rows.shape) * COSINE_ERROR / 4
        return rows if exact else (rows + noise).astype(np.float32)


def test_the_digits_do_not_depend_on_the_machine(embedder: Embedder, raim: list[Reference]) -> None:
    pairs = [pair_of(one.explanation, other.explanation) for i, one in enumerate(raim) for other in raim[i : i + 5]]
    wide = [np.dot(*embedder([p.reference.explanation, p.explanation], exact=True).astype(float)) for p in pairs]
    usual = np.round(np.clip(wide, 0, 1), 4).tolist()
    for seed in range(5):
        noisy = Noisy(embedder, seed)
        found = per_item(pairs, Context(noisy, gate=True, values={})).tolist()
        assert found == usual
        assert 0 < noisy.exactly < len(pairs) / 4
