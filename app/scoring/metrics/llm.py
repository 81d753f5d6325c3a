"""The optional LLM judge's grade of the explanation: a column of its own, only where a plan has an `llm_judge`.

Decision: a mean over rounds, with the spread beside each item, since one answer of a model is an anecdote. Blank texts
and wrong choices under the gate are 0 by rule, so nothing is asked about them. A judge that does not answer fails the
judgement; no number stands in for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import llm_prompt
from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from .metric import Floats

KEY = "explanation.llm"


def per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Mean over rounds of the mean grade, in [0, 1]; 0 where either text is blank or the gate closes. Shape (n,).

    Notes for the items file: `explanation.llm.spread` (standard deviation over the rounds; None where nothing was
    asked) and `explanation.llm.flagged` (the text speaks to the judge; the value is not touched).
    """
    import numpy as np

    if context.rate is None or context.llm_judge is None:
        raise ValueError("no LLM judge was given.")
    rounds = context.llm_judge.rounds
    asked = [i for i, pair in enumerate(pairs) if _worth_asking(pair, context.gate)]
    questions = [llm_prompt.question(pairs[i], round_, context.seed) for i in asked for round_ in range(rounds)]
    grades = context.rate(questions) if questions else []
    table = np.array([one.value for one in grades], dtype=np.float64).reshape(len(asked), rounds)
    values = np.zeros(len(pairs), dtype=np.float64)
    values[asked] = table.mean(axis=1)
    spreads: list[float | None] = [None] * len(pairs)
    for i, spread in zip(asked, table.std(axis=1), strict=True):
        spreads[i] = float(spread)
    context.notes[f"{KEY}.spread"] = spreads
    context.notes[f"{KEY}.flagged"] = [llm_prompt.addresses_judge(pair.explanation) for pair in pairs]
    return values


def _worth_asking(pair: Pair, gate: bool) -> bool:
    told = pair.explanation.strip() and pair.reference.explanation.strip()
    return bool(told) and (pair.correct or not gate)


METRIC = Metric(
    key=KEY,
    title="LLM judge",
    version=llm_prompt.VERSION,
    measures="Mean grade of an LLM judge over its rounds; 0 where blank, or wrong with the gate on. Optional.",
    per_item=per_item,
)
