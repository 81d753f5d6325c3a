"""Explanations beside the truth: every item's value, parts and verdicts per claim, computed once for all metrics.

Decision: what chance gives depends on the truth only, so it is kept per process under their hash and a
later submission pays for its own texts alone. Verdicts name aspects and sides of the participant's own claims, and of
the reference's claims only the aspect: enough to learn from, without the reference's text.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records import Pair, Reference
from .chance import Chance, Judged, measure
from .directions import corrected
from .matching import AMOUNT, AXIS, CLAIM, REGION, TIE, WEIGHT, Reading, read
from .vocabulary import AXES, REGIONS

Floats = NDArray[np.float64]

KEPT_TRUTHS = 8
SUPPORTED = 0.25
"""Net support from which a claim counts as matched, and below whose negative as contradicted."""

_kept: OrderedDict[str, Chance] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Assessment:
    """Per item, each of shape (n,): value in [-1, 1], coverage and direction in [0, 1]; and what to show."""

    values: Floats
    coverage: Floats
    direction: Floats
    verdicts: tuple[dict[str, Any], ...]


def assess(pairs: Sequence[Pair]) -> Assessment:
    """Judge every pair's explanation. A blank explanation is worth 0 in everything."""
    chance = chance_of([pair.reference for pair in pairs])
    told = [i for i, pair in enumerate(pairs) if pair.explanation.strip()]
    values, coverage, direction = (np.zeros(len(pairs)) for _ in range(3))
    verdicts: list[dict[str, Any]] = [_nothing(chance.readings[i]) for i in range(len(pairs))]
    for i in told:
        text = read(pairs[i].explanation)
        judged = chance.judge(i, text)
        values[i] = judged.value
        coverage[i], direction[i] = _parts(chance.readings[i], judged)
        verdicts[i] = _verdicts(chance.readings[i], text, judged)
    return Assessment(values, coverage, direction, tuple(verdicts))


def chance_of(references: Sequence[Reference]) -> Chance:
    """What chance gives on this truth, from memory where it was measured before."""
    rows = [(one.item_id, one.answer, one.explanation, one.directions) for one in references]
    key = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = measure(references, [corrected(read(one.explanation), one.directions) for one in references])
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT_TRUTHS:
            _kept.popitem(last=False)
    return found


def _parts(reference: Reading, judged: Judged) -> tuple[float, float]:
    """How much of the reference is spoken of at all, and how much of that with the right direction."""
    if not len(reference.rows):
        return 0.0, 0.0
    weights, told = reference.rows[:, WEIGHT], judged.comparison
    agreed = float((weights * np.maximum(told.support, 0)).sum())
    against = float((weights * np.maximum(-told.support, 0)).sum())
    coverage = float((weights * told.spoken).sum() / weights.sum())
    return round(coverage, 6), round(agreed / (agreed + against), 6) if agreed else 0.0


def _verdicts(reference: Reading, text: Reading, judged: Judged) -> dict[str, Any]:
    """What became of each claim: the reference's by aspect, the text's own with its words."""
    theirs = _claim_support(reference, judged.comparison.support)
    own = _claim_support(text, judged.comparison.own[0])
    return {
        "reference": [_named(reference, number, _verdict(value, "missed")) for number, value in enumerate(theirs)],
        "own": [_named(text, number, _verdict(value, "unsupported")) for number, value in enumerate(own)],
    }


def _nothing(reference: Reading) -> dict[str, Any]:
    return {"reference": [_named(reference, n, "missed") for n in range(len(reference.claims))], "own": []}


def _claim_support(reading: Reading, support: Floats) -> list[float]:
    claim = reading.rows[:, CLAIM].astype(int)
    out = []
    for number in range(len(reading.claims)):
        mine = support[claim == number]
        out.append(float(mine.mean()) if len(mine) else 0.0)
    return out


def _verdict(value: float, otherwise: str) -> str:
    return "matched" if value >= SUPPORTED else "contradicted" if value <= -SUPPORTED else otherwise


def _named(reading: Reading, number: int, verdict: str) -> dict[str, str]:
    return {"about": about(reading, number), "verdict": verdict}


def about(reading: Reading, number: int) -> str:
    """The aspect that a claim is mostly about, such as `hair sharpness`; `unclear` where nothing could be read."""
    rows = reading.rows[reading.rows[:, CLAIM] == number]
    if not len(rows):
        return "unclear"
    row = rows[int(np.argmax(rows[:, WEIGHT] * np.maximum(np.abs(rows[:, AMOUNT]), np.abs(rows[:, TIE]))))]
    return f"{REGIONS[int(row[REGION])]} {AXES[int(row[AXIS])]}"
