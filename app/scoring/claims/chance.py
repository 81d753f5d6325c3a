"""What an explainer gets who knows the style and the answer but not the pictures: the zero of the explanation score.

Decision: chance is measured, on both sides, with the truth's own texts. What other pairs' experts wrote, with the
sides turned to the right answer, scores something on this pair (its baseline); and a text scores something on other
pairs (the text's own baseline). A text is worth what it gains over both, so a template that fits every pair alike is
worth nothing however well it reads. What many other texts would also have said weighs less within a pair.
Computed once per truth and kept; thirty others by a fixed ring, so that cost grows with the items alone.
Rejected: one baseline for all (generic pairs pay for guessing), a fixed template as baseline (the next one beats it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .matching import TUNING, WEIGHT, Block, Comparison, Reading, compare

if TYPE_CHECKING:
    from ..records import Reference

Floats = NDArray[np.float64]

OTHERS = 30
"""How many other pairs stand for chance."""
QUANTILE_OF_OTHERS = 0.55
"""Which of the others' scores on a pair is the pair's baseline …"""
QUANTILE_OF_TEXT = 0.6
"""… and which of a text's scores on other pairs is the text's."""
SHARE_OF_OTHERS, SHARE_OF_TEXT = 0.25, 0.95
HIGHEST_BASELINE = 0.8
"""Of the score of the expert's own text: there is always something to gain."""
LOWEST_CEILING = 0.2
FULL = 0.9
"""Share of what there is to gain that earns full marks: nobody has to use the expert's very words."""
BELOW = 0.5
"""How steeply values fall below zero."""


class Judged(NamedTuple):
    """An explanation's value in [-1, 1], the raw score behind it and the comparison with its own reference."""

    value: float
    raw: float
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Chance:
    """The truth's readings with what chance gives on each; made by `measure`."""

    readings: tuple[Reading, ...]
    answers: tuple[str, ...]
    ring: tuple[int, ...]
    place: tuple[int, ...]
    weights: tuple[Floats, ...]
    baselines: Floats
    ceilings: Floats

    def judge(self, item: int, text: Reading) -> Judged:
        """The value of a text on one item: 0 is chance, 1 the expert's own text, below 0 worse than chance."""
        others = self._others(item)
        block = Block(
            [self.readings[item], *(self._turned(k, self.answers[item]) for k in others)],
            [self.weights[item], *(self.weights[k] for k in others)],
        )
        found = compare(block, text)
        raw = float(found.scores[0])
        own = len(self.readings[item].rows)
        baseline = float(self.baselines[item]) * SHARE_OF_OTHERS if others else 0.0
        if others:
            baseline += SHARE_OF_TEXT * float(np.quantile(found.scores[1:], QUANTILE_OF_TEXT))
        ceiling = float(self.ceilings[item])
        if not own:  # nothing could be read of the reference: only its own words are known to be right
            return Judged(float(text.claims == self.readings[item].claims), raw, _cut(found, 0))
        value = _corrected(raw, min(max(0.0, baseline), HIGHEST_BASELINE * ceiling), ceiling)
        return Judged(value, raw, _cut(found, own))

    def _others(self, item: int) -> list[int]:
        count = min(OTHERS, len(self.ring) - 1)
        return [self.ring[(self.place[item] + step) % len(self.ring)] for step in range(1, count + 1)]

    def _turned(self, item: int, answer: str) -> Reading:
        """The reading of an item as if the answer were this one."""
        reading = self.readings[item]
        return reading if self.answers[item] == answer else reading.exchanged()


def _cut(found: Comparison, rows: int) -> Comparison:
    """The comparison with the first reference alone, which has so many rows."""
    return Comparison(found.scores[:1], found.support[:rows], found.spoken[:rows], found.own[:1])


def _corrected(raw: float, baseline: float, ceiling: float) -> float:
    gain = raw - baseline
    value = gain / (FULL * (ceiling - baseline)) if gain >= 0 else BELOW * gain
    return float(round(min(1.0, max(-1.0, value)), 6))


def measure(references: Sequence[Reference], readings: Sequence[Reading]) -> Chance:
    """What chance gives on each item of the truth. `readings` are those of the references, in their order."""
    order = sorted(range(len(references)), key=lambda i: hashlib.sha256(references[i].item_id.encode()).digest())
    place = [0] * len(order)
    for position, item in enumerate(order):
        place[item] = position
    answers = tuple(one.answer for one in references)
    plain = tuple(reading.rows[:, WEIGHT] for reading in readings)
    blind = Chance(tuple(readings), answers, tuple(order), tuple(place), plain, np.zeros(0), np.zeros(0))
    said: list[list[Floats]] = [[] for _ in readings]
    for items, found in _by_others(blind):
        ends = np.cumsum([len(readings[i].rows) for i in items])[:-1]
        for item, support in zip(items, np.split(found.support, ends), strict=True):
            said[item].append(np.clip(support, 0, 1))
    weights = tuple(_surprise(reading, of) for reading, of in zip(readings, said, strict=True))
    blind = replace(blind, weights=weights)
    scores: list[list[float]] = [[] for _ in readings]
    for items, found in _by_others(blind):
        for item, score in zip(items, found.scores, strict=True):
            scores[item].append(float(score))
    baselines = [max(0.0, float(np.quantile(of, QUANTILE_OF_OTHERS))) if of else 0.0 for of in scores]
    ceilings = [_ceiling(reading, of) for reading, of in zip(readings, weights, strict=True)]
    return replace(blind, baselines=np.array(baselines), ceilings=np.array(ceilings))


def _by_others(chance: Chance) -> Iterator[tuple[list[int], Comparison]]:
    """Each item's text beside the items that it stands for chance on, as if they had its answer."""
    size = len(chance.ring)
    for other in chance.ring:
        items = [chance.ring[(chance.place[other] - step) % size] for step in range(1, min(OTHERS, size - 1) + 1)]
        if items:
            turned = [chance._turned(i, chance.answers[other]) for i in items]
            yield items, compare(Block(turned, [chance.weights[i] for i in items]), chance.readings[other])


def _surprise(reading: Reading, said: Sequence[Floats]) -> Floats:
    """Weights of a reference's rows: the less, the more other pairs' texts would have said the same."""
    if not said:
        return reading.rows[:, WEIGHT]
    known = np.minimum(1.0, TUNING.surprise_gain * np.mean(said, axis=0))
    weights: Floats = reading.rows[:, WEIGHT] * (1.001 - known) ** TUNING.surprise
    return weights


def _ceiling(reading: Reading, weights: Floats) -> float:
    """Score of the expert's own text."""
    return max(LOWEST_CEILING, float(compare(Block([reading], [weights]), reading).scores[0]))
