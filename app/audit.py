"""The audit log: who did what to what, when, and what it was before. Rows can only be added, by trigger.

Decision: a row is written in the transaction of the act itself, so there is no act without a row and no row without an
act. It keeps plain values and names, not links to rows that may go. Texts, truth and secrets are not copied into it:
callers give hashes, lengths or versions of them.
"""

from datetime import datetime
from typing import Any, Protocol

from asgi_correlation_id import correlation_id
from sqlalchemy import BigInteger, Index, String, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.db import Base


class Actor(Protocol):
    """Who acts: an account, perhaps by a token."""

    @property
    def account_id(self) -> int:
        """The account's number."""

    @property
    def username(self) -> str:
        """The account's public name."""

    @property
    def token_ref(self) -> str | None:
        """The token's ref, None for a browser."""


class AuditEvent(Base):
    """One act. `competition` is its slug, empty for acts beyond competitions; `target` names what was acted on."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_competition", "competition", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_id: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(64))
    token: Mapped[str | None] = mapped_column(String(32))
    request_id: Mapped[str | None] = mapped_column(String(64))
    competition: Mapped[str] = mapped_column(String(64), server_default="")
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(255), server_default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


def record(
    session: Session,
    who: Actor | None,
    action: str,
    target: str = "",
    *,
    competition: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add a row to the log, in the caller's transaction. `who` None: Palmares itself, by the clock.

    `action` is `noun.verb` (`phase.extended`, `submission.disqualified`); `before` and `after` hold only what changed,
    as plain JSON values.
    """
    session.add(
        AuditEvent(
            actor_id=who.account_id if who else None,
            actor=who.username if who else "palmares",
            token=who.token_ref if who else None,
            request_id=(correlation_id.get() or "")[:64] or None,
            competition=competition,
            action=action,
            target=target[:255],
            before=before,
            after=after,
        )
    )
