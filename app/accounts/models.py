"""Accounts and what proves them. Secrets are kept as hashes only."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Timestamped

ROLES = ("participant", "organizer", "admin")
SCOPES = ("read", "submit", "organize", "admin")


class Account(Timestamped, Base):
    """A person or robot. `username` is lower-case and public; `email` is not."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("role IN ('participant', 'organizer', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(32), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16), server_default="participant")
    active: Mapped[bool] = mapped_column(server_default="true")
    # When somebody opened the link that was mailed to `email`.
    email_verified_at: Mapped[datetime | None]


class BrowserSession(Timestamped, Base):
    """A signed-in browser: an opaque secret in a cookie, its SHA-256 here, so that the server can end it."""

    __tablename__ = "browser_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(255), server_default="")

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class Token(Timestamped, Base):
    """An API token: `plm_…` is shown once, its SHA-256 is kept."""

    __tablename__ = "tokens"

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(16)))
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    # The slug of the only competition in which it acts; empty: everywhere.
    competition: Mapped[str | None] = mapped_column(String(80))

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class AccountTrace(Base):
    """A network from which an account signed up or in: the keyed hash of its address, and when it was last seen."""

    __tablename__ = "account_traces"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
