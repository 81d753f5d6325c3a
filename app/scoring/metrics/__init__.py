"""The catalogue of metrics: an explicit table, one metric a file.

Decision: no registration by import or decorator; what can be scored is what is written here. A metric comes after its
parts, so that walking the table computes everything in order. docs/scoring.md is held to it by a test.
"""

from __future__ import annotations

from . import accuracy, bertscore, bleu, chrf, coverage, explanation, llm, meteor, nli, rouge_l, semantic
from .metric import Context, Metric, MetricFailed

CATALOGUE: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        accuracy.METRIC,
        coverage.CLAIMS,
        coverage.DIRECTION,
        semantic.METRIC,
        rouge_l.METRIC,
        bleu.METRIC,
        chrf.METRIC,
        meteor.METRIC,
        bertscore.METRIC,
        explanation.METRIC,
        nli.METRIC,
        llm.METRIC,
    )
}

__all__ = ["CATALOGUE", "Context", "Metric", "MetricFailed"]
