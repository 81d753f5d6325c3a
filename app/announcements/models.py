"""Announcements, and which phases' beginnings and ends were told."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.competitions.models import Competition
from app.db import Base, Timestamped


class Announcement(Timestamped, Base):
    """What an organizer tells everybody: a title and a text in Markdown."""

    __tablename__ = "announcements"
    __table_args__ = (Index("ix_announcements_competition_created", "competition_id", "created_at"),)

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    edited_at: Mapped[datetime | None]

    author: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
    competition: Mapped[Competition] = relationship()


class PhaseNotice(Timestamped, Base):
    """That the participants were told of a phase's beginning or end: the row is written with the mails, once."""

    __tablename__ = "phase_notices"

    phase_id: Mapped[int] = mapped_column(ForeignKey("phases.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
