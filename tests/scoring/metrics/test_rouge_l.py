"""ROUGE-L against an LCS written here from the definition, and on texts that have none."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
