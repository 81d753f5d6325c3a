"""Entrants: who competes, a participant alone or a team. Who belongs to one, and the lock under which it is counted.

Decision: a team's row is the lock of all its members, a participation's row that of somebody alone. Membership is read
again after the lock; where it changed in the meantime, the locks are given back (a savepoint) and taken anew, so that
they are always taken in one order: competition, phases, teams, participations. Changes of teams hold the competition
too: they happen one after the other, and what they read of teams stays true until they end.
"""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from app.competitions.models import Participation, Team


def hold(session: Session, participation: Participation) -> None:
    """Lock the entrant to which the participation belongs, until the transaction ends; its row is read anew."""
    held = False
    while not held:
        with session.begin_nested() as point:
            mine = select(Participation.team_id).where(Participation.id == participation.id)
            team_id = session.scalar(mine)
            if team_id is not None:
                session.execute(select(Team.id).where(Team.id == team_id).with_for_update())
            session.refresh(participation, with_for_update={"of": Participation})
            held = participation.team_id == team_id
            if not held:
                point.rollback()


def members_of(session: Session, participation: Participation) -> list[int]:
    """The ids of the participations that compete as one with this one, itself among them."""
    if participation.team_id is None:
        return [participation.id]
    same = select(Participation.id).where(Participation.team_id == participation.team_id)
    return list(session.scalars(same.order_by(Participation.id)))


def belongs_to(account_id: int) -> ColumnElement[bool]:
    """True for participations of the account, and for those of its present team mates."""
    own = aliased(Participation)
    teams = select(own.team_id).where(own.account_id == account_id, own.team_id.is_not(None))
    return (Participation.account_id == account_id) | Participation.team_id.in_(teams)
