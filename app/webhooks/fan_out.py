"""From events to messages: one for each webhook that is on, wants the event and may know of it.

A change of a board that was not sent yet is replaced by the next one, so that a busy board is one message a round.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.competitions.models import Competition, Participation
from app.db import new_ref
from app.webhooks.models import NEVER_TRIED, Delivery, Happening, Webhook

BATCH = 500
_LOCK = func.hashtext("webhooks")


def fan_out(session: Session) -> int:
    """Turn what happened into messages, in its order; returns how many events that were. One at a time does it."""
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
        return 0
    found = list(session.scalars(select(Happening).order_by(Happening.id).limit(BATCH)))
    last = {(one.topic, one.public): one.id for one in found if one.topic is not None}
    for one in found:
        if one.topic is None or last[one.topic, one.public] == one.id:
            common = {"event": one.event, "topic": one.topic, "body": one.body}
            write(session, [{"webhook_ref": ref, **common} for ref in _listening(session, one)])
    session.execute(delete(Happening).where(Happening.id.in_([one.id for one in found])))
    return len(found)


def write(session: Session, rows: list[dict[str, Any]]) -> list[str]:
    """Put messages into the outbox; returns their refs."""
    if not rows:
        return []
    row = insert(Delivery)
    topical = row.on_conflict_do_update(
        index_elements=[Delivery.webhook_ref, Delivery.topic],
        index_where=NEVER_TRIED,
        set_={"body": row.excluded.body},
    )
    refs = session.scalars(topical.returning(Delivery.ref), [{"ref": new_ref("msg"), **one} for one in rows])
    return list(refs)


def _listening(session: Session, happened: Happening) -> list[str]:
    """The webhooks that are told of it: not those made after it, which did not ask yet."""
    rows = (
        select(Webhook.ref)
        .join(Account, Account.id == Webhook.account_id)
        .where(
            or_(Webhook.competition_id == happened.competition_id, _own(happened)),
            Webhook.created_at <= happened.at,
            Webhook.disabled == "",
            Webhook.events.contains([happened.event]),
            Account.active,
            exists().where(Competition.id == happened.competition_id, Competition.deleted_at.is_(None)),
        )
        .order_by(Webhook.ref)
    )
    return list(session.scalars(rows))


def _own(happened: Happening) -> ColumnElement[bool]:
    """The webhooks of accounts that may know: the one whom it is about, or everybody who takes part."""
    takes_part = exists().where(
        Participation.competition_id == happened.competition_id,
        Participation.account_id == Webhook.account_id,
        Participation.status == "approved",
    )
    may_know = takes_part if happened.public else Webhook.account_id == happened.account_id
    return and_(Webhook.competition_id.is_(None), may_know)
