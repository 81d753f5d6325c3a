"""Comparing: exact cases, what must not change the answer, and where the verdict must fall."""

import numpy as np
import pytest

from app.scoring import comparing
from app.scoring.comparing import ItemsUnusable, compare, holm, mcnemar, places, randomization, read_items


def items(right: list[bool], explanation: float | list[float] = 0.5, start: int = 0) -> list[dict]:
    reasons = [explanation] * len(right) if isinstance(explanation, float) else explanation
    return [
        {
            "item_id": f"{'ps'[number % 4 == 0]}_{number + start:03d}",
            "category": "scene" if number % 4 == 0 else "person",
            "answer_correct": hit,
            "explanation": reason,
            "final": (hit + reason) / 2,
        }
        for number, (hit, reason) in enumerate(zip(right, reasons, strict=True))
    ]


def split(only_a: int, only_b: int, n: int = 100) -> tuple[list[dict], list[dict]]:
    a = [True] * only_a + [False] * only_b + [True] * (n - only_a - only_b)
    b = [False] * only_a + [True] * only_b + [True] * (n - only_a - only_b)
    return items(a), items(b)


@pytest.mark.parametrize(("a", "b", "p"), [(6, 0, 0.031), (8, 1, 0.039), (7, 1, 0.070), (9, 2, 0.065), (0, 0, 1.0)])
def test_mcnemar_is_exact_and_the_randomization_agrees_with_it(a: int, b: int, p: float) -> None:
    assert mcnemar(a, b) == mcnemar(b, a) == pytest.approx(p, abs=0.0006)
    found = compare(*split(a, b))
    assert found.scores["accuracy"].p_value == mcnemar(a, b)
    assert found.scores["final"].p_value == pytest.approx(p, abs=0.008)
    assert (found.only_a_right, found.only_b_right, len(found.won), len(found.lost)) == (a, b, a, b)


def test_identical_ones_are_never_separable() -> None:
    one = items([True, False] * 30, list(np.random.default_rng(0).uniform(-1, 1, 60)))
    found = compare(one, one)
    for deltas in (found.scores, *found.categories.values()):
        assert all(d.difference == d.low == d.high == 0 and d.p_value == 1 for d in deltas.values())
    assert (found.as_dict()["separable"], found.won, found.lost) == (False, (), ())


def test_a_clearly_better_one_is_and_one_item_is_not() -> None:
    better = compare(*split(30, 5))
    assert better.scores["final"].separable
    assert 0 < better.scores["final"].low < better.scores["final"].difference == pytest.approx(0.125)
    assert not compare(*split(1, 0)).scores["final"].separable


def test_the_order_of_rows_does_not_matter_and_sides_mirror() -> None:
    a, b = split(12, 4)
    found = compare(a, b)
    assert compare(a[::-1], b[7:] + b[:7]) == found
    mirrored = compare(b, a)
    assert (mirrored.won, mirrored.lost) == (found.lost, found.won)
    delta, back = found.scores["final"], mirrored.scores["final"]
    assert back.difference == -delta.difference
    assert (back.low, back.high, back.p_value) == pytest.approx((-delta.high, -delta.low, delta.p_value), abs=1e-9)


def test_categories_are_compared_by_themselves_and_corrected() -> None:
    found = compare(*split(40, 10))
    assert found.sizes == {"person": 75, "scene": 25}
    raw = [found.categories[name]["final"].p_value for name in ("person", "scene")]
    assert list(found.p_holm.values()) == holm(raw)


def test_what_is_told_can_be_kept_to_means_and_tests() -> None:
    found = compare(*split(3, 1))
    assert found.as_dict()["item_ids"] == {"won": ["p_001", "p_002", "s_000"], "lost": ["p_003"]}
    text = str(found.as_dict(counts=False, ids=False))
    assert not any(word in text for word in ("s_000", "won", "only_a"))


@pytest.mark.parametrize(
    "other", [items([True] * 9), items([True] * 10, start=1), items([True] * 9) + items([True])], ids=len
)
def test_other_items_are_refused(other: list[dict]) -> None:
    with pytest.raises(ItemsUnusable):
        compare(items([True] * 10), other)


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"item_id": "a"}', b"1"])
def test_a_line_that_is_no_item_is_named(line: bytes) -> None:
    good = b'{"item_id": "a", "answer_correct": true, "final": -0.5, "explanation": 0.0}\n'
    assert read_items(good)[0]["final"] == -0.5
    with pytest.raises(ItemsUnusable, match="Line 2"):
        read_items(good + line)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_randomization_holds_its_level() -> None:
    """Where nothing differs, about one comparison in twenty falls below 5 %."""
    noise = np.random.default_rng(4).normal(0, 0.1, size=(100, 2000))
    assert (randomization(noise, 1000) < 0.05).mean() == pytest.approx(0.05, abs=0.015)


def board(*shifts: float, n: int = 100, noise: float = 0.15) -> np.ndarray:
    rng = np.random.default_rng(8)
    return np.array([np.clip(0.4 + shift + rng.normal(0, noise, n), -1, 1) for shift in shifts])


def test_places_of_a_board() -> None:
    values = board(0.3, 0.0, 0.001, -0.4)
    found = places(values, ["a", "b"] * 50)
    assert [one.rank for one in found][0::3] == [1, 4]
    assert [one.tie for one in found] == [(1, 1), (2, 3), (2, 3), (4, 4)]
    assert (found[0].p_first, found[0].low, found[0].high, found[3].p_first) == (1.0, 1, 1, 0.0)
    assert (found[1].low, found[1].high) == (2, 3)


def test_identical_entries_share_rank_tie_and_interval() -> None:
    one = board(0.0)[0]
    found = places(np.array([one, one, one]), [None] * 100)
    assert {(p.rank, p.low, p.high, p.tie, p.p_first) for p in found} == {(1, 1, 1, (1, 3), 1.0)}


def test_neighbours_one_item_apart_are_tied() -> None:
    hits = np.ones((3, 100))
    hits[1, 0] = hits[2, :2] = 0
    assert [one.tie for one in places(hits, [None] * 100)] == [(1, 3)] * 3


def test_the_order_of_entries_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values, strata = board(0.1, 0.05, 0.0, -0.05, -0.3), ["a", None] * 50
    found = places(values, strata)
    mixed = [3, 0, 4, 2, 1]
    assert places(values[mixed], strata) == [found[one] for one in mixed]
    assert places(values, strata, seed=1) != found
    monkeypatch.setattr(comparing, "CELLS", 2_000)
    assert [one.tie for one in places(values, strata)] == [one.tie for one in found]


def test_one_entry_stands_alone() -> None:
    (only,) = places(board(0.0), [None] * 100)
    assert (only.rank, only.low, only.high, only.tie, only.p_first) == (1, 1, 1, (1, 1), 1.0)
