"""Entailment: recall and precision of sentences, what is nothing, and the real CrossEncoder through judge()."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.scoring.entailment import NliModel
from app.scoring.judging import judge
from app.scoring.metrics import nli
from app.scoring.metrics.metric import Context
from app.scoring.plan import load
from app.scoring.records import Pair
from tests.scoring.nli import make_nli
from tests.scoring.standin import HashEmbed, own, pair_of, references


class WordEntail:
    """Equal sentences entail; sentences that differ in `not` contradict; all else is neutral."""

    model_hash = "e" * 64

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        def row(premise: str, hypothesis: str) -> tuple[float, float]:
            if premise == hypothesis:
                return 1.0, 0.0
            return (0.0, 1.0) if premise.replace("not ", "") == hypothesis.replace("not ", "") else (0.0, 0.0)

        return np.array([row(*pair) for pair in pairs])


def value(pair: Pair, *, gate: bool = True) -> float:
    context = Context(embed=HashEmbed(), gate=gate, values={}, entail=WordEntail())
    return float(nli.per_item([pair], context)[0])


EXPERT = "Hair is fine. Face is not sharp."


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (EXPERT, 1.0),
        ("Face is not sharp.\nHair is fine.", 1.0),
        ("Hair is fine.", 0.666667),  # recall 1/2, precision 1
        ("Hair is fine. Sky is blue.", 0.5),
        ("Sky is blue.", 0.0),
        ("Hair is not fine. Face is sharp.", 0.0),
        ("Hair is fine. Face is sharp.", 0.5),
        ("  \n", 0.0),
        (None, 0.0),
        ("- \n ***", 0.0),
    ],
)
def test_sentences_found_again_both_ways(told: str | None, expected: float) -> None:
    assert value(pair_of(EXPERT, told)) == expected


def test_nothing_can_be_found_in_a_blank_reference() -> None:
    assert value(pair_of(" ", "Hair is fine.")) == 0.0


def test_the_gate_closes_on_a_wrong_choice() -> None:
    assert value(pair_of(EXPERT, EXPERT, correct=False)) == 0.0
    assert value(pair_of(EXPERT, EXPERT, correct=False), gate=False) == 1.0


def test_a_long_text_is_read_up_to_a_bound() -> None:
    assert len(nli.sentences("A is better.\n" * 1000)) == nli.MOST_SENTENCES


def test_the_real_cross_encoder_gives_the_same_column_in_any_order(tmp_path: Path) -> None:
    # given
    entail = NliModel.load(make_nli(tmp_path / "tiny"), "cpu")
    plan = load({"cross_encoder": "tiny"})
    truth = references(9)
    answers = [
        own(one, explanation=f"The face is finer in b. {truth[-1 - i].explanation}") for i, one in enumerate(truth)
    ]

    # when
    report = judge(truth, answers, plan, HashEmbed(), entail=entail)
    shuffled = judge(truth, random.Random(1).sample(answers, 9), plan, HashEmbed(), entail=entail)
    alone = [
        judge([one], [answer], plan, HashEmbed(), entail=entail).items[0]["explanation.nli"]
        for one, answer in zip(truth, answers, strict=True)
    ]

    # then
    column = [item["explanation.nli"] for item in report.items]
    assert column == [item["explanation.nli"] for item in shuffled.items] == alone
    assert all(0 <= one <= 1 for one in column)
    assert report.scores["explanation.nli"].value == pytest.approx(np.mean(column))
    assert f"|nli:{entail.model_hash[:8]}|" in report.signature
    assert report.final.value == judge(truth, answers, load(), HashEmbed()).final.value
