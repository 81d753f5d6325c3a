"""Place a scored evaluation, rebuild a board.

Decision: `place` runs in the transaction that finishes the evaluation, so a score is never visible without its place;
it costs the same however many entrants there are. Ranks are computed when a board is read. `rebuild` gives the same
standings as any sequence of `place`.
"""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.competitions.models import Participation, Phase
from app.leaderboards.models import Board, Standing
from app.leaderboards.placing import board_at, boards_of
from app.submissions.models import Evaluation, Submission
from app.webhooks.events import leaderboard_changed


def touch(session: Session, phase_id: int) -> None:
    """Count one change of the board (and hold its row: changes of one board happen one after the other); tell it."""
    change = insert(Board).values(phase_id=phase_id, version=1)
    counted = change.on_conflict_do_update(index_elements=[Board.phase_id], set_={"version": Board.version + 1})
    version = session.execute(counted.returning(Board.version)).scalar_one()
    leaderboard_changed(session, session.get_one(Phase, phase_id), version)


def place(session: Session, evaluation_id: int) -> None:
    """Give a freshly scored evaluation its place: what counts of its entrant is decided anew."""
    sent = select(Submission.phase_id, Submission.participation_id).join(Evaluation)
    row = session.execute(sent.where(Evaluation.id == evaluation_id)).one()
    replace(session, row.phase_id, row.participation_id)


def replace(session: Session, phase_id: int, participation_id: int) -> None:
    """Make the standings of one entrant anew, the one to whom this participation belongs."""
    touch(session, phase_id)
    team = select(Participation.team_id).where(Participation.id == participation_id).scalar_subquery()
    members = select(Participation.id).where((Participation.id == participation_id) | (Participation.team_id == team))
    _stand(session, phase_id, list(session.scalars(members)))


def rebuild(session: Session, phase_id: int) -> None:
    """Make the phase's standings anew from its evaluations alone."""
    touch(session, phase_id)
    _stand(session, phase_id, None)


def _stand(session: Session, phase_id: int, members: list[int] | None) -> None:
    """Replace the standings of these participations, who compete as one, or of all."""
    phase = session.get_one(Phase, phase_id)
    session.refresh(phase, ["board", "split"])  # as they are since the board is held
    old = delete(Standing).where(Standing.phase_id == phase_id)
    if members is not None:
        old = old.where(Standing.participation_id.in_(members))
    session.execute(old.execution_options(synchronize_session=False))
    rows = [
        {
            "phase_id": phase_id,
            "board": board,
            "participation_id": one.entrant_id,
            "slot": one.slot,
            "evaluation_id": one.evaluation_id,
            "sort_keys": list(one.sort_keys),
            "submitted_at": one.submitted_at,
            "entries": one.entries,
        }
        for board in boards_of(phase)
        for one in board_at(session, phase, board, members=members)
    ]
    if rows:
        session.execute(insert(Standing), rows)
