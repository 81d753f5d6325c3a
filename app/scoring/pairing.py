"""Answers beside the truth: which ids are known, which pairs are missing, and pairs in the order of the truth.

Decision: scoring walks over the references, never over what was sent, so that leaving out hard items or repeating easy
ones gains nothing. A missing pair is a warning (it counts as wrong); an unknown id is a finding, because it shows that
the file was made for something else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .findings import Findings, shown
from .records import Answer, Pair, Reference

_NAMED = 20


def pair(references: Sequence[Reference], answers: Iterable[Answer]) -> list[Pair]:
    """One Pair for each reference, in the references' order; `answer` is None where there is none.

    Answers to other items count nothing (a later truth may have dropped an item). Raises ValueError where an id occurs
    twice among the references or the answers: reading refuses such files.

    >>> pair([Reference("p_000", "A", "sharper")], [])[0].correct
    False
    """
    given: dict[str, Answer] = {}
    for answer in answers:
        if answer.item_id in given:
            raise ValueError(f"Two answers for {shown(answer.item_id)}.")
        given[answer.item_id] = answer
    if len({reference.item_id for reference in references}) != len(references):
        raise ValueError("Two references for one item.")
    return [Pair(reference, given.get(reference.item_id)) for reference in references]


def check_ids(item_ids: Collection[str], lines: Mapping[str, int]) -> tuple[Findings, Findings]:
    """Findings (unknown_id) and warnings (missing_pairs) of a file that names the ids in `lines` (id -> line).

    Nothing of the truth but whether an id belongs to the phase is told.
    """
    known = item_ids if isinstance(item_ids, (set, frozenset, dict)) else frozenset(item_ids)
    findings, warnings = Findings(), Findings()
    for item_id, line in lines.items():
        if item_id not in known:
            findings.add("unknown_id", f"{shown(item_id)} is not a pair of this phase.", line=line, item_id=item_id)
    missing = sorted(item_id for item_id in known if item_id not in lines)
    if missing:
        names = ", ".join(shown(item_id) for item_id in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        message = f"{len(missing)} of {len(known)} pairs have no record and count as wrong: {names}{more}."
        warnings.add("missing_pairs", message)
    return findings, warnings
