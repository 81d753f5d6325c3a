"""Fingerprints: pairs of entries that share more wrong answers, or more of their wording, than chance allows.

Decision: answer copying is tested as omega and GBT do (Wollack 1997; van der Linden & Sotaridona 2006): given what one
entry has wrong, how many of these the other misses too, against a Rasch model of its ability and each item's
difficulty, by the exact Poisson-binomial tail. It is tested both ways and the larger p-value counts; Holm over all
pairs. Right answers are not counted: able entries share them rightly. Cost: entries on the same model err together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..comparing import ALPHA
from .chance import Bools, Floats, Ints, holm_of_smallest, miss_rates, tails

FEWEST = 5
"""With fewer entries the difficulty of items is unknown, and only identical files and texts are told."""
TOP = 200
ALIKE = 90
"""Texts with such a normalised Indel similarity (0 to 100) are near-identical."""
SHORTEST = 20
"""Shorter texts are alike by chance, characters."""
MANY_ALIKE = 0.5
COMPARED = 2_000_000
"""So many pairs of texts are compared at most."""
CAVEAT = (
    "Evidence to read, not proof: entries that stand on the same model, the same starting kit or the same published "
    "solution resemble each other honestly."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Who sent it, in which team (None: none), and the hashes of the file and of the canonical answers."""

    name: str
    team: int | None
    file_sha256: str
    answers_sha256: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two entries are. `expected`: shared wrong answers by chance, of the direction with the larger p-value.

    `p_value`, `p_holm` and `expected` are None where there are too few entries. `alike_texts`: the share of compared
    explanations that are near-identical, None where none is long enough.
    """

    a: str
    b: str
    flagged: bool
    shared_wrong: int
    wrong_a: int
    wrong_b: int
    expected: float | None
    p_value: float | None
    p_holm: float | None
    alike_texts: float | None
    same_file: bool
    same_answers: bool
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The pair as plain values."""
        return asdict(self)


def sampled(entries: int, items: int) -> list[int]:
    """The items whose explanations are compared: all, or as many as COMPARED allows, evenly spread.

    >>> sampled(1000, 100)
    [0, 50]
    """
    many = max(1, min(items, COMPARED // max(1, entries * entries)))
    return sorted({place * items // many for place in range(many)})


def fingerprints(
    entries: Sequence[Entry], correct: Bools, answered: Bools, texts: Sequence[Sequence[str]]
) -> list[Likeness]:
    """The pairs that are alike, most suspicious first, at most TOP; pairs of one team are left out.

    `correct` and `answered` of shape (entries, items); `texts` holds each entry's explanations of the `sampled` items.
    """
    if len(entries) < 2:
        return []
    wrong = answered & ~correct
    left, right = _pairs(entries)
    shared = wrong.astype(np.int64) @ wrong.T.astype(np.int64)
    alike, compared = _alike(texts)
    same = np.array([_same(entries[a], entries[b]) for a, b in zip(left, right, strict=True)], dtype=bool)
    many = (alike >= MANY_ALIKE * compared) & (compared > 0)
    tested = _tested(wrong, answered, shared, left, right) if len(entries) >= FEWEST else {}
    ordered = sorted(tested, key=lambda number: tested[number][0])
    corrected = dict(zip(ordered, holm_of_smallest([tested[k][0] for k in ordered], len(left)), strict=True))
    found = []
    for number in {*tested, *np.flatnonzero(same | many[left, right]).tolist()}:
        a, b = int(left[number]), int(right[number])
        p_value, expected = tested.get(number, (None, None))
        facts: dict[str, Any] = {
            "shared_wrong": int(shared[a, b]),
            "wrong_a": int(shared[a, a]),
            "wrong_b": int(shared[b, b]),
            "expected": expected,
            "p_value": p_value,
            "p_holm": corrected.get(number),
            "alike_texts": float(alike[a, b] / compared[a, b]) if compared[a, b] else None,
            "same_file": entries[a].file_sha256 == entries[b].file_sha256,
            "same_answers": entries[a].answers_sha256 == entries[b].answers_sha256,
        }
        reasons = _reasons(facts)
        found.append(Likeness(entries[a].name, entries[b].name, flagged=bool(reasons), why=_sentence(reasons), **facts))
    found.sort(key=lambda pair: (not pair.flagged, not pair.same_answers, _or_one(pair.p_value), pair.a, pair.b))
    return found[:TOP]


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _pairs(entries: Sequence[Entry]) -> tuple[Ints, Ints]:
    """Every two entries that are not of one team."""
    left, right = np.triu_indices(len(entries), 1)
    teams = np.array([-1 if one.team is None else one.team for one in entries])
    apart = (teams[left] != teams[right]) | (teams[left] == -1)
    return left[apart], right[apart]


def _same(one: Entry, other: Entry) -> bool:
    return one.file_sha256 == other.file_sha256 or one.answers_sha256 == other.answers_sha256


def _tested(
    wrong: Bools, answered: Bools, shared: Ints, left: Ints, right: Ints
) -> dict[int, tuple[float, float | None]]:
    """p-value and expectation of the pairs that share most beyond it, by number; the others are less suspicious."""
    rates = miss_rates(wrong, answered) * answered
    # [a, b]: what b would share of the wrong answers of a.
    mean, spread = wrong @ rates.T, np.sqrt(wrong @ (rates * (1 - rates)).T) + 1e-9
    excess = (shared - mean) / spread
    excess = np.minimum(excess, excess.T)[left, right]
    most = np.argsort(-excess, kind="stable")[:TOP]
    a, b, counts = left[most], right[most], shared[left[most], right[most]]
    there, back = (_tail(wrong, rates, one, other, counts) for one, other in ((a, b), (b, a)))
    expected = np.where(there >= back, mean[a, b], mean[b, a])
    p_values = np.maximum(there, back)
    return {int(k): (float(p), float(e)) for k, p, e in zip(most, p_values, expected, strict=True)}


def _tail(wrong: Bools, rates: Floats, sources: Ints, others: Ints, counts: Ints) -> Floats:
    """How likely each of `others` is to miss so many of the items that its source misses."""
    misses = [rates[other, wrong[source]] for source, other in zip(sources, others, strict=True)]
    padded = np.zeros((len(misses), max((len(row) for row in misses), default=0)))
    for place, row in enumerate(misses):
        padded[place, : len(row)] = row
    return tails(padded, counts)


def _alike(texts: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every two entries: how many explanations are near-identical, and how many were long enough to compare."""
    from rapidfuzz import fuzz, process

    n = len(texts)
    alike, compared = np.zeros((n, n), dtype=np.int64), np.zeros((n, n), dtype=np.int64)
    for column in zip(*texts, strict=True):
        plain = [" ".join(text.casefold().split()) for text in column]
        told = np.flatnonzero([len(text) >= SHORTEST for text in plain])
        long = [plain[place] for place in told]
        ratios = process.cdist(long, long, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=np.uint8)
        alike[np.ix_(told, told)] += ratios >= ALIKE
        compared[np.ix_(told, told)] += 1
    return alike, compared


def _reasons(facts: dict[str, Any]) -> list[str]:
    reasons = []
    if facts["same_file"]:
        reasons.append("the same file")
    elif facts["same_answers"]:
        reasons.append("the same answers and explanations")
    if facts["p_holm"] is not None and facts["p_holm"] < ALPHA:
        text = f"{facts['shared_wrong']} wrong answers in common where chance gives {facts['expected']:.1f}"
        reasons.append(f"{text} (p = {facts['p_holm']:.2g} after Holm)")
    if (facts["alike_texts"] or 0) >= MANY_ALIKE:
        reasons.append(f"{facts['alike_texts']:.0%} of the explanations near-identical")
    return reasons


def _sentence(reasons: list[str]) -> str:
    return f"They have {', and '.join(reasons)}." if reasons else "Nothing beyond what chance allows."
