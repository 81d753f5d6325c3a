"""What of an entrant counts on a board: read from the submissions alone, and decided by pure functions.

Decision: whenever something of an entrant changes, all that may count of this entrant is read again and decided anew.
So `place` and `rebuild` agree by construction, whatever the rule, and a past board is the same decision about what was
known then. It costs one entrant's submissions of one phase, however many entrants there are. Rejected: comparing the
new one with the standing one, which is enough for the best, and for no other rule.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Integer, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.competitions.models import Participation, Phase, Team
from app.competitions.rules import BoardRule
from app.leaderboards.columns import rule_of, scores_read, sort_keys
from app.leaderboards.items import ranked_items
from app.scoring.ladder import Floats, beats, rounded
from app.submissions.models import Evaluation, Mark, Submission

ENTRANT = func.coalesce(Team.lead_id, Participation.id)
"""Who competes: the participation, or that of the lead of its team."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A scored submission that may count; `keys` rank, higher is better. `items`: its values per item, for a ladder."""

    submission_id: int
    evaluation_id: int
    entrant_id: int
    sent_at: datetime
    chosen: bool
    keys: tuple[float, ...]
    items: Floats | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of a board: a counting evaluation of an entrant, who has so many entries. See `models.Standing`."""

    entrant_id: int
    slot: int
    evaluation_id: int
    sort_keys: tuple[float, ...]
    submitted_at: datetime
    entries: int


def boards_of(phase: Phase) -> tuple[str, ...]:
    """The boards of a phase."""
    return ("main", "public", "late") if phase.split else ("main", "late")


def part_of(phase: Phase, board: str) -> str:
    """Which items the board ranks by: `public`, `private`, or all of them (empty)."""
    if phase.split is None:
        return ""
    return "public" if board == "public" else "private"


def report_of(phase: Phase, board: str) -> Any:
    """The column with the report by which the board ranks."""
    columns = {"": Evaluation.report, "public": Evaluation.public_report, "private": Evaluation.private_report}
    return columns[part_of(phase, board)]


def order(one: Candidate) -> tuple[Any, ...]:
    """By this, the better comes first; of equals, the earlier."""
    return (*(-key for key in one.keys), one.sent_at, one.submission_id)


def counting(rule: BoardRule, of_one: Sequence[Candidate]) -> list[Candidate]:
    """Which of one entrant's submissions count: one, or all of them where the rule is so."""
    if rule.counting == "all":
        return list(of_one)
    if rule.counting == "latest":
        return [max(of_one, key=lambda one: (one.sent_at, one.submission_id))]
    if any(one.items is not None for one in of_one):
        return [climbed(of_one)]
    chosen = [one for one in of_one if one.chosen] if rule.counting == "choice" else []
    return [min(chosen or of_one, key=order)]


def climbed(of_one: Sequence[Candidate]) -> Candidate:
    """What the ladder shows: in the order of sending, each that beats the one before by more than the noise."""
    first, *others = sorted(of_one, key=lambda one: (one.sent_at, one.submission_id))
    for one in others:
        if one.items is not None and first.items is not None and beats(one.items, first.items):
            first = one
    return first


def placed(rule: BoardRule, found: Iterable[Candidate]) -> list[Placed]:
    """The rows of a board, best first."""
    by_entrant: dict[int, list[Candidate]] = defaultdict(list)
    for one in found:
        by_entrant[one.entrant_id].append(one)
    rows = [
        (one, Placed(entrant, _slot(rule, one), one.evaluation_id, one.keys, one.sent_at, len(of_one)))
        for entrant, of_one in by_entrant.items()
        for one in counting(rule, of_one)
    ]
    return [row for _, row in sorted(rows, key=lambda pair: order(pair[0]))]


def _slot(rule: BoardRule, one: Candidate) -> int:
    return one.submission_id if rule.counting == "all" else 0


def board_at(session: Session, phase: Phase, board: str, **when: Any) -> list[Placed]:
    """The rows of a board from the submissions alone, best first; `when` as of `candidates`."""
    return placed(rule_of(phase), candidates(session, phase, board, **when))


def candidates(
    session: Session,
    phase: Phase,
    board: str,
    *,
    at: datetime | None = None,
    rescore_id: int | None = None,
    members: list[int] | None = None,
) -> list[Candidate]:
    """What may count on the board: now, at a moment, or after a re-scoring; of all, or of some participations.

    That is: scored by its newest judgement that had effect then, neither withdrawn nor disqualified, not of a banned
    participant.
    """
    rule, report = rule_of(phase), report_of(phase, board)
    read = scores_read(rule)
    values = [report[key]["value"].as_float() for key in read]
    rows = (
        select(Submission.id, Evaluation.id, ENTRANT, Submission.created_at, Mark.chosen_at, *values)
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .join(Participation, Participation.id == Submission.participation_id)
        .outerjoin(Team, Team.id == Participation.team_id)
        .outerjoin(Mark, Mark.submission_id == Submission.id)
        .where(
            Submission.phase_id == phase.id,
            Submission.late == (board == "late"),
            Evaluation.version == _newest(at, rescore_id),
            Evaluation.state == "scored",
            _happened(Evaluation.finished_at, at),
            ~_happened(Mark.withdrawn_at, at),
            ~_happened(Mark.disqualified_at, at),
            Participation.status != "banned",
        )
    )
    if phase.split is not None:
        rows = rows.where(report.is_not(None))
    if members is not None:
        rows = rows.where(Submission.participation_id.in_(members))
    if at is not None:
        rows = rows.where(Submission.created_at <= at)
    found = [
        Candidate(*row[:4], _happens(row[4], at), sort_keys(rule, dict(zip(read, row[5:], strict=True))))
        for row in session.execute(rows)
    ]
    return _on_the_ladder(session, found) if rule.ladder and board == "public" else found


def _on_the_ladder(session: Session, found: list[Candidate]) -> list[Candidate]:
    """The candidates with their values per public item and the score as a ladder shows it."""
    read = select(Evaluation.id, Evaluation.truth_id, Evaluation.item_finals)
    rows = session.execute(read.where(among(Evaluation.id, [one.evaluation_id for one in found])))
    values = {row.id: row for row in rows if row.item_finals is not None}
    items = {row.truth_id: row.id for row in values.values()}
    ranked = {truth_id: ranked_items(session, one, "public") for truth_id, one in items.items()}
    climbing = []
    for one in found:
        row = values.get(one.evaluation_id)
        if row is not None:
            public = np.frombuffer(row.item_finals, "<f8")[ranked[row.truth_id].places]
            shown = tuple(rounded(key, len(public)) for key in one.keys)
            climbing.append(replace(one, items=public, keys=shown))
    return climbing  # what has no values per item cannot climb


def among(column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether the column is one of these ids, however many: they are one parameter."""
    found: ColumnElement[bool] = column == any_(cast(sorted(ids), ARRAY(Integer)))
    return found


def _happens(moment: datetime | None, at: datetime | None) -> bool:
    return moment is not None and (at is None or moment <= at)


def _newest(at: datetime | None, rescore_id: int | None) -> Any:
    """The version of a submission's judgement that has effect: now, at a moment, or after a re-scoring."""
    other = aliased(Evaluation)
    effective = _happened(other.effective_at, at)
    if rescore_id is not None:
        effective |= (other.rescore_id == rescore_id) & (other.state == "scored")
    return select(func.max(other.version)).where(other.submission_id == Submission.id, effective).scalar_subquery()


def _happened(moment: Any, at: datetime | None) -> ColumnElement[bool]:
    """Whether what the column stamps has happened, until `at` where that is given."""
    stamped: ColumnElement[bool] = moment.is_not(None)
    return stamped if at is None else stamped & (moment <= at)
