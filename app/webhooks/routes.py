"""HTTP doors of webhooks: the same ones for an account's own and for a competition's."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, status

from app.accounts.guards import Organizer, Reader, Submitter
from app.db import Session
from app.webhooks import service
from app.webhooks.models import Delivery, Webhook
from app.webhooks.schemas import (
    AttemptOut,
    DeliveryList,
    DeliveryOut,
    WebhookChange,
    WebhookIn,
    WebhookList,
    WebhookMade,
    WebhookOut,
)
from app.webhooks.service import Owner

router = APIRouter(tags=["webhooks"])
Limit = Annotated[int, Query(ge=1, le=200)]


def _shown(row: Webhook) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in ("ref", "url", "events", "disabled", "failures", "created_at")}
    competition = row.competition.slug if row.competition is not None else None
    return {**values, "active": not row.disabled, "competition": competition, "created_by": row.account.username}


def _with_secret(row: Webhook) -> WebhookMade:
    return WebhookMade(**_shown(row), secret=row.secret, old_secret_until=row.old_until)


def _delivery(row: Delivery) -> DeliveryOut:
    tries = [AttemptOut.model_validate(one, from_attributes=True) for one in row.attempts]
    values = {name: getattr(row, name) for name in ("ref", "event", "state", "tries", "created_at", "body")}
    return DeliveryOut(**values, attempts=tries, next_at=row.next_at if row.state == "waiting" else None)


def _of_competition(who: Organizer, slug: str) -> Owner:
    return Owner(who, slug)


def _own_to_read(who: Reader) -> Owner:
    return Owner(who)


def _own(who: Submitter) -> Owner:
    return Owner(who)


def _doors(path: str, reading: Callable[..., Owner], changing: Callable[..., Owner]) -> None:
    """The doors to webhooks at this path; who they belong to is said by the two dependencies."""
    one = path + "/{ref}"

    @router.get(path)
    def listing(owner: Annotated[Owner, Depends(reading)]) -> WebhookList:
        """The webhooks, oldest first; their secrets are not shown again."""
        with Session.begin() as session:
            return WebhookList(items=[WebhookOut(**_shown(row)) for row in service.webhooks(session, owner)])

    @router.post(path, status_code=status.HTTP_201_CREATED)
    def create(owner: Annotated[Owner, Depends(changing)], given: WebhookIn) -> WebhookMade:
        """Make a webhook; the answer is the only place where its secret is ever shown."""
        with Session.begin() as session:
            return _with_secret(service.create(session, owner, given.url, list(given.events)))

    @router.patch(one)
    def change(owner: Annotated[Owner, Depends(changing)], ref: str, given: WebhookChange) -> WebhookOut:
        """Change where it sends and what, or switch it off or on again."""
        with Session.begin() as session:
            changed = service.change(session, owner, ref, given.model_dump(exclude_unset=True))
            return WebhookOut(**_shown(changed))

    @router.delete(one, status_code=status.HTTP_204_NO_CONTENT)
    def delete(owner: Annotated[Owner, Depends(changing)], ref: str) -> None:
        """Delete it, with its log and what waits."""
        with Session.begin() as session:
            service.remove(session, owner, ref)

    @router.post(one + "/rotate")
    def rotate(owner: Annotated[Owner, Depends(changing)], ref: str) -> WebhookMade:
        """Give it a new secret, shown only here; for a day messages are signed by the old one too."""
        with Session.begin() as session:
            return _with_secret(service.rotate(session, owner, ref))


def _log_doors(path: str, reading: Callable[..., Owner], changing: Callable[..., Owner]) -> None:
    """The doors to what a webhook was sent."""
    one = path + "/{ref}"

    @router.post(one + "/test", status_code=status.HTTP_202_ACCEPTED)
    def test(owner: Annotated[Owner, Depends(changing)], ref: str) -> DeliveryOut:
        """Send it a `webhook.ping`; how it went stands in its deliveries a moment later."""
        with Session.begin() as session:
            return _delivery(service.test(session, owner, ref))

    @router.get(one + "/deliveries")
    def deliveries(owner: Annotated[Owner, Depends(reading)], ref: str, limit: Limit = 50) -> DeliveryList:
        """Its newest messages, each with its tries and what was answered; kept for 30 days."""
        with Session.begin() as session:
            rows = service.deliveries(session, owner, ref, limit)
            return DeliveryList(items=[_delivery(row) for row in rows])

    @router.post(one + "/deliveries/{message}/resend", status_code=status.HTTP_202_ACCEPTED)
    def resend(owner: Annotated[Owner, Depends(changing)], ref: str, message: str) -> DeliveryOut:
        """Send a message again, with the same `webhook-id`."""
        with Session.begin() as session:
            return _delivery(service.resend(session, owner, ref, message))


for doors in (_doors, _log_doors):
    doors("/me/webhooks", _own_to_read, _own)
    doors("/competitions/{slug}/webhooks", _of_competition, _of_competition)
