"""A CodaBench leaderboard as our rule of a board."""

from collections.abc import Callable
from typing import Any

from app.competitions.bundle_schema import LeaderboardIn
from app.scoring.metrics import CATALOGUE

COUNTING: dict[str, dict[str, Any]] = {
    "Force_Best": {"counting": "best"},
    "Force_Last": {"counting": "latest"},
    "Force_Latest_Multiple": {"counting": "all"},
    "Add": {"counting": "choice", "choices": 1},
    "Add_And_Delete": {"counting": "choice", "choices": 1},
    "Add_And_Delete_Multiple": {"counting": "choice", "choices": 10},
}
"""What each of CodaBench's submission rules is here."""

Fault = Callable[[tuple[Any, ...], str, str], None]


def board_rule(given: LeaderboardIn, fault: Fault) -> dict[str, Any]:
    """The fields of a `BoardRule`: ranked by the primary column, then by the others from left to right.

    `fault(path, message, fix)` is told of every column that cannot be, by its place within the leaderboard.
    """
    columns = sorted(enumerate(given.columns), key=lambda entry: entry[1].index)
    keys = {column.index: column.key for _, column in columns}
    scores = {"final", *CATALOGUE}
    computed = []
    for place, column in columns:
        here = ("columns", place)
        if column.computation is None and column.key not in scores:
            fault((*here, "key"), f"no score is called {column.key!r}.", f"There are: {', '.join(sorted(scores))}.")
        if column.computation is not None:
            of = column.computation_indexes or []
            if not of or any(keys.get(index) not in scores for index in of):
                fault((*here, "computation_indexes"), "it names no scores.", "Name the indexes of columns of scores.")
                continue
            operands = [keys[index] for index in of]
            computed.append({"key": column.key, "title": column.title, "operation": column.computation, "of": operands})
    order = sorted(columns, key=lambda entry: entry[1].index != given.primary_index)
    if order[0][1].index != given.primary_index:
        fault(("primary_index",), f"no column has the index {given.primary_index}.", "Name the index of a column.")
    ranking = [{"key": column.key, "direction": column.sorting} for _, column in order]
    plain = [column for _, column in columns if column.computation is None]
    return {
        **COUNTING[given.submission_rule],
        "by": ranking[0],
        "ties": ranking[1:],
        "hidden": [column.key for _, column in columns if column.hidden],
        "computed": computed,
        "titles": {column.key: column.title for column in plain if column.title},
        "precision": {column.key: column.precision for _, column in columns},
    }
