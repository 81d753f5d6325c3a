"""The columns of a board: which there are, what is computed from others, and the keys that rank. Pure functions."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import fsum, inf
from typing import Any

from app.competitions.models import Phase
from app.competitions.rules import BoardRule, Computed, SortKey

TITLES = {
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU-4",
    "chrf": "chrF",
    "meteor": "METEOR",
    "bertscore": "BERTScore-style",
}
OPERATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "avg": lambda values: fsum(values) / len(values),
    "sum": fsum,
    "min": min,
    "max": max,
}
Values = Mapping[str, float | None]


def rule_of(phase: Phase) -> BoardRule:
    """What counts and ranks in the phase."""
    return BoardRule.model_validate(phase.board)


def sort_rules(rule: BoardRule) -> list[SortKey]:
    """What ranks, most important first."""
    return [rule.by, *rule.ties]


def scores_read(rule: BoardRule) -> list[str]:
    """The scores of a report that the ranking keys are made of."""
    made = {one.key: one.of for one in rule.computed}
    return list(dict.fromkeys(key for one in sort_rules(rule) for key in made.get(one.key, [one.key])))


def sort_keys(rule: BoardRule, values: Values) -> tuple[float, ...]:
    """The ranking keys of one submission, turned so that higher is better; what it has no value for is lowest.

    A mean of ranks is known only beside all others: the mean of the values stands for it, which orders the submissions
    of one entrant.
    """
    made = {one.key: one for one in rule.computed}
    return tuple(_turned(one, made.get(one.key), values) for one in sort_rules(rule))


def _turned(by: SortKey, computed: Computed | None, values: Values) -> float:
    value = values.get(by.key) if computed is None else computed_value(computed, values)
    if value is None:
        return -inf
    # The lower a mean of ranks, the higher the values.
    ascending = (by.direction == "asc") != (computed is not None and computed.operation == "rank")
    return -value if ascending else value


def computed_value(column: Computed, values: Values) -> float | None:
    """The value of a computed column, None where one that it is made of is missing."""
    of = [values.get(key) for key in column.of]
    known = [value for value in of if value is not None]
    return OPERATIONS.get(column.operation, OPERATIONS["avg"])(known) if len(known) == len(of) else None


def mean_ranks(column: Computed, rows: Sequence[Values], competing: Sequence[bool]) -> list[float]:
    """The mean of each row's ranks in the columns that the computed one names; only who competes takes a place."""
    means = [0.0] * len(rows)
    for key in column.of:
        held = [_or_lowest(row.get(key)) for row in rows]
        ordered = sorted(value for value, competes in zip(held, competing, strict=True) if competes)
        for place, value in enumerate(held):
            means[place] += (len(ordered) - bisect_right(ordered, value) + 1) / len(column.of)
    return means


def ranks(keys: Sequence[tuple[float, ...]], competing: Sequence[bool]) -> list[int | None]:
    """The ranks of rows in order: equal keys share the better one (1, 2, 2, 4); None for who does not compete.

    >>> ranks([(3.0,), (2.0,), (2.0,), (1.0,)], [True, True, False, True])
    [1, 2, None, 3]
    """
    found: list[int | None] = []
    first: dict[tuple[float, ...], int] = {}
    taken = 0
    for key, competes in zip(keys, competing, strict=True):
        found.append(first.setdefault(key, taken + 1) if competes else None)
        taken += competes
    return found


def _or_lowest(value: float | None) -> float:
    return -inf if value is None else value


def columns_of(phase: Phase, *, organizer: bool = False) -> list[dict[str, Any]]:
    """The board's columns: the plan's scores, then the computed ones. Hidden ones are there for organizers only."""
    rule = rule_of(phase)
    scores = dict.fromkeys(["final", *phase.plan.get("weights", {}), *phase.plan.get("columns", [])])
    titles = {key: TITLES.get(key.rpartition(".")[2], key.rpartition(".")[2].capitalize()) for key in scores}
    titles |= {key: title for key, title in rule.titles.items() if key in titles}
    titles |= {one.key: one.title or one.key for one in rule.computed}
    directions = {one.key: one.direction for one in sort_rules(rule)}
    return [
        {
            "key": key,
            "title": title,
            "precision": rule.precision.get(key, 4),
            "primary": key == rule.by.key,
            "direction": directions.get(key, "desc"),
            "hidden": key in rule.hidden,
        }
        for key, title in titles.items()
        if organizer or key not in rule.hidden
    ]
