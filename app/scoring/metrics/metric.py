"""What a metric is: a key, a version and a function from pairs to one value per item.

Decision: metrics keep per-item values and are averaged afterwards, so that intervals, categories and comparisons come
free (the habit of sacreBLEU). Cost: corpus-level metrics (corpus BLEU) have no place here; their sentence-level kin
does. numpy is imported inside the functions, so that plans and documentation can read the catalogue without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..records import Pair

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..embedding import Embed
    from ..entailment import Entail
    from ..llm_prompt import LlmJudge, Rate

    Floats: TypeAlias = NDArray[np.float64]


class MetricFailed(Exception):
    """A metric gave no usable number and nothing was scored; `metric` names it, `item_id` the first item, if known."""

    code = "metric_failed"
    fix = "This is the platform's fault or its metric's, not the submission's: tell the organizers."

    def __init__(self, metric: str, detail: str, item_id: str | None = None) -> None:
        self.metric = metric
        self.item_id = item_id
        super().__init__(f"The metric {metric!r} failed{f' at item {item_id!r}' if item_id else ''}: {detail}")


@dataclass(frozen=True, slots=True)
class Context:
    """What a metric may look at besides the pairs.

    `values` holds the per-item arrays of the metrics named in `Metric.parts`, already computed, in the pairs' order.
    `shared` is where metrics of one judgement leave what others need of them too; it lives as long as the judgement.
    `entail`, `rate` and `llm_judge` are the optional judges, None where the plan has none. `notes` takes what a metric
    wants to stand beside its values in the items file: one plain value per pair, by name.
    """

    embed: Embed
    gate: bool
    values: Mapping[str, Floats]
    entail: Entail | None = None
    rate: Rate | None = None
    llm_judge: LlmJudge | None = None
    seed: int = 0
    notes: dict[str, Sequence[Any]] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)


PerItem: TypeAlias = "Callable[[Sequence[Pair], Context], Floats]"


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the catalogue.

    `per_item` gives float64 of shape (n,), each in [lowest, 1], higher is better, in the order of the pairs; its mean
    over the items, cut off at 0, is the score. A missing pair or an empty explanation is 0; a value that cannot be
    computed is NaN, never 0: the judge then refuses the whole scoring. `version` grows whenever the same input may
    give another number.
    """

    key: str
    title: str
    version: int
    measures: str
    per_item: PerItem
    parts: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    uses_model: bool = False
    lowest: float = 0.0
