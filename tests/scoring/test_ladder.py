"""The ladder: what is noise and what is not, and that reading off answers one by one does not work."""

import numpy as np

from app.scoring.ladder import beats, rounded


def test_only_what_is_more_than_the_noise_beats():
    old = np.zeros(100)
    for gained, better in ((0, False), (1, False), (2, True), (20, True)):
        new = old.copy()
        new[:gained] = 1.0
        assert beats(new, old) is better
        assert not beats(old, new)
    assert not beats(old, np.zeros(99))
    assert beats(np.ones(1), np.zeros(1))


def test_changing_one_answer_at_a_time_does_not_climb():
    """With exact scores this attack reads off every hidden answer; on the ladder it learns nothing."""
    right = np.random.default_rng(5).integers(0, 2, 200).astype(float)
    exact, shown = right.copy(), right.copy()
    for place in range(200):
        for held, better in ((exact, lambda new, old: new.mean() > old.mean()), (shown, beats)):
            tried = held.copy()
            tried[place] = 1.0 - tried[place]
            if better(tried, held):
                held[place] = tried[place]
    assert exact.mean() == 1.0
    assert (shown == right).all()


def test_scores_are_rounded_to_one_item():
    assert [rounded(0.7349, 50), rounded(1 / 3, 3), rounded(0.999, 10)] == [0.74, 1 / 3, 1.0]
