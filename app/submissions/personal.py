"""What a server keeps of a person: all of it for them to take, and what goes when their account is deleted.

Decision: a deleted account keeps its row under a name of chance, and its submissions keep their files and scores, so
that boards, limits and the log stay true. Everything that says who it was goes: name, address, password, tokens,
sessions, traces, mails, wishes, notes on submissions and the names of files. What was sent belongs to the competition's
record. Who owns a competition hands it over first. The audit log keeps the name that acted; it is there for that.
"""

import secrets
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import audit
from app.accounts import service as accounts
from app.accounts.models import Account, AccountTrace, BrowserSession, Token
from app.accounts.service import Principal
from app.competitions.models import Competition, CoOrganizer, Invitation, Participation, Phase
from app.db import new_ref, now
from app.messages import service as mail
from app.messages.models import Mail, MailPreference
from app.submissions.errors import StillOrganizing
from app.submissions.models import PendingUpload, Submission
from app.webhooks.models import Webhook


def personal_data(session: Session, account_id: int) -> dict[str, Any]:
    """All that is kept of the account but its submissions and secrets, as plain values."""
    account = session.get_one(Account, account_id)
    mine = {"account_id": account_id}
    rows = select(Participation).where(Participation.account_id == account_id).order_by(Participation.id)
    return {
        "account": _plain(account, "username", "email", "role", "active", "created_at", "email_verified_at"),
        "sessions": _rows(session, BrowserSession, mine, "created_at", "expires_at", "user_agent"),
        "tokens": _rows(
            session, Token, mine, "ref", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"
        ),
        "networks": _rows(session, AccountTrace, mine, "address_hash", "seen_at"),
        "mail_preferences": mail.preferences(session, account_id),
        "mails": _rows(session, Mail, mine, "kind", "subject", "state", "created_at", "sent_at"),
        "participations": [_participation(session, one) for one in session.scalars(rows)],
        "webhooks": _rows(session, Webhook, mine, "ref", "url", "events", "created_at"),
        "uploads": _rows(session, PendingUpload, mine, "ref", "file_name", "length", "message", "created_at"),
        "organizes": list(
            session.scalars(
                select(Competition.slug).where(Competition.organizer_id == account_id).order_by(Competition.slug)
            )
        ),
        "acts": _rows(
            session, audit.AuditEvent, {"actor_id": account_id}, "at", "competition", "action", "target", "request_id"
        ),
    }


def _participation(session: Session, one: Participation) -> dict[str, Any]:
    slug = session.scalar(select(Competition.slug).where(Competition.id == one.competition_id))
    team = one.team.name if one.team is not None else None
    return {
        "competition": slug,
        "team": team,
        **_plain(one, "status", "reason", "terms_version", "baseline", "created_at"),
    }


def _rows(session: Session, table: Any, where: dict[str, Any], *columns: str) -> list[dict[str, Any]]:
    return [_plain(row, *columns) for row in session.scalars(select(table).filter_by(**where))]


def _plain(row: Any, *columns: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in columns}


def forget(session: Session, who: Principal, password: str) -> list[int]:
    """Delete the account. Returns the phases whose boards show another name from now on.

    Raises WrongCredentials, StillOrganizing.
    """
    account = accounts.confirm_password(session, who.account_id, password)
    owned = list(session.scalars(select(Competition.slug).where(Competition.organizer_id == account.id)))
    if owned:
        raise StillOrganizing(f"You own {', '.join(sorted(owned))}.", competitions=sorted(owned))
    mine = list(session.scalars(select(Participation.id).where(Participation.account_id == account.id)))
    session.execute(
        update(Submission)
        .where(Submission.participation_id.in_(mine))
        .values(message="", file_name="")
        .execution_options(synchronize_session=False)
    )
    for table in (BrowserSession, Token, AccountTrace, Mail, MailPreference, CoOrganizer, PendingUpload, Webhook):
        session.execute(delete(table).where(table.account_id == account.id))
    waiting = update(Invitation).where(Invitation.participation_id.in_(mine), Invitation.state == "open")
    session.execute(waiting.values(state="declined", answered_at=now(session)))
    audit.record(session, who, "account.deleted", who.username)
    account.username = "deleted-" + new_ref("x").partition("_")[2]
    account.email, account.password_hash = f"{account.username}@deleted.invalid", f"!{secrets.token_hex(16)}"
    account.active, account.email_verified_at, account.role = False, None, "participant"
    session.flush()
    session.expire_all()
    phases = select(Phase.id).join(Participation, Participation.competition_id == Phase.competition_id)
    return list(session.scalars(phases.where(Participation.id.in_(mine)).order_by(Phase.id)))
