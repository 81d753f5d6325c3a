"""Reading competitions for pages and lists."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.service import Principal
from app.competitions import service
from app.competitions.models import Competition, CoOrganizer, Participation
from app.competitions.schemas import CompetitionDetail, competition_detail
from app.db import now


def all_competitions(session: Session, who: Principal | None) -> list[CompetitionDetail]:
    """Every competition, newest first, with the number of its participants and the asker's participation."""
    counted = select(Participation.competition_id, func.count()).group_by(Participation.competition_id)
    counts = dict(session.execute(counted).all())
    mine = {}
    if who is not None:
        own = select(Participation).where(Participation.account_id == who.account_id)
        mine = {row.competition_id: row for row in session.scalars(own)}
    moment = now(session)
    rows = session.scalars(
        select(Competition).where(Competition.deleted_at.is_(None)).order_by(Competition.created_at.desc())
    )
    return [competition_detail(row, moment, counts.get(row.id, 0), mine.get(row.id)) for row in rows]


def one_competition(session: Session, who: Principal | None, slug: str) -> CompetitionDetail:
    """One competition. Raises CompetitionNotFound."""
    competition = service.competition_of(session, slug)
    counted = select(func.count()).where(Participation.competition_id == competition.id)
    mine = service.participation_of(session, competition, who.account_id) if who else None
    organizes = service.organizes(who, competition)
    return competition_detail(competition, now(session), session.scalar(counted) or 0, mine, organizes=organizes)


def organized_by(session: Session, who: Principal, deleted_after: datetime) -> list[Competition]:
    """The competitions that the asker owns or co-organizes, newest first, and those deleted since that moment."""
    theirs = select(CoOrganizer.competition_id).where(CoOrganizer.account_id == who.account_id)
    mine = (Competition.organizer_id == who.account_id) | Competition.id.in_(theirs)
    there = Competition.deleted_at.is_(None) | (Competition.deleted_at > deleted_after)
    return list(session.scalars(select(Competition).where(mine, there).order_by(Competition.created_at.desc())))
