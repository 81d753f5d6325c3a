"""ROUGE-L against an LCS written here from the definition, and on texts that have none."""

import re
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from app.scoring.metrics import Context
from app.scoring.metrics.rouge_l import per_item
from app.scoring.records import Reference
from tests.scoring.standin import HashEmbed, pair_of

CONTEXT = Context(HashEmbed(), gate=True, values={})
WORDS = st.lists(st.sampled_from(["Image", "A", "B", "sharper", "noise,", "in", "hair-line", "(left)"]), max_size=25)


def by_definition(reference: str, hypothesis: str) -> float:
    """2 LCS / (m + n) over words of a-z and 0-9."""
    r, h = (re.findall("[a-z0-9]+", text.lower()) for text in (reference, hypothesis))
    row = [0] * (len(h) + 1)
    for word in r:
        above = row[:]
        for j, other in enumerate(h, 1):
            row[j] = above[j - 1] + 1 if word == other else max(above[j], row[j - 1])
    return 2 * row[-1] / (len(r) + len(h)) if row[-1] else 0.0


@settings(deadline=None)
@given(WORDS, WORDS)
def test_it_is_the_f1_of_the_longest_common_subsequence(reference: list[str], hypothesis: list[str]) -> None:
    texts = " ".join(reference), " ".join(hypothesis)
    assert per_item([pair_of(*texts)], CONTEXT)[0] == pytest.approx(by_definition(*texts), abs=1e-12)


def test_it_agrees_with_the_definition_on_real_texts(raim: list[Reference]) -> None:
    texts = [(one.explanation, other.explanation) for one, other in pairwise(raim)]
    values = per_item([pair_of(*both) for both in texts], CONTEXT)
    assert values == pytest.approx([by_definition(*both) for both in texts], abs=1e-12)


@pytest.mark.parametrize("explanation", [None, "", "  ", "清晰", "!?"])
def test_without_words_it_is_zero(explanation: str | None) -> None:
    assert per_item([pair_of("sharper hair", explanation)], CONTEXT).tolist() == [0.0]


def by_rouge_score(reference: str, explanation: str) -> float:
    """What the reference implementation says, table and all."""
    return float(RougeScorer(["rougeL"], use_stemmer=False).score(reference, explanation)["rougeL"].fmeasure)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_the_very_value_of_rouge_score(reference: str, explanation: str) -> None:
    assert per_item([pair_of(reference, explanation)], CONTEXT)[0] == by_rouge_score(reference, explanation)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_any_words_have_the_very_value_of_rouge_score(reference: list[str], explanation: list[str]) -> None:
    texts = " ".join(reference), " ".join(explanation)
    assert per_item([pair_of(*texts)], CONTEXT)[0] == by_rouge_score(*texts)


def test_every_pair_of_real_texts_has_the_very_value_of_rouge_score(raim: list[Reference]) -> None:
    """Own text, the next one's and the one after, each both ways."""
    texts = [one.explanation for one in raim]
    both = [(one, texts[(i + step) % len(texts)]) for i, one in enumerate(texts) for step in (-2, -1, 0, 1, 2)]
    values = per_item([pair_of(*one) for one in both], CONTEXT)
    assert values.tolist() == [by_rouge_score(*one) for one in both]


def test_the_longest_texts_that_are_taken_cost_little() -> None:
    longest = [" ".join(f"w{i * step % 997}" for i in range(4_000))[:20_000] for step in (7, 11)]
    started = perf_counter()
    per_item([pair_of(*longest)] * 20, CONTEXT)
    assert perf_counter() - started < 1  # the table in Python: 30 s
