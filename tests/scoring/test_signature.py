"""The signature: it changes with everything that could change the number, and with nothing else."""

from typing import Any

import pytest

from app.scoring import signature as module
from app.scoring.metrics import CATALOGUE
from app.scoring.plan import load
from app.scoring.signature import digest_of_truth, signature
from tests.scoring.standin import references

USUAL: dict[str, Any] = {"model_hash": "a1" * 32, "truth": "b2" * 32, "n_items": 100, "seed": 0}


def test_it_reads_from_left_to_right() -> None:
    plan = load()
    assert signature(plan, **USUAL) == (
        f"palmares:0.1.0|plan:pairwise-explained#{plan.digest()[:8]}|accuracy.1|explanation.semantic.2"
        "|explanation.rouge_l.1|explanation.3(claims.2,direction.2)|rouge-score:0.1.2|model:a1a1a1a1|truth:b2b2b2b2|n:100|seed:0|boot:2000"
    )


@pytest.mark.parametrize(
    "change",
    [{"model_hash": "c3" * 32}, {"truth": "c3" * 32}, {"n_items": 99}, {"seed": 1}],
    ids=lambda c: next(iter(c)),
)
def test_each_circumstance_is_in_it(change: dict[str, Any]) -> None:
    assert signature(load(), **USUAL | change) != signature(load(), **USUAL)


@pytest.mark.parametrize(
    "change", [{"gate": False}, {"weights": {"accuracy": 1}}, {"resamples": 500}], ids=lambda c: next(iter(c))
)
def test_each_option_of_the_plan_that_counts_is_in_it(change: dict[str, Any]) -> None:
    assert signature(load(change), **USUAL) != signature(load(), **USUAL)


def test_versions_are_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = signature(load(), **USUAL)
    monkeypatch.setattr(module, "__version__", "9.9")
    assert signature(load(), **USUAL) == usual.replace("palmares:0.1.0", "palmares:9.9")
    assert all(f"{key.rpartition('.')[2]}.{CATALOGUE[key].version}" in usual for key in load().metrics())


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"cross_encoder": "nli/small"}, "|nli:d4d4d4d4|"),
        ({"llm_judge": {"model": "tiny-1", "rounds": 3}}, "|llm:tiny-1#"),
    ],
)
def test_an_optional_judge_is_in_it_only_where_the_plan_names_it(change: dict[str, Any], part: str) -> None:
    usual, judged = (signature(load(plan), **USUAL, nli_hash="d4" * 32) for plan in ({}, change))
    assert part in judged
    assert "nli" not in usual
    assert "llm" not in usual
    assert load(change).digest() == load().digest()


@pytest.mark.parametrize("change", [{"rounds": 4}, {"model": "tiny-2"}, {"temperature": 0.5}, {"max_tokens": 99}])
def test_what_shapes_the_llms_grades_is_in_it(change: dict[str, Any]) -> None:
    judge = {"model": "tiny-1", "rounds": 3}
    assert signature(load({"llm_judge": judge}), **USUAL) != signature(load({"llm_judge": judge | change}), **USUAL)


def test_the_truths_digest_knows_content_but_not_order() -> None:
    truth = references(5)
    assert digest_of_truth(truth) == digest_of_truth(truth[::-1])
    assert digest_of_truth(truth) != digest_of_truth(truth[:4])
