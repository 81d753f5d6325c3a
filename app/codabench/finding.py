"""From CodaBench's numbers to our rows, and what is read with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.service import Principal
from app.codabench.documents import JSON
from app.codabench.guards import stay
from app.competitions import service as competitions
from app.competitions.errors import CompetitionNotFound, ParticipantNotFound, PhaseNotFound
from app.competitions.models import Competition, Participation, Phase
from app.competitions.visibility import View
from app.leaderboards.models import Standing
from app.submissions import service as submissions
from app.submissions.errors import SubmissionNotFound
from app.submissions.limits import limits_of
from app.submissions.models import Submission

LARGEST_ID = 2**31


def competition_of(session: Session, who: Principal | None, number: int) -> Competition:
    """The competition of this id. Raises CompetitionNotFound, TokenElsewhere."""
    found = session.get(Competition, number) if number < LARGEST_ID else None
    if found is None or found.deleted_at is not None:
        raise CompetitionNotFound(f"There is no competition {number}.")
    stay(who, found)
    return found


def phase_of(session: Session, who: Principal | None, number: int) -> Phase:
    """The phase of this id. Raises PhaseNotFound, TokenElsewhere."""
    found = session.get(Phase, number) if number < LARGEST_ID else None
    if found is None or found.competition.deleted_at is not None:
        raise PhaseNotFound(f"There is no phase {number}.")
    stay(who, found.competition)
    return found


def submission_of(session: Session, who: Principal, number: int) -> Submission:
    """The submission of this id, where the asker may see it. Raises SubmissionNotFound, TokenElsewhere."""
    ref = session.scalar(select(Submission.ref).where(Submission.id == number)) if number < LARGEST_ID else None
    if ref is None:
        raise SubmissionNotFound(f"There is no submission {number} of yours.")
    return submissions.submission_of(session, who, ref)


def participation_of(session: Session, who: Principal, number: int) -> tuple[Participation, Competition]:
    """The participation of this id, for the competition's organizers. Raises ParticipantNotFound, TokenElsewhere."""
    found = session.get(Participation, number) if number < LARGEST_ID else None
    competition = session.get(Competition, found.competition_id) if found is not None else None
    if found is None or competition is None or not competitions.organizes(who, competition):
        raise ParticipantNotFound(f"There is no participant {number} in a competition of yours.")
    stay(who, competition)
    return found, competition


def participants_of(session: Session, rows: Sequence[Competition]) -> dict[int, int]:
    """The number of participants of each competition."""
    counted = select(Participation.competition_id, func.count()).group_by(Participation.competition_id)
    found = counted.where(Participation.competition_id.in_([row.id for row in rows]))
    return dict(tuple(row) for row in session.execute(found))


def submissions_of(session: Session, row: Competition) -> int:
    """The number of submissions to a competition."""
    mine = select(func.count()).select_from(Submission).join(Phase, Phase.id == Submission.phase_id)
    return session.scalar(mine.where(Phase.competition_id == row.id)) or 0


def used_of(session: Session, row: Competition, mine: Participation | None) -> dict[int, JSON]:
    """What the asker's entrant used of each phase: `day` and `total`."""
    if mine is None:
        return {}
    found = {phase.id: limits_of(session, phase, mine) for phase in row.phases}
    return {number: {"day": limits.day.used, "total": limits.total.used} for number, limits in found.items()}


def open_first(rows: Sequence[Phase], moment: datetime) -> list[Phase]:
    """Phases, those that are open first."""
    return sorted(rows, key=lambda phase: competitions.status_of(phase, moment) != "open")


def counting(session: Session, rows: Sequence[Submission], views: Mapping[int, View]) -> set[int]:
    """Of these submissions, the ids of those that stand on a board which this viewer sees as it is now."""
    seen = [row for row in rows if views[row.phase_id].frozen_at is None]
    by_evaluation = {row.evaluation.id: row for row in seen}
    standing = select(Standing.evaluation_id, Standing.board).where(Standing.evaluation_id.in_(by_evaluation))
    found = ((by_evaluation[one], board) for one, board in session.execute(standing))
    return {row.id for row, board in found if board in views[row.phase_id].boards}
