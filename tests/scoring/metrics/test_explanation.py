"""The explanation score, version 1: the mean of its parts, and the gate."""

import numpy as np
import pytest

from app.scoring.metrics import Context
from app.scoring.metrics.explanation import METRIC, per_item
from tests.scoring.standin import HashEmbed, pair_of

PAIRS = [pair_of("t", "t"), pair_of("t", "t", correct=False), pair_of("t", None)]
PARTS = {"explanation.semantic": np.array([0.8, 0.8, 0.0]), "explanation.rouge_l": np.array([0.3, 0.3, 0.0])}


@pytest.mark.parametrize(("gate", "values"), [(True, [0.55, 0, 0]), (False, [0.55, 0.55, 0])])
def test_it_is_the_mean_of_its_parts_where_the_gate_lets_it(gate: bool, values: list[float]) -> None:
    assert per_item(PAIRS, Context(HashEmbed(), gate=gate, values=PARTS)) == pytest.approx(values)


def test_it_names_its_parts() -> None:
    assert set(METRIC.parts) == set(PARTS)
