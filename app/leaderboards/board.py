"""Read a board: its rows in order with their ranks, and the rank of one submission.

Decision: a baseline stands where its score puts it, and takes no place: its rank is empty, and nobody below it moves.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.competitions.models import Participation, Phase, Team
from app.competitions.rules import BoardRule, SortKey
from app.competitions.visibility import View
from app.leaderboards.columns import computed_value, mean_ranks, ranks, rule_of, sort_rules
from app.leaderboards.models import Board, Standing
from app.leaderboards.placing import Placed, among, board_at, report_of
from app.submissions.models import Evaluation, Submission

Row = dict[str, Any]


def version_of(session: Session, phase_id: int) -> int:
    """How many changes the board has seen, 0 for an empty one."""
    return session.scalar(select(Board.version).where(Board.phase_id == phase_id)) or 0


def entries_of(
    session: Session, phase: Phase, board: str, at: datetime | None = None, rescore_id: int | None = None
) -> list[Placed]:
    """What counts on a board, best first by the stored keys: now, as it was at a moment, or after a re-scoring."""
    if at is not None or rescore_id is not None:
        return board_at(session, phase, board, at=at, rescore_id=rescore_id)
    columns = (
        Standing.participation_id,
        Standing.slot,
        Standing.evaluation_id,
        Standing.sort_keys,
        Standing.submitted_at,
        Standing.entries,
    )
    here = (Standing.phase_id == phase.id, Standing.board == board)
    found = select(*columns).where(*here).order_by(Standing.sort_keys.desc(), Standing.submitted_at, Standing.slot)
    return [Placed(*row[:3], tuple(row[3]), *row[4:]) for row in session.execute(found)]


def rows_of(
    session: Session, phase: Phase, board: str = "main", at: datetime | None = None, rescore_id: int | None = None
) -> list[Row]:
    """A board in order: equal keys share a rank, of equals the earlier submission stands first.

    `keys` rank, higher is better. `scores` holds all scores of the report by which the board ranks, and the computed
    ones. `comparable`: judged like the newest one (by the phase's present truth and plan, if any was), so that
    `ranking.add_places` may compare it.
    """
    rule = rule_of(phase)
    entries = entries_of(session, phase, board, at, rescore_id)
    entrants = entrants_of(session, {one.entrant_id for one in entries})
    judged = _judged(session, phase, board, [one.evaluation_id for one in entries])
    by_final = rule.by == SortKey()  # intervals of ranks are made from the items' final scores
    rows: list[Row] = [
        {
            **entrants[one.entrant_id],
            **judged[one.evaluation_id],
            "submitted_at": one.submitted_at,
            "entries": one.entries,
            "keys": one.sort_keys,
            "comparable": by_final and judged[one.evaluation_id]["comparable"],
        }
        for one in entries
    ]
    _compute(rule, rows)
    rows.sort(key=lambda row: tuple(-key for key in row["keys"]))  # stable: equals stay in order
    competing = [not row["baseline"] for row in rows]
    for row, rank in zip(rows, ranks([row["keys"] for row in rows], competing), strict=True):
        row["rank"] = rank
    return rows


def entrants_of(session: Session, ids: set[int]) -> dict[int, Row]:
    """Of each entrant: its name (a team's, else the user's), and whether it is a baseline."""
    found = (
        select(Participation.id, Account.username, Team.name, Participation.baseline)
        .join(Account, Account.id == Participation.account_id)
        .outerjoin(Team, Team.lead_id == Participation.id)
        .where(among(Participation.id, ids))
    )
    return {
        row.id: {
            "entrant_id": row.id,
            "participant": row.name or row.username,
            "team": row.name is not None,
            "baseline": row.baseline,
        }
        for row in session.execute(found)
    }


def _judged(session: Session, phase: Phase, board: str, ids: list[int]) -> dict[int, Row]:
    """Of each evaluation: the submission's ref, its scores, and whether it can be compared with the others."""
    same = (Evaluation.truth_id == phase.truth_id) & (Evaluation.plan == phase.plan)
    how = (Evaluation.signature, Evaluation.truth_id, Evaluation.plan)
    found = (
        select(Evaluation.id, Submission.ref, report_of(phase, board).label("report"), *how, same.label("same"))
        .join(Submission, Submission.id == Evaluation.submission_id)
        .where(among(Evaluation.id, ids))
    )
    rows = {row.id: row for row in session.execute(found)}
    newest = max(rows.values(), key=lambda row: (row.same, row.id), default=None)
    return {
        row.id: {
            "evaluation_id": row.id,
            "ref": row.ref,
            "scores": {key: one for key, one in row.report.items() if isinstance(one, dict) and "value" in one},
            "comparable": newest is not None and same_scoring(row, newest),
        }
        for row in rows.values()
    }


def same_scoring(a: Any, b: Any) -> bool:
    """Whether two evaluations were judged alike: same truth, plan, metrics, libraries and models.

    That is what a signature says, but for Palmares' own version in front.
    """
    versions = [(one.signature or "").partition("|")[2] for one in (a, b)]
    return a.truth_id == b.truth_id and a.plan == b.plan and versions[0] == versions[1]


def _compute(rule: BoardRule, rows: list[Row]) -> None:
    """Add the computed columns; where a mean of ranks ranks, it takes its place among the keys."""
    values = [{key: score["value"] for key, score in row["scores"].items()} for row in rows]
    competing = [not row["baseline"] for row in rows]
    for column in rule.computed:
        by_rank = column.operation == "rank"
        made = mean_ranks(column, values, competing) if by_rank else [computed_value(column, one) for one in values]
        for row, value in zip(rows, made, strict=True):
            if value is not None:
                row["scores"][column.key] = {"value": value}
            for place, by in enumerate(sort_rules(rule)):
                if by_rank and by.key == column.key and value is not None:
                    turned = -value if by.direction == "asc" else value
                    row["keys"] = (*row["keys"][:place], turned, *row["keys"][place + 1 :])


def as_ladder(rows: list[Row]) -> list[Row]:
    """The rows of a ladder as participants see them: the rounded score that ranks, and nothing finer."""
    return [{**row, "scores": {"final": {"value": row["keys"][0]}}, "comparable": False} for row in rows]


def counts(session: Session, phase: Phase, view: View, evaluation_id: int) -> bool:
    """Whether the evaluation stands on a board that the viewer may see."""
    if view.frozen_at is None:
        here = (Standing.phase_id == phase.id, Standing.board.in_(view.boards))
        standing = select(Standing.slot).where(*here, Standing.evaluation_id == evaluation_id)
        return session.scalar(select(standing.exists())) is True
    past = (one for board in view.boards for one in entries_of(session, phase, board, view.frozen_at))
    return any(one.evaluation_id == evaluation_id for one in past)


def rank_of(session: Session, submission: Submission, view: View) -> Row | None:
    """The rank that this submission's entrant holds, of how many, and whether this submission is what counts.

    Where several of an entrant's count: this one's own rank, or that of the best. None while the board stands still,
    for the present rank would tell what it hides.
    """
    phase, board = submission.phase, "late" if submission.late else view.boards[0]
    if submission.evaluation.state != "scored" or view.frozen_at is not None or board not in view.boards:
        return None
    member = submission.participation
    entrant_id = member.team.lead_id if member.team is not None else member.id
    rule = rule_of(phase)
    if any(one.operation == "rank" and one.key in {by.key for by in sort_rules(rule)} for one in rule.computed):
        return _rank_in(rows_of(session, phase, board), entrant_id, submission.evaluation.id)
    same = (Standing.phase_id == phase.id, Standing.board == board)
    mine = session.scalar(
        select(Standing)
        .where(*same, Standing.participation_id == entrant_id)
        .order_by(Standing.evaluation_id != submission.evaluation.id, Standing.sort_keys.desc(), Standing.submitted_at)
        .limit(1)
    )
    if mine is None:
        return None
    competing = select(func.count().filter(Standing.sort_keys > mine.sort_keys), func.count()).where(*same)
    competing = competing.join(Participation, Participation.id == Standing.participation_id)
    above, of = session.execute(competing.where(~Participation.baseline)).one()
    counts = mine.evaluation_id == submission.evaluation.id
    return {"rank": None if member.baseline else above + 1, "of": of, "counts": counts}


def _rank_in(rows: list[Row], entrant_id: int, evaluation_id: int) -> Row | None:
    mine = [row for row in rows if row["entrant_id"] == entrant_id]
    if not mine:
        return None
    row = next((one for one in mine if one["evaluation_id"] == evaluation_id), mine[0])
    of = sum(not one["baseline"] for one in rows)
    return {"rank": row["rank"], "of": of, "counts": row["evaluation_id"] == evaluation_id}
