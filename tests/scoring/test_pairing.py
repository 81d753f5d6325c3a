"""Pairs follow the truth; ids are told as known or unknown, and nothing else of the truth is."""

import pytest

from app.scoring.pairing import check_ids, pair
from app.scoring.records import Answer, Pair, Reference

TRUTH = [Reference("b", "A", "secret", None), Reference("a", "B", "secret", None)]


def test_pairs_come_in_the_order_of_the_references_whatever_was_sent() -> None:
    a, stranger = Answer("a", "B", "x"), Answer("z", "A", "y")
    assert pair(TRUTH, [stranger, a]) == [Pair(TRUTH[0], None), Pair(TRUTH[1], a)]
    assert [one.correct for one in pair(TRUTH, [a])] == [False, True]


def test_twice_the_same_id_is_refused() -> None:
    with pytest.raises(ValueError, match="Two answers for a"):
        pair(TRUTH, [Answer("a", "B", ""), Answer("a", "A", "")])
    with pytest.raises(ValueError, match="Two references"):
        pair([*TRUTH, TRUTH[0]], [])


@pytest.mark.parametrize("known", [["a", "b"], {"a", "b"}, {"a": 1, "b": 2}, frozenset("ab")])
def test_ids(known: list[str]) -> None:
    findings, warnings = check_ids(known, {"a": 1, "x": 2, "y\n": 3})
    assert [(one.code, one.line, one.item_id) for one in findings] == [
        ("unknown_id", 2, "x"),
        ("unknown_id", 3, "y\\u000a"),
    ]
    assert [one.message for one in warnings] == ["1 of 2 pairs have no record and count as wrong: b."]


def test_all_there() -> None:
    findings, warnings = check_ids({"a"}, {"a": 1})
    assert (findings.total, warnings.total) == (0, 0)


def test_the_first_twenty_missing_pairs_are_named() -> None:
    _, warnings = check_ids({f"p_{at:03d}" for at in range(50)}, {})
    assert warnings.kept[0].code == "missing_pairs"
    assert warnings.kept[0].message.startswith("50 of 50 pairs")
    assert warnings.kept[0].message.endswith("p_018, p_019 and 30 more.")
