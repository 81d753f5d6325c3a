"""What can be done with webhooks: make, change, rotate, test, see what was sent. Plain functions on an open session.

Each asks for an owner: an account for its own, or a competition for its organizers.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Competition
from app.db import new_ref, now
from app.errors import Denied
from app.webhooks import events
from app.webhooks.addresses import check_url
from app.webhooks.errors import WebhookLimit, WebhookNotFound, WebhookOff
from app.webhooks.fan_out import write
from app.webhooks.models import Delivery, Webhook

MOST = 10
"""So many webhooks an account, and a competition, may have."""
OLD_SECRET = timedelta(days=1)
"""So long the old secret signs too after a rotation."""
BY_HAND = "Switched off by its owner."


@dataclass(frozen=True, slots=True)
class Owner:
    """Who asks, and for the webhooks of which competition; None: for their own."""

    who: Principal
    slug: str | None = None


def new_secret() -> str:
    """A secret in the form of Standard Webhooks: `whsec_` and 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def create(session: Session, owner: Owner, url: str, wanted: list[str]) -> Webhook:
    """Make a webhook. Raises CompetitionNotFound, Denied, WebhookUrlRefused, WebhookLimit."""
    competition = _competition(session, owner)
    check_url(url)
    if len(_all(session, owner, competition)) >= MOST:
        raise WebhookLimit(f"There are {MOST} already.", most=MOST)
    made = Webhook(
        ref=new_ref("whk"),
        account_id=owner.who.account_id,
        competition_id=competition.id if competition else None,
        url=url,
        events=sorted(set(wanted)),
        secret=new_secret(),
    )
    session.add(made)
    session.flush()
    session.refresh(made)
    _record(session, owner, "webhook.created", made.ref, after={"host": urlsplit(url).hostname, "events": made.events})
    return made


def webhooks(session: Session, owner: Owner) -> list[Webhook]:
    """The owner's webhooks, oldest first. Raises CompetitionNotFound, Denied."""
    return _all(session, owner, _competition(session, owner))


def webhook_of(session: Session, owner: Owner, ref: str) -> Webhook:
    """One of the owner's. Raises CompetitionNotFound, Denied, WebhookNotFound."""
    found = next((one for one in webhooks(session, owner) if one.ref == ref), None)
    if found is None:
        raise WebhookNotFound(f"There is no webhook {ref!r} here.")
    return found


def change(session: Session, owner: Owner, ref: str, given: dict[str, Any]) -> Webhook:
    """Change where it sends and what, or switch it off or on. Raises as `webhook_of`, WebhookUrlRefused."""
    found = webhook_of(session, owner, ref)
    if "url" in given:
        check_url(given["url"])
        found.url = given["url"]
    if "events" in given:
        found.events = sorted(set(given["events"]))
    if given.get("active") is False:
        found.disabled = found.disabled or BY_HAND
    elif given.get("active"):
        found.disabled, found.failures, found.next_at = "", 0, now(session)
    told = {name: value for name, value in given.items() if name != "url"}
    if "url" in given:
        told["host"] = urlsplit(found.url).hostname
    _record(session, owner, "webhook.changed", ref, after=told)
    session.flush()
    return found


def remove(session: Session, owner: Owner, ref: str) -> None:
    """Delete it with its log. Raises as `webhook_of`."""
    session.delete(webhook_of(session, owner, ref))
    _record(session, owner, "webhook.deleted", ref)


def rotate(session: Session, owner: Owner, ref: str) -> Webhook:
    """Give it a new secret; for a day messages are signed by the old one too. Raises as `webhook_of`."""
    found = webhook_of(session, owner, ref)
    found.old_secret, found.old_until = found.secret, now(session) + OLD_SECRET
    found.secret = new_secret()
    _record(session, owner, "webhook.rotated", ref)
    session.flush()
    return found


def test(session: Session, owner: Owner, ref: str) -> Delivery:
    """Put a ping into the outbox, for now. Raises as `webhook_of`, WebhookOff."""
    found = _on(session, owner, ref)
    body = events.body_of(events.PING, now(session), events.Ping(webhook=ref))
    [made] = write(session, [{"webhook_ref": ref, "event": events.PING, "topic": None, "body": body}])
    found.next_at = now(session)
    _record(session, owner, "webhook.tested", ref)
    session.flush()
    return session.get_one(Delivery, made)


def deliveries(session: Session, owner: Owner, ref: str, limit: int) -> list[Delivery]:
    """Its newest messages with their tries, newest first. Raises as `webhook_of`."""
    webhook_of(session, owner, ref)
    rows = select(Delivery).where(Delivery.webhook_ref == ref)
    return list(session.scalars(rows.order_by(Delivery.created_at.desc(), Delivery.ref).limit(limit)))


def resend(session: Session, owner: Owner, ref: str, delivery: str) -> Delivery:
    """Send a message again, with the same id and all its tries. Raises as `webhook_of`, WebhookOff."""
    found = _on(session, owner, ref)
    again = session.get(Delivery, delivery, with_for_update={"of": Delivery})
    if again is None or again.webhook_ref != ref:
        raise WebhookNotFound(f"The webhook {ref!r} has no message {delivery!r}.")
    again.state, again.tries, again.topic = "waiting", 0, None
    again.next_at = found.next_at = now(session)
    _record(session, owner, "webhook.resent", ref, after={"message": delivery})
    session.flush()
    return again


def _on(session: Session, owner: Owner, ref: str) -> Webhook:
    found = webhook_of(session, owner, ref)
    if found.disabled:
        raise WebhookOff(found.disabled)
    return found


def _competition(session: Session, owner: Owner) -> Competition | None:
    """The competition, None for the account's own. Raises CompetitionNotFound, Denied."""
    if owner.slug is None:
        return None
    found = competitions.competition_of(session, owner.slug)
    if not competitions.organizes(owner.who, found):
        raise Denied("Only the competition's organizers may see and change its webhooks.")
    return found


def _all(session: Session, owner: Owner, competition: Competition | None) -> list[Webhook]:
    mine = (Webhook.competition_id.is_(None), Webhook.account_id == owner.who.account_id)
    where = mine if competition is None else (Webhook.competition_id == competition.id,)
    return list(session.scalars(select(Webhook).where(*where).order_by(Webhook.created_at, Webhook.ref)))


def _record(session: Session, owner: Owner, action: str, ref: str, after: dict[str, Any] | None = None) -> None:
    audit.record(session, owner.who, action, ref, competition=owner.slug or "", after=after)
