"""How far one reading says what another says: observations compared by region, axis and direction.

Decision: soft alignment instead of one-to-one assignment. Prose says in three clauses what a reference says in one
line, so an observation is supported by its best counterpart anywhere in the other text; saying it twice earns nothing,
and saying it both ways cancels. Whole texts are compared against many references at once (`compare`), because the
chance correction needs every text against thirty references. Directions are signs of "Image A has more of it", so
that exchanging the sides of one text turns every agreement into its opposite and exchanging both changes nothing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .parsing import grouped, parse
from .topics import Ints, cosines, numbered
from .vocabulary import AXES, REGIONS, VALENCE

Floats = NDArray[np.float64]

# Region, axis, amount (A's positive), tie (1 says equal, -1 says unequal), weight within its clause, claim.
REGION, AXIS, AMOUNT, TIE, WEIGHT, CLAIM = range(6)

_NEAR_REGIONS = (
    ("face", "skin", 0.8), ("face", "eyes", 0.6), ("face", "mouth", 0.6), ("skin", "body", 0.6), ("face", "hair", 0.25),
    ("hair", "eyes", 0.35), ("body", "face", 0.3), ("clothing", "body", 0.2), ("background", "building", 0.4),
    ("background", "plants", 0.4), ("background", "sky", 0.3), ("building", "text", 0.2), ("skin", "flat", 0.5),
    ("face", "flat", 0.5), ("hair", "edges", 0.4),
)  # fmt: skip
_GLOBAL, _ZONE = 0.35, 0.3
_NEAR_AXES = (
    ("sharpness", "detail", 0.6), ("sharpness", "smear", -0.5), ("detail", "smear", -0.6), ("smooth", "smear", 0.6),
    ("smooth", "detail", -0.3), ("smooth", "sharpness", -0.3), ("smooth", "noise", -0.4), ("noise", "realism", -0.15),
    ("oversharp", "artifacts", 0.5), ("oversharp", "realism", -0.4), ("artifacts", "realism", -0.4),
    ("smear", "realism", -0.5), ("artifacts", "smear", 0.45), ("detail", "realism", 0.4), ("tone", "realism", 0.3),
    ("sharpness", "realism", 0.25), ("colour", "realism", 0.3), ("artifacts", "detail", -0.4),
    ("artifacts", "sharpness", -0.2), ("noise", "artifacts", 0.2), ("oversharp", "smear", 0.1),
)  # fmt: skip
_OVERALL = 0.15
VERDICT = 0.3
"""Weight of "better", "wins" and the like: whoever knows the answer can say them."""
TIE_AGAINST_DIRECTION = 0.35
"""How much a tie contradicts a direction, and the other way round; a direction contradicts its opposite by 1."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """The free constants of the comparison; chosen once on development probes, versioned with the metric."""

    topic_floor: float = 0.7
    """What a counterpart counts whose claim is about something else; 1 with the same topic."""
    topic_same: float = 0.3
    """Cosine of two claims from which they count as the same topic."""
    strongest: float = 0.5
    """Share of a claim's value that its strongest observation decides; the rest is the mean of all."""
    cancel: int = 5
    """How sharply support and contradiction cancel: net = larger * (1 - (smaller / larger)^cancel)."""
    recall: float = 0.7
    """Exponent of recall in the geometric mean with precision."""
    unread: float = 0.25
    """What a claim without any observation counts in the denominator of precision."""
    surprise: float = 1.0
    """Exponent of the weight of what others seldom say."""
    surprise_gain: float = 1.1


TUNING = Tuning()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as arrays: `rows` of shape (observations, 6), `words` of its claims as `topics.numbered` gives them."""

    rows: Floats
    words: Ints
    claims: tuple[str, ...]
    extra: int = 0
    """Claims that were not read, because the text is too long."""

    def exchanged(self) -> Reading:
        """The same text with its sides exchanged."""
        rows = self.rows.copy()
        rows[:, AMOUNT] *= -1
        return Reading(rows, self.words, self.claims, self.extra)


def read(text: str) -> Reading:
    """The reading of a text."""
    clauses, extra = parse(text)
    groups = grouped(clauses)
    rows: list[tuple[float, ...]] = []
    for number, group in enumerate(groups):
        for clause in group:
            weight = 1 / math.sqrt(max(1, len(clause.observations)))
            for seen in clause.observations:
                tie = 0.0 if not seen.tie else (1.0 if seen.amount == 0 else -1.0)
                amount = 0.0 if seen.tie else seen.side * seen.amount
                told = weight * (VERDICT if seen.axis == "overall" else 1.0)
                rows.append((REGIONS.index(seen.region), AXES.index(seen.axis), amount, tie, told, number))
    claims = tuple(" ".join([group[0].label, *(clause.text for clause in group)]).strip() for group in groups)
    return Reading(np.array(rows, dtype=np.float64).reshape(-1, 6), numbered(claims), claims, extra)


@functools.cache
def _kernels() -> tuple[Floats, Floats]:
    regions, axes = np.eye(len(REGIONS)), np.eye(len(AXES))
    for name in REGIONS:
        for other, value in [("global", _GLOBAL), *((zone, _ZONE) for zone in ("dark", "bright", "flat", "edges"))]:
            if name != other:
                _set(regions, REGIONS, name, other, value)
    for a, b, value in _NEAR_REGIONS:
        _set(regions, REGIONS, a, b, value)
    for name in AXES:
        if name not in ("overall", "smooth"):
            _set(axes, AXES, name, "overall", _OVERALL * VALENCE.get(name, 1))
    for a, b, value in _NEAR_AXES:
        _set(axes, AXES, a, b, value)
    return regions, axes


def _set(kernel: Floats, names: Sequence[str], a: str, b: str, value: float) -> None:
    i, j = names.index(a), names.index(b)
    kernel[i, j] = kernel[j, i] = value


class Block:
    """Several readings stacked, so that a text is compared with all of them in a few array operations."""

    def __init__(self, readings: Sequence[Reading], weights: Sequence[Floats] | None = None) -> None:
        self.size = len(readings)
        self.rows = np.concatenate([reading.rows for reading in readings])
        self.owner = np.repeat(np.arange(self.size), [len(reading.rows) for reading in readings])
        offsets = np.cumsum([0, *(len(reading.claims) for reading in readings)])[:-1]
        self.claim = self.rows[:, CLAIM].astype(int) + offsets[self.owner]
        self.words = np.concatenate([r.words + np.array([at, 0]) for r, at in zip(readings, offsets, strict=True)])
        self.weights = self.rows[:, WEIGHT] if weights is None else np.concatenate(list(weights))
        starts = (
            np.flatnonzero(np.r_[True, self.owner[1:] != self.owner[:-1]]) if len(self.owner) else np.array([], int)
        )
        self.starts, self.present = starts, self.owner[starts] if len(self.owner) else np.array([], int)


def agreement(one: Floats, other: Floats) -> Floats:
    """Signed agreement in [-1, 1] of every row of one with every row of the other, topics apart."""
    regions, axes = _kernels()
    near = (
        regions[one[:, REGION].astype(int)][:, other[:, REGION].astype(int)]
        * axes[one[:, AXIS].astype(int)][:, other[:, AXIS].astype(int)]
    )
    amount_one, amount_other = np.abs(one[:, AMOUNT])[:, None], np.abs(other[:, AMOUNT])[None]
    enough = np.minimum(1.0, amount_other / np.where(amount_one > 0, amount_one, 1.0))
    direction = np.sign(one[:, AMOUNT])[:, None] * np.sign(other[:, AMOUNT])[None] * enough
    tie_one, tie_other = one[:, TIE][:, None], other[:, TIE][None]
    both = tie_one * tie_other
    mixed = ((tie_one == 1) & (tie_other == 0)) | ((tie_one == 0) & (tie_other == 1))
    tied = np.where(both != 0, both, np.where(mixed, -TIE_AGAINST_DIRECTION, 0.0))
    signed: Floats = np.where((tie_one != 0) | (tie_other != 0), tied * np.abs(near), direction * near)
    return signed


def net(values: Floats, axis: int) -> Floats:
    """The best support less the best contradiction along an axis, in [-1, 1]."""
    if values.shape[axis] == 0:
        return np.zeros(values.shape[1 - axis])
    return _cancelled(np.maximum(values, 0).max(axis), np.maximum(-values, 0).max(axis))


def _cancelled(support: Floats, against: Floats) -> Floats:
    larger = np.maximum(np.maximum(support, against), 1e-9)
    ratio = np.minimum(support, against) / larger
    cancelled: Floats = np.sign(support - against) * larger * (1 - ratio**TUNING.cancel)
    return cancelled


@dataclass(frozen=True, slots=True)
class Comparison:
    """A text against every reference of a block: scores (references,) and what became of each reference row."""

    scores: Floats
    support: Floats
    """Net support of each reference row, in [-1, 1]."""
    spoken: Floats
    """How far each reference row is spoken of at all, in [0, 1]."""
    own: Floats
    """Net support of the text's own rows by each reference, shape (references, rows)."""


def compare(block: Block, text: Reading) -> Comparison:
    """Score of the text against each reference of the block, in [-1, 1], before any correction for chance."""
    values = agreement(block.rows, text.rows) * _topics(block, text)
    spoken = np.abs(values).max(1) if values.shape[1] else np.zeros(len(values))
    support = net(values, 1)
    own = np.zeros((block.size, len(text.rows)))
    if len(block.rows) and len(text.rows):
        positive = np.maximum.reduceat(np.maximum(values, 0), block.starts, axis=0)
        negative = np.maximum.reduceat(np.maximum(-values, 0), block.starts, axis=0)
        own[block.present] = _cancelled(positive, negative)
    recall = _recall(block, support)
    precision = _precision(text, own)
    mean = np.maximum(recall, 0) ** TUNING.recall * np.maximum(precision, 0) ** (1 - TUNING.recall)
    scores = np.where((recall <= 0) | (precision <= 0), np.minimum(recall, precision), mean)
    return Comparison(scores, support, spoken, own)


def _topics(block: Block, text: Reading) -> Floats:
    """How far the claims behind two rows are about the same, in [topic_floor, 1]."""
    if not len(block.rows) or not len(text.rows):
        return np.ones((len(block.rows), len(text.rows)))
    near = np.minimum(1.0, cosines(block.words, text.words) / TUNING.topic_same)
    topics = TUNING.topic_floor + (1 - TUNING.topic_floor) * near
    found: Floats = topics[block.claim][:, text.rows[:, CLAIM].astype(int)]
    return found


def _recall(block: Block, support: Floats) -> Floats:
    """Mean support of each reference's claims, shape (references,); 0 where nothing could be read of a reference."""
    if not len(block.rows):
        return np.zeros(block.size)
    starts = _starts(block.claim)
    values, weight = _by_claim(starts, support[None], block.weights)
    owner = block.owner[starts]
    total = np.bincount(owner, weights=values[0] * weight, minlength=block.size)
    mass = np.bincount(owner, weights=weight, minlength=block.size)
    return np.divide(total, mass, out=np.zeros(block.size), where=mass > 0)


def _precision(text: Reading, own: Floats) -> Floats:
    """Mean support of the text's own claims by each reference, shape (references,)."""
    if not len(text.rows):
        return np.zeros(len(own))
    starts = _starts(text.rows[:, CLAIM])
    values, weight = _by_claim(starts, own, text.rows[:, WEIGHT])
    spread = len(starts) + TUNING.unread * (len(text.claims) - len(starts)) + text.extra
    precision: Floats = values @ weight / weight.sum() * len(starts) / spread
    return precision


def _starts(claim: NDArray[Any]) -> NDArray[np.intp]:
    """Where each claim's rows begin; the rows of a claim stand together."""
    return np.flatnonzero(np.r_[True, claim[1:] != claim[:-1]])


def _by_claim(starts: NDArray[np.intp], support: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Value of each claim (of the mean and the strongest of its rows), shape (texts, claims), and its weight."""
    mass = np.add.reduceat(weights, starts)
    mean = np.add.reduceat(support * weights, starts, axis=1) / mass
    high = np.maximum.reduceat(support, starts, axis=1)
    low = np.minimum.reduceat(support, starts, axis=1)
    strongest = np.where(high >= -low, high, low)
    rows = np.diff(np.r_[starts, len(weights)])
    return (1 - TUNING.strongest) * mean + TUNING.strongest * strongest, mass / rows
