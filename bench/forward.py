"""(c) Where judging spends its time: the model's forward pass against everything around it.

Each part is timed while `judge` runs, by wrapping the function that does it.
"""

import dataclasses
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from app.scoring import judging
from app.scoring.metrics import CATALOGUE
from bench.material import embedder, forget, material, rehearse
from bench.table import Result, seconds

ROUNDS, ENOUGH_SECONDS = 3, 20  # no further run after so long, on a slow or busy machine
ROUGE = "explanation.rouge_l"
PARTS = {
    "forward": "forward pass of the model",
    "embed": "around it (tokenising, sorting, hashing, copying)",
    "rouge": "ROUGE-L",
    "bootstrap": "intervals (bootstrap)",
    "rest": "the rest (pairing, means, report)",
}


class Model:
    """The embedder with a watch around its calls."""

    def __init__(self, spent: dict[str, float]) -> None:
        self.model_hash = embedder().model_hash
        self._call = watched(embedder(), "embed", spent)

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> Any:
        """Unit rows, as the embedder gives them."""
        return self._call(texts, exact=exact)


def watched(call: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    """The same function, adding its seconds to `spent[part]`."""

    def timed(*args: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return call(*args, **options)
        finally:
            spent[part] += time.perf_counter() - started

    return timed


def once(known: bool) -> dict[str, float]:
    """Seconds of one judgement by part."""
    forget(known)
    given, spent = material(), defaultdict[str, float](float)
    rouge = CATALOGUE[ROUGE]
    wrapped = dataclasses.replace(rouge, per_item=watched(rouge.per_item, "rouge", spent))
    resample = watched(judging.interval.resample, "bootstrap", spent)
    before = embedder().forward_seconds
    with patch.dict(CATALOGUE, {ROUGE: wrapped}), patch.object(judging.interval, "resample", resample):
        started = time.perf_counter()
        judging.judge(given.references, given.answers, given.plan, Model(spent))
        total = time.perf_counter() - started
    forward = embedder().forward_seconds - before
    spent |= {"forward": forward, "embed": spent["embed"] - forward}
    return {**spent, "rest": total - sum(spent.values()), "total": total}


def run() -> Result:
    """Measure with no text known and with the experts' texts known."""
    rehearse()
    sides: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    started = time.perf_counter()
    while len(sides[True]) < ROUNDS and (not sides[True] or time.perf_counter() - started < ENOUGH_SECONDS):
        for known, runs in sides.items():
            runs.append(once(known))
    # The run in the middle, whole: parts of one run add up, medians of parts do not.
    fresh, usual = (sorted(runs, key=lambda spent: spent["total"])[len(runs) // 2] for runs in sides.values())
    rows = [
        (title, *(cell for spent in (fresh, usual) for cell in (seconds(spent[part]), _share(spent, part))))
        for part, title in {**PARTS, "total": "one judgement"}.items()
    ]
    shares = [statistics.median(one["forward"] / one["total"] for one in runs) for runs in sides.values()]
    return Result(
        "forward",
        "Share of the forward pass",
        f"Judging 40 pairs in a warm process: the middle one of {len(sides[True])} run(s), part by part, with an empty "
        "memory of texts (80 to embed) and with the experts' texts known (40 to embed).",
        ("Part", "no text known", "share", "experts' texts known", "share"),
        rows,
        (
            f"The forward pass takes {shares[0]:.1%} with an empty memory and {shares[1]:.1%} with the experts' "
            "texts known (medians): only a faster device, fewer texts or a smaller model would make judging "
            "faster by much. Everything else together is not worth tuning before that.",
        )
        if min(shares) > 0.9
        else (f"The forward pass takes {shares[0]:.1%} and {shares[1]:.1%} (medians); the rest is worth a look.",),
    )


def _share(spent: dict[str, float], part: str) -> str:
    return f"{spent[part] / spent['total']:.1%}"
