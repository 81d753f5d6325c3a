"""Place a scored evaluation, rebuild a board, read it in order.

Decision: `place` runs in the transaction that finishes the evaluation, so a score is never visible without its place;
it costs the same however many entries there are. `rebuild` gives the same standings as any sequence of `place`.
"""

from typing import Any

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.competitions.models import Participation, Phase
from app.leaderboards.models import Board, Standing
from app.submissions.models import Evaluation, Submission

# Late submissions stand on a board of their own.
BOARD = case((Submission.late, "late"), else_="main")
# What ranks, most important first, higher is better.
SORT_KEYS = array([Evaluation.final])


def touch(session: Session, phase_id: int) -> None:
    """Count one change of the board (and hold its row: changes of one board happen one after the other)."""
    change = insert(Board).values(phase_id=phase_id, version=1)
    session.execute(change.on_conflict_do_update(index_elements=[Board.phase_id], set_={"version": Board.version + 1}))


def place(session: Session, evaluation_id: int) -> None:
    """Give a freshly scored evaluation its place: the best counts, of equals the one submitted earlier."""
    row = session.execute(
        select(
            Submission.phase_id,
            Submission.participation_id,
            Submission.created_at,
            BOARD.label("board"),
            SORT_KEYS.label("sort_keys"),
        )
        .join(Submission, Submission.id == Evaluation.submission_id)
        .where(Evaluation.id == evaluation_id)
    ).one()
    touch(session, row.phase_id)
    new = insert(Standing).values(
        phase_id=row.phase_id,
        board=row.board,
        participation_id=row.participation_id,
        evaluation_id=evaluation_id,
        sort_keys=row.sort_keys,
        submitted_at=row.created_at,
        entries=1,
    )
    given = new.excluded
    better = or_(
        given.sort_keys > Standing.sort_keys,
        (given.sort_keys == Standing.sort_keys) & (given.submitted_at < Standing.submitted_at),
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=[Standing.phase_id, Standing.board, Standing.participation_id, Standing.slot],
            set_={
                "evaluation_id": case((better, given.evaluation_id), else_=Standing.evaluation_id),
                "submitted_at": case((better, given.submitted_at), else_=Standing.submitted_at),
                "sort_keys": case((better, given.sort_keys), else_=Standing.sort_keys),
                "entries": Standing.entries + 1,
            },
        )
    )


def rebuild(session: Session, phase_id: int) -> None:
    """Make the phase's standings anew from its evaluations alone."""
    touch(session, phase_id)
    session.execute(delete(Standing).where(Standing.phase_id == phase_id))
    mine = Submission.participation_id
    order = (Evaluation.final.desc(), Submission.created_at, Evaluation.id)
    scored = (
        select(
            Submission.phase_id,
            BOARD.label("board"),
            mine,
            Evaluation.id,
            SORT_KEYS.label("sort_keys"),
            Submission.created_at,
            func.row_number().over(partition_by=(mine, Submission.late), order_by=order).label("place"),
            func.count().over(partition_by=(mine, Submission.late)).label("entries"),
        )
        .join(Submission, Submission.id == Evaluation.submission_id)
        .where(Submission.phase_id == phase_id, Evaluation.state == "scored", Evaluation.effective_at.is_not(None))
        .subquery()
    )
    best = select(
        scored.c.phase_id,
        scored.c.board,
        scored.c.participation_id,
        scored.c.id,
        scored.c.sort_keys,
        scored.c.created_at,
        scored.c.entries,
    ).where(scored.c.place == 1)
    columns = ["phase_id", "board", "participation_id", "evaluation_id", "sort_keys", "submitted_at", "entries"]
    session.execute(insert(Standing).from_select(columns, best))


def version_of(session: Session, phase_id: int) -> int:
    """How many changes the board has seen, 0 for an empty one."""
    return session.scalar(select(Board.version).where(Board.phase_id == phase_id)) or 0


def columns_of(phase: Phase) -> list[dict[str, Any]]:
    """The board's columns by the phase's plan: `final` ranks, the others are shown beside it."""
    keys = ["final", *phase.plan.get("weights", {}), *phase.plan.get("columns", [])]
    keys = list(dict.fromkeys(keys))
    titles = {
        "rouge_l": "ROUGE-L",
        "bleu": "BLEU-4",
        "chrf": "chrF",
        "meteor": "METEOR",
        "bertscore": "BERTScore-style",
    }
    return [
        {
            "key": key,
            "title": titles.get(key.rpartition(".")[2], key.rpartition(".")[2].capitalize()),
            "precision": 4,
            "primary": key == "final",
        }
        for key in keys
    ]


def rows_of(session: Session, phase: Phase, board: str = "main") -> list[dict[str, Any]]:
    """The `main` or `late` board in order: equal values share a rank, of equals the earlier submission stands first.

    `comparable`: judged by the phase's present truth and plan, so that `ranking.add_places` may set it beside others.
    """
    rank = func.rank().over(order_by=Standing.sort_keys.desc()).label("rank")
    found = session.execute(
        select(
            rank,
            Account.username,
            Submission.ref,
            Standing.submitted_at,
            Standing.entries,
            Standing.evaluation_id,
            Evaluation.report,
            ((Evaluation.truth_id == phase.truth_id) & (Evaluation.plan == phase.plan)).label("comparable"),
        )
        .select_from(Standing)
        .join(Participation, Participation.id == Standing.participation_id)
        .join(Account, Account.id == Participation.account_id)
        .join(Evaluation, Evaluation.id == Standing.evaluation_id)
        .join(Submission, Submission.id == Evaluation.submission_id)
        .where(Standing.phase_id == phase.id, Standing.board == board)
        .order_by(Standing.sort_keys.desc(), Standing.submitted_at, Account.username)
    )
    keys = [column["key"] for column in columns_of(phase)]
    return [
        {
            "rank": row.rank,
            "participant": row.username,
            "ref": row.ref,
            "submitted_at": row.submitted_at,
            "entries": row.entries,
            "scores": {key: row.report[key] for key in keys if key in row.report},
            "evaluation_id": row.evaluation_id,
            "comparable": row.comparable,
        }
        for row in found
    ]


def rank_of(session: Session, submission: Submission) -> dict[str, Any] | None:
    """The rank that this submission's participant holds, of how many, and whether this submission is what counts."""
    same = (Standing.phase_id == submission.phase_id, Standing.board == ("late" if submission.late else "main"))
    mine = session.scalar(select(Standing).where(*same, Standing.participation_id == submission.participation_id))
    if mine is None or submission.evaluation.state != "scored":
        return None
    above, of = session.execute(
        select(func.count().filter(Standing.sort_keys > mine.sort_keys), func.count()).where(*same)
    ).one()
    return {"rank": above + 1, "of": of, "counts": mine.evaluation_id == submission.evaluation.id}
