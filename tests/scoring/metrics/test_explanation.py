"""The explanation score: its ends, its gate, and what it shares with its parts."""

import numpy as np
import pytest

from app.scoring.claims import assessing
from app.scoring.claims.assessing import assess
from app.scoring.metrics import Context, coverage
from app.scoring.metrics.explanation import METRIC, per_item
from tests.scoring.standin import HashEmbed, pair_of

EXPERT = "Hair Sharpness: Image A (Left) is sharper, while Image B (Right) is blurry."
PAIRS = [pair_of(EXPERT, EXPERT), pair_of(EXPERT, EXPERT, correct=False), pair_of(EXPERT, None)]


@pytest.mark.parametrize(("gate", "values"), [(True, [1, 0, 0]), (False, [1, 1, 0])])
def test_the_experts_own_text_is_1_where_the_gate_lets_it_and_a_missing_one_0(gate: bool, values: list[float]) -> None:
    assert per_item(PAIRS, Context(HashEmbed(), gate=gate, values={})).tolist() == values


def test_the_opposite_is_below_0() -> None:
    turned = "Hair Sharpness: Image B (Right) is sharper, while Image A (Left) is blurry."
    assert per_item([pair_of(EXPERT, turned)], Context(HashEmbed(), gate=True, values={}))[0] < 0


def test_the_texts_are_read_once_for_all_metrics_and_no_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(assessing, "assess", lambda pairs: calls.append(len(pairs)) or assess(pairs))
    embed = HashEmbed()
    context = Context(embed, gate=True, values={})
    columns = [metric(PAIRS, context) for metric in (per_item, coverage.claims_per_item, coverage.direction_per_item)]
    assert np.array(columns).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    assert (calls, embed.asked) == ([3], [])


def test_it_names_its_parts() -> None:
    assert METRIC.parts == ("explanation.claims", "explanation.direction")
