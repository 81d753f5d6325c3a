"""The outbox, and who does not want (or wants) what."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, Timestamped

# What is mailed unless somebody says otherwise: robots that submit often must not flood their owner.
DEFAULTS = {
    "approved": True,
    "scored": False,
    "failed": True,
    "invalid": False,
    "phase_opened": True,
    "phase_closed": True,
    "announcement": True,
    "rescored": True,
}
_KINDS_SQL = "kind IN ('" + "', '".join(DEFAULTS) + "')"


class Mail(Timestamped, Base):
    """One mail to one account. An event has a key, and is mailed to an account at most once."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        CheckConstraint(_KINDS_SQL, name="kind"),
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_is_stamped"),
        CheckConstraint("state <> 'failed' OR error <> ''", name="failed_has_reason"),
        Index("ix_mails_open", "state", "next_at", postgresql_where=text("state IN ('waiting', 'sending')")),
        Index("ix_mails_created_at", "created_at"),
    )

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), server_default="waiting")
    tries: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(500), server_default="")

    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class MailPreference(Base):
    """Whether an account wants a kind of mail; without a row the default counts."""

    __tablename__ = "mail_preferences"
    __table_args__ = (CheckConstraint(_KINDS_SQL, name="kind"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    wanted: Mapped[bool]
