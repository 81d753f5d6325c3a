"""Two submissions of a phase side by side. What may be told depends on who asks: values per item only to whom the phase
shows them; of somebody else's entry on the board nothing finer than means and tests.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from app import storage
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.visibility import view_of
from app.db import Session, now
from app.leaderboards.board import counts, same_scoring
from app.leaderboards.columns import rule_of
from app.leaderboards.errors import DifferentPhases, DifferentScoring, NotCompared, SameSubmission
from app.leaderboards.ranking import computing
from app.scoring.comparing import KEYS, Comparison, compare, read_items
from app.scoring.splitting import public_items
from app.submissions import service as submissions
from app.submissions.errors import NotScored, SubmissionNotFound
from app.submissions.models import Submission

KEPT = 128
"""So many comparisons are remembered per process: a submission's page asks for the same two again and again."""


@dataclass(frozen=True, slots=True)
class _Sides:
    head: dict[str, Any]
    files: tuple[str, str]
    # The split of a phase of which only the public items may be told.
    public: dict[str, Any] | None
    counts: bool
    ids: bool


def comparison(who: Principal, ref: str, other: str) -> dict[str, Any]:
    """The comparison of `ref` with `other`: differences are `ref` - `other`, so above 0 `ref` is better.

    Raises SameSubmission, SubmissionNotFound (also for somebody else's that does not count on the board),
    DifferentPhases, NotScored, DifferentScoring, NotCompared.
    """
    with Session.begin() as session:
        sides = _sides(session, who, ref, other)
    found = _compared(sides.files, json.dumps(sides.public, sort_keys=True))
    return {**sides.head, **found.as_dict(counts=sides.counts, ids=sides.ids)}


@lru_cache(maxsize=KEPT)
def _compared(files: tuple[str, str], public: str) -> Comparison:
    """Two files of items compared, by the split's public items where there is one; files never change."""
    split = json.loads(public)
    a, b = (_shown(read_items(storage.get(sha256)), split) for sha256 in files)
    with computing:
        return compare(a, b)


def _sides(session: OrmSession, who: Principal, ref: str, other: str) -> _Sides:
    if ref == other:
        raise SameSubmission
    first = submissions.submission_of(session, who, ref)
    second, foreign = _other(session, who, other)
    phase = first.phase
    if phase.id != second.phase_id:
        raise DifferentPhases(f"{ref} is in {phase.slug}, {other} in {second.phase.slug}.")
    for one in (first, second):
        if one.evaluation.items_sha256 is None:
            raise NotScored(f"The state of {one.ref} is {one.evaluation.state}.", state=one.evaluation.state)
    a, b = first.evaluation, second.evaluation
    if not same_scoring(a, b):
        what = "version of the metrics" if a.plan == b.plan else "plan"
        what = "ground truth" if a.truth_id != b.truth_id else what
        raise DifferentScoring(f"They were judged by another {what}.")
    files = (str(a.items_sha256), str(b.items_sha256))
    head = {"competition": phase.competition.slug, "phase": phase.slug, "a": ref, "b": other}
    shows = phase.show_items or competitions.organizes(who, phase.competition)
    view = view_of(phase, who, now(session))
    if view.ladder:
        raise NotCompared("A ladder tells no more than which score it shows.")
    public = None if view.whole else phase.split
    return _Sides(head, files, public, counts=not foreign, ids=shows and not foreign)


def _shown(items: list[dict[str, Any]], split: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The items that may be told of: all, or where a split is given, its public ones."""
    if split is None:
        return items
    public = public_items([item["item_id"] for item in items], [item.get("category") for item in items], **split)
    return [item for item in items if item["item_id"] in public]


def _other(session: OrmSession, who: Principal, ref: str) -> tuple[Submission, bool]:
    """The submission to compare with, and whether it is somebody else's, seen only because it counts on the board."""
    try:
        return submissions.submission_of(session, who, ref), False
    except SubmissionNotFound:
        found = session.scalar(select(Submission).where(Submission.ref == ref))
        if found is None:
            raise
        view = view_of(found.phase, who, now(session))
        if not counts(session, found.phase, view, found.evaluation.id):
            raise
        if set(rule_of(found.phase).hidden) & set(KEYS):
            raise NotCompared from None
        return found, True
