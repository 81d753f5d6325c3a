"""Columns of a board: computed values, keys that rank, and who sees which."""

from math import inf

import pytest

from app.competitions.models import Phase
from app.competitions.rules import BoardRule, Computed
from app.leaderboards.columns import columns_of, computed_value, mean_ranks, ranks, sort_keys
from app.scoring.plan import Plan

VALUES = {"final": 0.7, "accuracy": 0.75, "explanation": 0.5, "explanation.bleu": None}


@pytest.mark.parametrize(
    ("operation", "of", "value"),
    [
        ("avg", ["accuracy", "explanation"], 0.625),
        ("sum", ["accuracy", "explanation"], 1.25),
        ("min", ["accuracy", "explanation"], 0.5),
        ("max", ["accuracy", "explanation"], 0.75),
        ("avg", ["accuracy", "explanation.bleu"], None),
    ],
)
def test_a_computed_value(operation, of, value):
    assert computed_value(Computed(key="made", operation=operation, of=of), VALUES) == value


RANK = [{"key": "r", "operation": "rank", "of": ["final"]}]


@pytest.mark.parametrize(
    ("rule", "keys"),
    [
        ({}, (0.7,)),
        ({"by": {"key": "accuracy", "direction": "asc"}, "ties": [{"key": "explanation.bleu"}]}, (-0.75, -inf)),
        ({"by": {"key": "explanation.bleu", "direction": "asc"}}, (-inf,)),
        # The lower a mean of ranks, the higher the values that it is made of.
        ({"by": {"key": "r", "direction": "asc"}, "computed": RANK}, (0.7,)),
        ({"by": {"key": "r"}, "computed": RANK}, (-0.7,)),
    ],
)
def test_keys_are_turned_so_that_higher_is_better(rule, keys):
    assert sort_keys(BoardRule.model_validate(rule), VALUES) == keys


def test_mean_ranks_give_baselines_no_place():
    rows = [{"a": 0.9, "b": 0.1}, {"a": 0.5, "b": 0.5}, {"a": 0.5, "b": None}]
    column = Computed.model_construct(key="r", operation="rank", of=["a", "b"])
    assert mean_ranks(column, rows, [True, True, True]) == [1.5, 1.5, 2.5]
    assert mean_ranks(column, rows, [False, True, True]) == [1.5, 1.0, 1.5]


def test_ranks_skip_baselines_and_share_among_equals():
    assert ranks([(3.0,), (3.0,), (2.0,), (1.0,), (1.0,)], [False, True, True, True, False]) == [None, 1, 2, 3, None]


def test_hidden_columns_are_for_organizers_and_titles_and_precision_are_the_rules():
    computed = [{"key": "both", "title": "Both", "operation": "avg", "of": ["accuracy", "explanation"]}]
    rule = {"hidden": ["accuracy"], "titles": {"final": "Score"}, "precision": {"both": 1}, "computed": computed}
    phase = Phase(plan=Plan().model_dump(mode="json"), board=rule)
    seen = {column["key"]: column for column in columns_of(phase)}
    assert "accuracy" not in seen
    assert (seen["final"]["title"], seen["final"]["primary"]) == ("Score", True)
    assert (seen["both"]["title"], seen["both"]["precision"]) == ("Both", 1)
    assert next(one for one in columns_of(phase, organizer=True) if one["key"] == "accuracy")["hidden"] is True
