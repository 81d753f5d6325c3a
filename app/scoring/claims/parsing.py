"""An explanation as observations: which side has how much of what, where.

Decision: rules over a small vocabulary, no parser and no model: the same text always gives the same reading, a reading
can be shown word by word, and an organizer can correct it. A text is cut into lines, sentences and clauses; a clause
speaks of one side (its own name or the last one before it), and each word for a quality in it becomes an observation.
Cost: idioms that are not in the vocabulary are not seen; measured in docs/judgement.md.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .amounts import PRESENT, amounts
from .sides import BOTH, A, B, named
from .vocabulary import VALENCE, Hit, hits_in

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?()\n]|-(?=\s)")
_LABEL = re.compile(r"^[ \t>*#\-\d.)]*([^:\n]{2,80}?)\s*:\s*(?=\S)")
_DENIED = re.compile(
    r"^(?:it (?:is|was) |it's |it isn't |)(?:(?:simply )?(?:not|isn't) (?:true|the case|correct|right|so)"
    r"|true|false|untrue|wrong|incorrect|nonsense|a myth) (?:that|to say(?: that)?) "
)
_CONTRAST = {"while", "whereas", "but", "although", "though", "however", "yet", "instead", "whilst", "meanwhile"}
_LINKS = {",", "and", "or", "where", "as", "that", "because", "since", "so", "unlike", "against"}
_DENIALS = {"no", "not", "isn't", "aren't", "little", "hardly", "far", "without"}
_STOPS = {".", ";", "!", "?", "\n", "(", ")", ":", "-"}
_STANDARDS = {"than", "compared", "relative", "versus", "vs", "unlike", "outperforming", "against", "behind"}
"""Words before the name of the side that the other one is held against."""
DIRECTIONS = ("A", "B", "tie", "mixed")
"""What a claim can say of the two images, as an organizer writes it."""
MOST_CLAUSES = 120
MOST_CHARS, SENTENCE_CHARS = 20_000, 100
SIDE = {A: 1.0, B: -1.0, BOTH: 0.0}


@dataclass(frozen=True, slots=True)
class Observation:
    """Image A (side +1) or B (-1), or both (0), has much (+1) or little (-1) of an axis in a region."""

    region: str
    axis: str
    side: float
    amount: float
    tie: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of text that speaks of one side, with what was read in it."""

    text: str
    line: int
    sentence: int
    side: str | None
    observations: tuple[Observation, ...]
    label: str = ""


@dataclass(slots=True)
class _Memory:
    """What a clause may inherit from the ones before it in its line."""

    side: str | None = None
    last: str | None = None
    regions: tuple[str, ...] = ()
    label_regions: tuple[str, ...] = ()
    label_axes: tuple[str, ...] = ()
    label: str = ""


def parse(text: str) -> tuple[list[Clause], int]:
    """The clauses of a text and the number of sentences that were not read, because the text is too long.

    Never raises; an empty text has no clause.

    >>> [(o.region, o.axis, o.side, o.amount) for c in parse("Hair is blurry in Image B.")[0] for o in c.observations]
    [('hair', 'sharpness', -1.0, -1.0)]
    """
    clauses: list[Clause] = []
    sentence, extra = 0, max(0, len(text) - MOST_CHARS) // SENTENCE_CHARS
    for number, line in enumerate(named(text[:MOST_CHARS]).split("\n")):
        if not line.strip():
            continue
        memory = _Memory()
        label = _LABEL.match(line)
        body = line
        if label and not re.search(rf"\b({A}|{B}|{BOTH})\b", label[1]) and len(label[1].split()) <= 8:
            memory.label = label[1].strip()
            memory.label_regions, memory.label_axes = _label(label[1])
            memory.regions = memory.label_regions
            body = line[label.end() :]
        for words in _sentences(_TOKEN.findall(body)):
            sentence += 1
            if len(clauses) >= MOST_CLAUSES:
                extra += 1
                continue
            denied = _DENIED.match(" ".join(words[:10]) + " ")
            said = words[len(denied[0].split()) :] if denied else words
            read = [_read(piece, number, sentence, memory) for piece in _clauses(said)]
            clauses += [_turned(clause) for clause in read] if denied and _denies(denied[0]) else read
    return clauses, extra


def _denies(opening: str) -> bool:
    """Whether an opening such as `it is not true that` turns what follows round; `it is true that` does not."""
    return not re.match(r"(?:it is |it was |it's )?(?:simply )?true", opening)


def _turned(clause: Clause) -> Clause:
    """The opposite of a clause: less of what it has more of, unequal where it says equal."""
    turned = tuple(replace(o, amount=(1.0 - o.amount) if o.tie else -o.amount) for o in clause.observations)
    return replace(clause, observations=turned)


def grouped(clauses: Sequence[Clause]) -> list[list[Clause]]:
    """The clauses by claim: a line of a text in lines, else a sentence."""
    by_line = len({clause.line for clause in clauses}) > 1
    claims: dict[int, list[Clause]] = {}
    for clause in clauses:
        claims.setdefault(clause.line if by_line else clause.sentence, []).append(clause)
    return list(claims.values())


def claims_of(text: str) -> list[list[Clause]]:
    """The claims of a text, each as its clauses."""
    return grouped(parse(text)[0])


def _label(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hits = list(hits_in(_TOKEN.findall(text)))
    regions = [s.name for hit in hits for s in hit.senses if s.kind == "region"]
    axes = [s.name for hit in hits for s in hit.senses if s.kind in ("noun", "more", "less")]
    return tuple(dict.fromkeys(regions)), tuple(dict.fromkeys(axes))


def _sentences(tokens: Sequence[str]) -> Iterator[list[str]]:
    current: list[str] = []
    for token in tokens:
        if token in _STOPS:
            if current:
                yield current
            current = []
        else:
            current.append(token)
    if current:
        yield current


def _clauses(words: list[str]) -> Iterator[list[str]]:
    """Cut where another side takes over or a contrast begins."""
    start = 0
    mentions = [i for i, w in enumerate(words) if w in SIDE]
    cuts = {i for i in range(1, len(words)) if _cut(words, i)}
    # "soft in imga and crisp in imgb": two sides in one piece are cut at the last link between them
    for first, second in itertools.pairwise(mentions):
        if words[first] == words[second] or any(first < cut <= second for cut in cuts):
            continue
        if _STANDARDS.intersection(words[first:second]):
            continue
        links = [i for i in range(first + 1, second) if words[i] in ("and", ",", "or")]
        if links:
            cuts.add(links[-1])
    for cut in sorted(cuts):
        if cut > start:
            yield words[start:cut]
        start = cut
    if start < len(words):
        yield words[start:]


def _cut(words: Sequence[str], i: int) -> bool:
    """Whether a clause begins with word i > 0."""
    word, before = words[i], words[i - 1]
    side_follows = i + 1 < len(words) and words[i + 1] in SIDE
    if word in ("which", "who"):
        return side_follows or before in SIDE or before == ","
    return word in _CONTRAST or (word in _LINKS and side_follows)


def _side(words: Sequence[str], memory: _Memory) -> str | None:
    """The side a clause speaks of: the first name that is no standard of comparison, else what went before."""
    target: str | None = None
    if words and words[0] in ("which", "who") and memory.last and not (len(words) > 1 and words[1] in SIDE):
        return memory.last
    for i, word in enumerate(words):
        if word not in SIDE:
            continue
        if _STANDARDS.intersection(words[max(0, i - 3) : i]):
            target = target or word
            continue
        return word
    if target is not None and target != BOTH:
        return B if target == A else A
    return memory.side


def _read(words: list[str], line: int, sentence: int, memory: _Memory) -> Clause:
    side = _side(words, memory)
    hits = list(hits_in(words))
    tied, untied = _tied(words, hits)
    own = tuple(dict.fromkeys(s.name for hit in hits for s in hit.senses if s.kind == "region"))
    regions = own or memory.regions or ("global",)
    if own and memory.label_regions:
        regions = tuple(dict.fromkeys((*memory.label_regions, *own)))
    memory.regions = own or memory.regions
    observations: list[Observation] = []
    if side == BOTH and not untied:
        tied = True
    if tied or untied:
        axes = [
            s.name for hit in hits for s in hit.senses if s.kind in ("noun", "more", "less") and s.name != "overall"
        ]
        for axis in dict.fromkeys([*axes, *(memory.label_axes if not axes else ())]) or ("overall",):
            for region in regions:
                observations.append(Observation(region, axis, 0.0, 0.0 if tied else 1.0, tie=True))
    if not tied and side is not None and side != BOTH:
        observations += _observed(words, hits, regions, SIDE[side], memory)
    mentioned = [word for word in words if word in (A, B)]
    memory.last = mentioned[-1] if mentioned else memory.last
    if side in (A, B) and words[0] not in ("which", "who"):
        memory.side = side
    return Clause(" ".join(words), line, sentence, side, tuple(observations), memory.label)


def _tied(words: Sequence[str], hits: Sequence[Hit]) -> tuple[bool, bool]:
    """Whether a clause calls the sides equal, and whether it calls them unequal."""
    tied = untied = False
    for hit in hits:
        kinds = {sense.kind for sense in hit.senses}
        denied = bool(_DENIALS.intersection(words[max(0, hit.start - 4) : hit.start]))
        if "untie" in kinds:
            tied, untied = tied or denied, untied or not denied
        elif "tie" in kinds:
            tied, untied = tied or not denied, untied or denied
    return tied and not untied, untied


def _observed(
    words: Sequence[str], hits: Sequence[Hit], regions: Sequence[str], side: float, memory: _Memory
) -> list[Observation]:
    found = amounts(words, hits)
    if not found and words[0] in SIDE and words[1:2] == ["for"]:  # "A for skin and cloth"
        found = [("overall", 1.0, 1.0)]
    verdict = sum(quality for _, _, quality in found)
    net: dict[str, float] = {}
    for axis, amount, _ in found:
        if amount == 0:  # a topic: what is said of the clause's other qualities holds for it
            amount = PRESENT * VALENCE.get(axis, 1) * (1 if verdict > 0 else -1) if verdict else PRESENT / 2
        net[axis] = net.get(axis, 0.0) + amount
    if memory.label_axes and not set(net) - {"overall", "realism"}:
        if not found:  # "very high in A, lower in B", of what the label names
            verdict = _bare(hits)
        for axis in memory.label_axes:
            if verdict and axis not in net and axis != "overall":
                net[axis] = (1.0 if verdict > 0 else -1.0) * (VALENCE.get(axis, 1) if found else 1)
    out = []
    for axis, amount in net.items():
        amount = max(-1.0, min(1.0, amount))
        if amount and not (axis == "overall" and tuple(regions) == ("global",)):  # known with the answer
            out += [Observation(region, axis, side, amount) for region in regions]
    return out


def _bare(hits: Sequence[Hit]) -> float:
    """What words of amount say that stand alone: above 0 much, below 0 little."""
    kinds = [sense.kind for hit in hits for sense in hit.senses]
    return float(sum(kind == "up" for kind in kinds) - sum(kind == "down" for kind in kinds))
