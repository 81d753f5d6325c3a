"""Planted label errors are found, hard items and independent entrants raise no alarm beyond the level."""

import numpy as np
import pytest

from app.scoring.integrity.radar import radar
from tests.scoring.integrity.simulated import ITEMS, right_or_wrong


def found(correct: np.ndarray, answered: np.ndarray | None = None) -> list:
    nothing = np.zeros(correct.shape)
    answered = np.ones(correct.shape, bool) if answered is None else answered
    return radar(ITEMS, correct, answered, nothing, nothing.astype(bool))


def test_turned_labels_come_first_and_nothing_else_is_flagged() -> None:
    planted, first, flagged = {3, 17, 42}, 0, 0
    for seed in range(20):
        correct = right_or_wrong(seed)
        correct[:, list(planted)] ^= True
        items = found(correct)
        assert len(items) == 60
        suspected = {one.item_id for one in items if one.flagged}
        assert suspected <= {ITEMS[i] for i in planted}
        first += len({one.item_id for one in items[:3]} & {ITEMS[i] for i in planted})
        flagged += len(suspected)
    assert first >= 57  # of 60
    assert flagged >= 30


def test_without_label_errors_alarms_are_rare() -> None:
    alarms = sum(any(one.flagged for one in found(right_or_wrong(seed))) for seed in range(200))
    assert alarms <= 10  # of 200: the level of one test, for all items together


def test_a_hard_item_is_called_hard() -> None:
    correct = right_or_wrong(5)
    best = np.argsort(-correct.mean(axis=1))
    correct[:, 0] = False
    correct[best[0], 0] = True
    [item] = [one for one in found(correct) if one.item_id == ITEMS[0]]
    assert not item.flagged
    assert "rather hard than wrong" in item.why
    assert item.item_total > 0
    assert item.difficulty == pytest.approx(29 / 30)


def test_the_figures_of_an_item() -> None:
    correct = np.ones((6, 60), bool)
    for entry in range(6):
        correct[entry, 20 : 20 + entry] = False
    correct[:2, 0] = False  # the best two of six
    explanations, contradicted = np.full((6, 60), 0.5), np.zeros((6, 60), bool)
    contradicted[[0, 5], 0] = True
    answered = np.ones((6, 60), bool)
    answered[1, 0] = False
    [item] = [one for one in radar(ITEMS, correct, answered, explanations, contradicted) if one.item_id == ITEMS[0]]
    assert (item.strong, item.strong_against, item.contradicting) == (5, 1, 1)
    assert item.against == pytest.approx(6 / 21)
    assert (item.difficulty, item.explanation) == (pytest.approx(1 / 3), 0.5)


def test_few_entries_say_nothing() -> None:
    assert found(right_or_wrong(1, entries=4)) == []
