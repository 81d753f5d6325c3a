"""The outbox of webhooks: messages are rows, written in the transaction of their event, and sent one by one a receiver.

Decision: at least once. A receiver's answer can be lost, and a message too few would break what listens; so it is sent
again, with the same id, by which the receiver knows it. What is claimed is the webhook and not the message: a receiver
has one sender at a time and its messages in order, and one that hangs or fails keeps nobody but itself waiting. After a
failure both wait: the message for its own next try, and the webhook for as long as it has failed in a row, so that an
outage costs a few knocks and not a knock a message. A webhook whose message used up its last try, while nothing was
taken since, is switched off.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.competitions.service import is_organizer
from app.db import now
from app.messages import letters
from app.messages import outbox as mails
from app.webhooks.models import Attempt, Delivery, Happening, Webhook
from app.webhooks.sending import SECONDS, Message, Outcome

PAUSES = [timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600, 6 * 3600, 12 * 3600, 24 * 3600)]
"""How long to wait after each failure in a row; so a message is tried nine times, in about two days."""
TRIES = len(PAUSES) + 1
HELD = timedelta(seconds=6 * SECONDS)
"""No sender holds a webhook longer; what a lost one held is free again after it."""
KEPT = timedelta(days=30)
GONE = "The receiver answered 410 Gone."


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to be sent now, its number of tries, and until when nobody else sends to its webhook."""

    message: Message
    tries: int
    webhook_ref: str
    held_until: datetime
    moment: datetime


def _ready() -> tuple[object, ...]:
    """What a webhook must be for its next message to be sent."""
    moment = func.clock_timestamp()
    waits = exists().where(Delivery.webhook_ref == Webhook.ref, Delivery.state == "waiting", Delivery.next_at <= moment)
    return (Webhook.disabled == "", Webhook.next_at <= moment, Webhook.held_until <= moment, waits)


def due(session: Session) -> bool:
    """True where something happened that is still to be told, or a message waits to be sent now."""
    return session.scalar(select(or_(exists(select(Happening.id)), exists().where(*_ready())))) or False


def claim(session: Session) -> Claimed | None:
    """Hold the webhook that waits longest and take its next message; commit before sending. None: there is none."""
    rows = select(Webhook).where(*_ready()).order_by(Webhook.held_until, Webhook.ref).limit(1)
    free = rows.with_for_update(skip_locked=True, key_share=True, of=Webhook)
    hook = session.scalar(free.execution_options(populate_existing=True))
    if hook is None:
        return None
    moment = now(session)
    found = session.scalar(
        select(Delivery)
        .where(Delivery.webhook_ref == hook.ref, Delivery.state == "waiting", Delivery.next_at <= moment)
        .order_by(Delivery.created_at, Delivery.ref)
        .limit(1)
        .with_for_update(skip_locked=True, of=Delivery)
        .execution_options(populate_existing=True)
    )
    if found is None:  # it is being replaced right now
        return None
    found.tries += 1
    hook.held_until = moment + HELD
    session.flush()
    older = hook.old_until is not None and hook.old_until > moment and hook.old_secret
    secrets = (hook.secret, hook.old_secret) if older and hook.old_secret else (hook.secret,)
    message = Message(hook.url, found.ref, found.body, secrets)
    return Claimed(message, found.tries, hook.ref, hook.held_until, moment)


def settle(session: Session, claimed: Claimed, outcome: Outcome) -> None:
    """Write down how a try went, let the webhook go, and decide when its next message is sent."""
    # Not against key references: messages are written for it meanwhile.
    lock = {"of": Webhook, "key_share": True}
    hook = session.get(Webhook, claimed.webhook_ref, with_for_update=lock, populate_existing=True)
    found = session.get(Delivery, claimed.message.ref, populate_existing=True)
    if hook is None or found is None:
        return  # deleted meanwhile
    session.add(
        Attempt(
            delivery_ref=found.ref,
            milliseconds=outcome.milliseconds,
            status=outcome.status,
            answer=outcome.answer,
            error=outcome.error,
        )
    )
    moment = now(session)
    if hook.held_until == claimed.held_until:
        hook.held_until = moment
    if (found.state, found.tries) != ("waiting", claimed.tries):
        return  # it was sent or asked for again meanwhile: this try is only logged
    if outcome.delivered:
        found.state, hook.failures, hook.next_at = "delivered", 0, moment
    else:
        hook.failures += 1
        hook.next_at = moment + PAUSES[min(hook.failures, len(PAUSES)) - 1]
        found.next_at = moment + PAUSES[min(found.tries, len(PAUSES)) - 1]
        if found.tries >= TRIES:
            found.state = "failed"
        if outcome.status == 410 or (found.tries >= TRIES and hook.failures >= TRIES):
            switch_off(session, hook, GONE if outcome.status == 410 else _last(outcome))
    session.flush()


def _last(outcome: Outcome) -> str:
    said = f"answered {outcome.status}" if outcome.status is not None else outcome.error
    return f"{TRIES} tries in a row failed, the last one so: {said}"


def switch_off(session: Session, hook: Webhook, reason: str) -> None:
    """Send nothing more to it; what waits has failed, and who owns it gets a mail."""
    hook.disabled = reason[:500]
    session.execute(
        update(Delivery)
        .where(Delivery.webhook_ref == hook.ref, Delivery.state == "waiting")
        .values(state="failed")
        .execution_options(synchronize_session="evaluate")
    )
    reader, competition = hook.account_id, hook.competition
    if competition is not None and not is_organizer(competition, reader):
        reader = competition.organizer_id
    slug = competition.slug if competition is not None else ""
    letter = letters.webhook_disabled(hook.ref, hook.url, slug, hook.disabled)
    moment = now(session)
    mails.queue(session, [reader], "webhook_disabled", f"webhook:{hook.ref}:{moment:%Y%m%d%H%M%S}", letter)


def forget(session: Session) -> None:
    """Delete old messages with their tries."""
    old = Delivery.created_at < func.clock_timestamp() - KEPT
    session.execute(delete(Delivery).where(old, or_(Delivery.state != "waiting", Delivery.tries > 0)))
