"""What webhooks are told: the events and their messages, one row each, written in the event's transaction.

Decision: a message says that something happened and names it; who wants more asks the API, which knows who may see
what. So a message carries nothing that any participant may not see at that moment: no names, no truth, of scores only
the sender's own as far as the phase shows it, and of a board that stands still nothing at all, but to its organizers.
To whom it goes is worked out by the sender (`fan_out`), so that an event costs the same however many listen.
"""

import json
from datetime import datetime
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.competitions.models import Participation, Phase
from app.competitions.visibility import frozen_since
from app.db import now
from app.webhooks.models import Happening

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
    _keep(session, phase, f"submission.{data.state}", data, account_id=participation.account_id)


def leaderboard_changed(session: Session, phase: Phase, board_version: int) -> None:
    """Tell the competition's webhooks, and those of its participants unless the board stands still for them."""
    data = BoardChanged(competition=phase.competition.slug, phase=phase.slug, board_version=board_version)
    still = frozen_since(phase, now(session)) is not None
    _keep(session, phase, "leaderboard.changed", data, public=not still, topic=f"leaderboard:{phase.id}")


def phase_turned(session: Session, phase: Phase, event: Literal["phase.opened", "phase.closed"]) -> None:
    """Tell the competition's webhooks and those of its participants that a phase began or ended."""
    times = {"starts_at": phase.starts_at, "ends_at": phase.ends_at}
    data = PhaseTurned(competition=phase.competition.slug, phase=phase.slug, **times)
    _keep(session, phase, event, data, public=True)


def rescore_applied(session: Session, phase: Phase, ref: str, reason: str) -> None:
    """Tell the competition's webhooks and those of its participants that a re-scoring was applied."""
    data = RescoreApplied(competition=phase.competition.slug, phase=phase.slug, rescore=ref, reason=reason)
    _keep(session, phase, "rescore.applied", data, public=True)


def _keep(
    session: Session,
    phase: Phase,
    event: str,
    data: BaseModel,
    *,
    account_id: int | None = None,
    public: bool = False,
    topic: str | None = None,
) -> None:
    session.add(
        Happening(
            competition_id=phase.competition_id,
            event=event,
            body=body_of(event, now(session), data),
            account_id=account_id,
            public=public,
            topic=topic,
        )
    )
    session.flush()
