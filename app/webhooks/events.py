"""What webhooks are told: the events, their messages, and who is told of them. Written in the event's transaction.

Decision: a message says that something happened and names it; who wants more asks the API, which knows who may see
what. So a message carries nothing that any participant may not see at that moment: no names, no truth, of scores only
the sender's own as far as the phase shows it, and of a board that stands still nothing at all, but to its organizers.
A change of a board that was not sent yet is replaced by the next one, so that a busy board is one message a round.
"""

import json
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.competitions.models import Competition, Participation, Phase
from app.competitions.visibility import frozen_since
from app.db import new_ref, now
from app.webhooks.models import NEVER_TRIED, Delivery, Webhook

VERSION = 1
Event = Literal[
    "submission.scored",
    "submission.invalid",
    "submission.failed",
    "leaderboard.changed",
    "phase.opened",
    "phase.closed",
    "rescore.applied",
]
ALL: tuple[Event, ...] = get_args(Event)
PING = "webhook.ping"


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    competition: str
    phase: str


class SubmissionEnded(_Told):
    """A submission was judged. `final`: the score as its sender may see it now, null where there is none to see."""

    submission: str
    state: str
    final: float | None = None
    findings: int = 0


class BoardChanged(_Told):
    """A board changed; read it anew. `board_version` only grows."""

    board_version: int


class PhaseTurned(_Told):
    """A phase began or ended."""

    starts_at: datetime
    ends_at: datetime | None


class RescoreApplied(_Told):
    """A phase's scores were replaced, all at once; `reason` is what participants read of it."""

    rescore: str
    reason: str


class Ping(BaseModel):
    """A test, asked for by whom the webhook belongs to."""

    webhook: str


DATA: dict[str, type[BaseModel]] = {
    "submission.scored": SubmissionEnded,
    "submission.invalid": SubmissionEnded,
    "submission.failed": SubmissionEnded,
    "leaderboard.changed": BoardChanged,
    "phase.opened": PhaseTurned,
    "phase.closed": PhaseTurned,
    "rescore.applied": RescoreApplied,
    PING: Ping,
}
"""The `data` of each kind of message."""


def body_of(event: str, moment: datetime, data: BaseModel) -> str:
    """A message's body: type, version of the form, time of the event, data."""
    assert isinstance(data, DATA[event])  # noqa: S101  (the catalogue above is what is documented)
    told = {"type": event, "version": VERSION, "timestamp": moment.isoformat(), "data": data.model_dump(mode="json")}
    return json.dumps(told)


def submission_ended(session: Session, phase: Phase, participation: Participation, data: SubmissionEnded) -> None:
    """Tell the competition's webhooks and those of who sent it."""
    _queue(session, phase, f"submission.{data.state}", data, _of_account(participation.account_id))


def leaderboard_changed(session: Session, phase: Phase, board_version: int) -> None:
    """Tell the competition's webhooks, and those of its participants unless the board stands still for them."""
    data = BoardChanged(competition=phase.competition.slug, phase=phase.slug, board_version=board_version)
    still = frozen_since(phase, now(session)) is not None
    theirs = None if still else _of_participants(phase)
    _queue(session, phase, "leaderboard.changed", data, theirs, topic=f"leaderboard:{phase.id}")


def phase_turned(session: Session, phase: Phase, event: Literal["phase.opened", "phase.closed"]) -> None:
    """Tell the competition's webhooks and those of its participants that a phase began or ended."""
    times = {"starts_at": phase.starts_at, "ends_at": phase.ends_at}
    data = PhaseTurned(competition=phase.competition.slug, phase=phase.slug, **times)
    _queue(session, phase, event, data, _of_participants(phase))


def rescore_applied(session: Session, phase: Phase, ref: str, reason: str) -> None:
    """Tell the competition's webhooks and those of its participants that a re-scoring was applied."""
    data = RescoreApplied(competition=phase.competition.slug, phase=phase.slug, rescore=ref, reason=reason)
    _queue(session, phase, "rescore.applied", data, _of_participants(phase))


def _of_account(account_id: int) -> ColumnElement[bool]:
    return and_(Webhook.competition_id.is_(None), Webhook.account_id == account_id)


def _of_participants(phase: Phase) -> ColumnElement[bool]:
    takes_part = exists().where(
        Participation.competition_id == phase.competition_id,
        Participation.account_id == Webhook.account_id,
        Participation.status == "approved",
    )
    return and_(Webhook.competition_id.is_(None), takes_part)


def _queue(
    session: Session,
    phase: Phase,
    event: str,
    data: BaseModel,
    theirs: ColumnElement[bool] | None,
    topic: str | None = None,
) -> None:
    """Write a message for each webhook that is on and wants this event."""
    whose: ColumnElement[bool] = Webhook.competition_id == phase.competition_id
    rows = (
        select(Webhook.ref)
        .join(Account, Account.id == Webhook.account_id)
        .where(
            whose if theirs is None else or_(whose, theirs),
            Webhook.disabled == "",
            Webhook.events.contains([event]),
            Account.active,
            exists().where(Competition.id == phase.competition_id, Competition.deleted_at.is_(None)),
        )
        .order_by(Webhook.ref)
    )
    refs = list(session.scalars(rows))
    if refs:
        body = body_of(event, now(session), data)
        write(session, [{"webhook_ref": ref, "event": event, "topic": topic, "body": body} for ref in refs])


def write(session: Session, rows: list[dict[str, Any]]) -> list[str]:
    """Put messages into the outbox; returns their refs."""
    row = insert(Delivery)
    topical = row.on_conflict_do_update(
        index_elements=[Delivery.webhook_ref, Delivery.topic],
        index_where=NEVER_TRIED,
        set_={"body": row.excluded.body},
    )
    refs = session.scalars(topical.returning(Delivery.ref), [{"ref": new_ref("msg"), **one} for one in rows])
    return list(refs)
