"""judge(): what the numbers mean, what may not change them, and what must stop them. With a stand-in for the model."""

import dataclasses
import json
import math
import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from app.scoring.embedding import Embedder, ModelUnavailable
from app.scoring.judging import judge
from app.scoring.metrics import CATALOGUE, Context, Metric, MetricFailed
from app.scoring.plan import Plan, load
from app.scoring.records import Answer, Pair, Reference
from app.scoring.report import Report
from bench.probes.sides import exchanged
from tests.scoring.standin import HashEmbed, own, references

PARTS = ["explanation.claims", "explanation.direction", "explanation.semantic", "explanation.rouge_l"]
KEYS = ["accuracy", "explanation", "final", *PARTS]


def values(report: Report) -> dict[str, float]:
    """The scores without their intervals."""
    return {key: score.value for key, score in report.scores.items()}


def mixed(truth: Sequence[Reference]) -> list[Answer]:
    """Right and wrong choices, own and other words, and one item in six left out."""
    others = [truth[(i * 7 + 3) % len(truth)].explanation for i in range(len(truth))]
    return [
        own(one, wrong=i % 3 == 0, explanation=others[i] if i // 2 % 2 else None)
        for i, one in enumerate(truth)
        if i % 6 != 5
    ]


@pytest.mark.parametrize("n", [1, 2, 29, 30, 100])
def test_the_experts_own_words_are_worth_one(n: int) -> None:
    report = judge(references(n), [own(one) for one in references(n)], load(), HashEmbed())
    assert values(report) == dict.fromkeys(KEYS, 1.0)
    assert (report.n_items, report.n_missing) == (n, 0)
    assert all(0 < score.low <= 1 == score.high for score in report.scores.values())


def test_nothing_sent_is_worth_nothing() -> None:
    report = judge(references(40), [], load(), HashEmbed())
    assert values(report) == dict.fromkeys(KEYS, 0.0)
    assert report.n_missing == 40


def test_every_number_is_a_mean_over_the_items() -> None:
    report = judge(references(48), mixed(references(48)), load(), HashEmbed())
    for key in KEYS[1:]:
        assert report.scores[key].value == math.fsum(item[key] for item in report.items) / 48
    assert report.scores["accuracy"].value == sum(item["answer_correct"] for item in report.items) / 48
    for name, group in report.categories.items():
        inside = [item for item in report.items if item["category"] == name]
        assert len(inside) == group.n_items == 24
        assert group.scores["final"].value == pytest.approx(sum(item["final"] for item in inside) / 24, abs=1e-15)


@pytest.mark.parametrize(
    "weights",
    [{"accuracy": 0.5, "explanation": 0.5}, {"accuracy": 0.7, "explanation": 0.15, "explanation.rouge_l": 0.15}],
)
def test_final_is_the_weighted_sum_for_all_and_for_each_item(weights: dict[str, float]) -> None:
    report = judge(references(48), mixed(references(48)), load({"weights": weights}), HashEmbed())
    assert 0.2 < report.final.value < 0.8
    assert report.final.value == pytest.approx(
        sum(weight * report.scores[key].value for key, weight in weights.items()), abs=1e-12
    )
    for item in report.items:
        parts = {**item, "accuracy": float(item["answer_correct"])}
        assert item["final"] == pytest.approx(sum(w * parts[key] for key, w in weights.items()), abs=1e-12)


def test_what_is_worse_than_chance_counts_as_nothing_in_final_for_all_and_for_each_item() -> None:
    truth = references(48)
    against = [Answer(one.item_id, one.answer, exchanged(one.explanation)) for one in truth]
    report = judge(truth, against, load(), HashEmbed())
    assert sum(item["explanation"] for item in report.items) < 0
    assert report.scores["explanation"].value == 0.0
    assert report.final.value == math.fsum(item["final"] for item in report.items) / 48 == 0.5


def test_the_gate_takes_the_reasons_of_a_wrong_choice() -> None:
    truth = references(10)
    wrong = [own(one, wrong=True) for one in truth]
    assert values(judge(truth, wrong, load(), HashEmbed())) == {
        **dict.fromkeys(KEYS, 0.0),
        **dict.fromkeys(PARTS, 1.0),
    }
    assert judge(truth, wrong, load({"gate": False}), HashEmbed()).scores["explanation"].value == 1.0


def test_the_order_of_rows_changes_no_bit() -> None:
    truth, answers = references(60), mixed(references(60))
    usual = judge(truth, answers, load(), HashEmbed())
    rng = random.Random(0)
    assert judge(rng.sample(truth, 60), rng.sample(answers, len(answers)), load(), HashEmbed()) == usual
    assert [item["item_id"] for item in usual.items] == [one.item_id for one in truth]


def test_other_answers_change_no_item() -> None:
    truth, answers = references(40), mixed(references(40))
    together = {item["item_id"]: item for item in judge(truth, answers, load(), HashEmbed()).items}
    for one in answers[:12]:
        alone = judge(truth, [one], load(), HashEmbed())
        assert [item for item in alone.items if item["item_id"] == one.item_id] == [together[one.item_id]]


def test_swapping_all_choices_turns_accuracy_round() -> None:
    truth = references(50)
    answers = [own(one, wrong=i % 3 == 0) for i, one in enumerate(truth)]
    swapped = [dataclasses.replace(a, answer="B" if a.answer == "A" else "A") for a in answers]
    there, back = (judge(truth, said, load(), HashEmbed()).scores["accuracy"].value for said in (answers, swapped))
    assert there == 33 / 50
    assert there + back == pytest.approx(1, abs=1e-12)


def test_each_further_right_item_raises_every_ranked_score() -> None:
    truth = references(20)
    seen = [values(judge(truth, [own(one) for one in truth[:k]], load(), HashEmbed())) for k in range(21)]
    for before, after in pairwise(seen):
        assert all(after[key] > before[key] for key in KEYS)


def test_the_seed_moves_the_intervals_and_nothing_else() -> None:
    truth, answers = references(60), mixed(references(60))
    usual, other = (judge(truth, answers, load(), HashEmbed(), seed) for seed in (None, 7))
    assert (usual.seed, other.seed) == (0, 7)
    assert values(usual) == values(other)
    assert usual.items == other.items
    assert usual.final != other.final
    assert judge(truth, answers, load({"seed": 7}), HashEmbed()).as_dict() == other.as_dict()


def test_categories_are_those_of_the_truth_and_items_without_one_are_in_none() -> None:
    truth = references(9, categories=["scene", None, "person"])
    report = judge(truth, mixed(truth), load(), HashEmbed())
    assert {name: group.n_items for name, group in report.categories.items()} == {"person": 3, "scene": 3}
    assert report.n_items == 9
    assert judge(references(3, categories=[None]), [], load(), HashEmbed()).categories == {}


def test_few_items_get_wilsons_interval() -> None:
    truth = references(12)
    answers = [own(one, wrong=i >= 7) for i, one in enumerate(truth)]
    accuracy = judge(truth, answers, load(), HashEmbed()).scores["accuracy"]
    assert (accuracy.low, accuracy.high) == pytest.approx((0.31951, 0.80674), abs=1e-5)


def test_intervals_hold_their_value() -> None:
    report = judge(references(60), mixed(references(60)), load(), HashEmbed())
    groups = [report.scores, *(group.scores for group in report.categories.values())]
    for score in (score for group in groups for score in group.values()):
        assert 0 <= score.low < score.value < score.high <= 1


def test_the_report_is_what_the_contract_says() -> None:
    report = judge(references(4), mixed(references(4)), load(), HashEmbed()).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert list(report) == [
        *("version", "plan", *KEYS, "categories"),
        *("n_items", "n_missing", "seed", "signature"),
    ]
    assert list(report["final"]) == ["value", "ci95"]
    assert list(report["categories"]["person"]) == ["n_items", *KEYS]


def test_a_line_per_item_says_what_the_contract_says() -> None:
    (item,) = judge(references(1), [], load(), HashEmbed()).items
    assert item == {
        **{"item_id": "x_000", "category": "person", "answer_correct": False, "explanation": 0.0, "final": 0.0},
        **dict.fromkeys(PARTS, 0.0),
        "claims": {"reference": [{"about": "face sharpness", "verdict": "missed"}], "own": []},
    }


def test_the_signature_names_model_and_truth() -> None:
    truth = references(3)
    assert "|model:ffffffff|" in judge(truth, [], load(), HashEmbed()).signature
    assert "|truth:deadbeef|" in judge(truth, [], load(), HashEmbed(), truth_digest="deadbeef" * 8).signature


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ([0.5, float("nan"), 0.5], "item 'x_001': its value is nan"),
        ([0.5, 0.5, float("inf")], "item 'x_002': its value is inf"),
        ([-0.01, 0.5, 0.5], "item 'x_000': its value is -0.01"),
        ([0.5, 0.5, 1.01], "item 'x_002': its value is 1.01"),
        ([0.5, 0.5], r"values of shape \(2,\) for 3 items"),
    ],
)
def test_what_is_no_score_is_never_one(monkeypatch: pytest.MonkeyPatch, column: list[float], says: str) -> None:
    def broken(pairs: Sequence[Pair], context: Context) -> NDArray[np.float64]:
        return np.array(column)

    _replace(monkeypatch, dataclasses.replace(CATALOGUE["explanation.rouge_l"], per_item=broken))
    with pytest.raises(MetricFailed, match=says):
        judge(references(3), [], load(), HashEmbed())


def test_a_metric_that_breaks_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pairs: Sequence[Pair], context: Context) -> NDArray[np.float64]:
        raise KeyError("lexicon")

    _replace(monkeypatch, dataclasses.replace(CATALOGUE["explanation"], per_item=broken))
    with pytest.raises(MetricFailed, match="'explanation' failed: KeyError: 'lexicon'"):
        judge(references(3), [], load(), HashEmbed())


def test_a_model_that_gives_up_is_no_metrics_fault() -> None:
    class Gone(HashEmbed):
        def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
            raise ModelUnavailable("out of memory", "free some")

    with pytest.raises(ModelUnavailable, match="out of memory"):
        judge(references(3), [own(one) for one in references(3)], load(), Gone())


def test_without_references_nothing_is_judged() -> None:
    with pytest.raises(ValueError, match="no references"):
        judge([], [], load(), HashEmbed())


def test_the_experts_texts_on_the_public_rows(
    raim: list[Reference], embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    report = judge(raim, [own(one) for one in raim], load(), embedder)
    assert values(report) == dict.fromkeys(KEYS, 1.0)
    assert {name: group.n_items for name, group in report.categories.items()} == {"person": 75, "scene": 25}
    assert capfd.readouterr() == ("", "")


def test_another_pairs_text_on_the_public_rows(raim: list[Reference], embedder: Embedder) -> None:
    """The guide measured 0.69 and 0.25 with its own shuffle."""
    texts = [one.explanation for one in raim]
    random.Random(0).shuffle(texts)
    answers = [own(one, explanation=text) for one, text in zip(raim, texts, strict=True)]
    report = judge(raim, answers, load(), embedder)
    assert report.scores["accuracy"].value == 1
    assert report.scores["explanation.semantic"].value == pytest.approx(0.69, abs=0.03)
    assert report.scores["explanation.rouge_l"].value == pytest.approx(0.25, abs=0.03)
    assert judge(raim[::-1], answers[::-1], Plan(), embedder) == report


def _replace(monkeypatch: pytest.MonkeyPatch, metric: Metric) -> None:
    monkeypatch.setitem(CATALOGUE, metric.key, metric)
