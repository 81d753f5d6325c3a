"""What of an entrant counts, by tables."""

from datetime import UTC, datetime, timedelta

import pytest

from app.competitions.rules import BoardRule
from app.leaderboards.placing import Candidate, counting, placed

START = datetime(2026, 1, 1, tzinfo=UTC)


def one(number: int, *keys: float, entrant: int = 1, chosen: bool = False) -> Candidate:
    return Candidate(number, 10 * number, entrant, START + timedelta(minutes=number), chosen, keys)


OWN = [one(1, 0.5, 0.1), one(2, 0.5, 0.2), one(3, 0.9, 0.0, chosen=True), one(4, 0.9, 0.0, chosen=True), one(5, 0.2)]


@pytest.mark.parametrize(
    ("rule", "among", "counts"),
    [
        ({}, OWN[:2], [2]),  # by the tie-break
        ({}, OWN, [3]),  # of equals the earlier
        ({"counting": "latest"}, OWN, [5]),
        ({"counting": "choice", "choices": 2}, OWN, [3]),
        ({"counting": "choice"}, [*OWN[:2], one(9, 0.1, chosen=True)], [9]),  # the chosen one, though others are better
        ({"counting": "choice"}, OWN[:2], [2]),  # none chosen: the best
        ({"counting": "all"}, OWN, [1, 2, 3, 4, 5]),
    ],
)
def test_the_rule_decides_what_counts(rule, among, counts):
    found = counting(BoardRule.model_validate(rule), among[::-1])
    assert sorted(candidate.submission_id for candidate in found) == counts


def test_rows_are_best_first_and_count_the_entries_of_each():
    others = [one(6, 0.9, 0.5, entrant=2), one(7, 0.1, 0.0, entrant=2)]
    rows = placed(BoardRule(), [*OWN, *others])
    assert [(row.entrant_id, row.evaluation_id, row.entries, row.slot) for row in rows] == [
        (2, 60, 2, 0),
        (1, 30, 5, 0),
    ]
    every = placed(BoardRule(counting="all"), [*OWN, *others])
    assert [row.slot for row in every] == [6, 3, 4, 2, 1, 5, 7]
