"""The catalogue: what can be scored, in an order that can be computed, and told in the documentation."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.scoring.metrics import CATALOGUE, MetricFailed

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("key", CATALOGUE)
def test_each_metric_comes_after_its_parts_under_its_own_key(key: str) -> None:
    keys = list(CATALOGUE)
    assert CATALOGUE[key].key == key
    assert CATALOGUE[key].version >= 1
    assert all(keys.index(part) < keys.index(key) for part in CATALOGUE[key].parts)


def test_the_documented_metrics_are_the_catalogue() -> None:
    rows = re.findall(
        r"^\| `([a-z_0-9.]+)` \| (.+?) \| (\d+) \| (.+?) \|$", (ROOT / "docs/scoring.md").read_text(), re.M
    )
    assert rows == [(m.key, m.title, str(m.version), m.measures) for m in CATALOGUE.values()]


def test_a_failure_names_the_metric_and_the_item() -> None:
    failure = MetricFailed("explanation.semantic", "its value is nan", "p_003")
    assert str(failure) == "The metric 'explanation.semantic' failed at item 'p_003': its value is nan"
    assert (failure.code, failure.metric, failure.item_id) == ("metric_failed", "explanation.semantic", "p_003")


def test_reading_plans_and_the_catalogue_loads_no_heavy_library() -> None:
    heavy = "numpy scipy rouge_score torch sentence_transformers"
    script = f"import sys, app.scoring.plan, app.scoring.embedding; print(*set('{heavy}'.split()) & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
