"""A pair: what was said beside what is true, also where nothing was said."""

import dataclasses

import pytest

from app.scoring.records import Answer, Pair, Reference

TRUTH = Reference("p_000", "A", "sharper")


@pytest.mark.parametrize(
    ("answer", "correct", "explanation"),
    [(Answer("p_000", "A", "why"), True, "why"), (Answer("p_000", "B", "why"), False, "why"), (None, False, "")],
)
def test_a_pair_knows_what_was_said(answer: Answer | None, correct: bool, explanation: str) -> None:
    pair = Pair(TRUTH, answer)
    assert (pair.correct, pair.explanation) == (correct, explanation)


def test_values_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TRUTH.answer = "B"  # type: ignore[misc]
