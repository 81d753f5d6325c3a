"""Webhooks, what is to be delivered to them, and each try of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.competitions.models import Competition
from app.db import Base, Timestamped

NEVER_TRIED = text("state = 'waiting' AND tries = 0")


class Webhook(Timestamped, Base):
    """An address that is told of events: of a competition, or (without one) of what its account may know.

    The secret is kept as it is, because signing needs it; it opens nothing here. `failures` counts those since the
    last success, and nothing is sent before `next_at`. A sender holds the whole webhook until `held_until`, so that a
    receiver that hangs has one sender waiting, never two.
    """

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_competition_id", "competition_id"),)

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    competition_id: Mapped[int | None] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[Any]]
    secret: Mapped[str] = mapped_column(String(100))
    # The one before, which signs too until this moment.
    old_secret: Mapped[str | None] = mapped_column(String(100))
    old_until: Mapped[datetime | None]
    # Why it is off; empty: it is on.
    disabled: Mapped[str] = mapped_column(String(500), server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    held_until: Mapped[datetime] = mapped_column(server_default=func.now())

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    competition: Mapped[Competition | None] = relationship()


class Happening(Base):
    """An event that is still to be turned into messages.

    Told of it are the webhooks of the competition, and of one account or (`public`) of all that take part. Of events
    with one topic only the last one counts.
    """

    __tablename__ = "webhook_events"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    public: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class Delivery(Base):
    """One message to one webhook. Its ref is the message's id, the same in every try.

    `topic`: a newer message of the same topic takes the place of one that was never tried.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_deliveries_due", "webhook_ref", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_webhook_deliveries_webhook_created", "webhook_ref", "created_at"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        Index(
            "uq_webhook_deliveries_topic",
            "webhook_ref",
            "topic",
            unique=True,
            postgresql_where=NEVER_TRIED,
        ),
    )

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    webhook_ref: Mapped[str] = mapped_column(ForeignKey("webhooks.ref", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(String(100))
    body: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), server_default="waiting")
    tries: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # The clock's, not the transaction's: messages of one transaction keep their order.
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())

    webhook: Mapped[Webhook] = relationship(lazy="joined", innerjoin=True)
    attempts: Mapped[list["Attempt"]] = relationship(order_by="Attempt.id", lazy="selectin")


class Attempt(Base):
    """One try: what the receiver answered and how long it took, or why there is no answer."""

    __tablename__ = "webhook_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_ref: Mapped[str] = mapped_column(ForeignKey("webhook_deliveries.ref", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    milliseconds: Mapped[int]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    # The first bytes of the answer, as text.
    answer: Mapped[str] = mapped_column(String(500), server_default="")
    error: Mapped[str] = mapped_column(String(500), server_default="")
