"""The outbox: mails are rows, written in the transaction of their event and claimed before they are sent.

Decision: at most once. `claim` commits the state `sending` before the server is spoken to, and only the server's answer
ends it: a mail that may have been taken (the connection or the sender was lost after DATA) is failed and never sent
again, because a mail too few harms less than one too many; the news stands on the site too. What the server surely did
not take is tried again with growing pauses, for about a day. Without a mail server nothing is written.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.db import new_ref
from app.messages.letters import Letter
from app.messages.models import DEFAULTS, Mail, MailPreference
from app.settings import settings

TRIES = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
KEPT = timedelta(days=90)
SENDER_LOST = "The sender was lost while it sent this; it may have arrived, so it is not sent again."


def queue(session: Session, account_ids: list[int], kind: str, key: str, letter: Letter) -> int:
    """Write a mail for each account that wants this kind, once per account and key; returns how many are new."""
    return queue_each(session, dict.fromkeys(account_ids, letter), kind, key)


def queue_each(session: Session, letters: Mapping[int, Letter], kind: str, key: str) -> int:
    """As `queue`, with a letter of its own for each account."""
    if not settings().sends_mail or not letters:
        return 0
    wanted = func.coalesce(MailPreference.wanted, DEFAULTS[kind])
    readers = (
        select(Account.id)
        .outerjoin(MailPreference, (MailPreference.account_id == Account.id) & (MailPreference.kind == kind))
        .where(Account.id.in_(letters), Account.active, wanted)
        .order_by(Account.id)
    )
    rows = [
        {
            "ref": new_ref("mail"),
            "account_id": account_id,
            "kind": kind,
            "key": key,
            "subject": letters[account_id].subject,
            "text": letters[account_id].text,
        }
        for account_id in session.scalars(readers)
    ]
    if not rows:
        return 0
    made = insert(Mail).on_conflict_do_nothing().returning(Mail.ref)
    return len(session.scalars(made, rows).all())


def drop(session: Session, *which: Any) -> None:
    """Take back what waits and is not wanted any more."""
    session.execute(delete(Mail).where(Mail.state == "waiting", *which))


def due(session: Session) -> bool:
    """True where a mail waits to be sent now."""
    return session.scalar(select(_due().exists())) or False


def _due() -> Any:
    return select(Mail.ref).where(Mail.state == "waiting", Mail.next_at <= func.clock_timestamp())


def claim(session: Session) -> Mail | None:
    """Take the mail that waits longest; commit before sending it. None: there is none, or others have them."""
    moment = func.clock_timestamp()
    first = _due().order_by(Mail.next_at, Mail.ref).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    ref = session.scalar(
        update(Mail)
        .where(Mail.ref == first, Mail.state == "waiting")
        .values(state="sending", tries=Mail.tries + 1, claimed_at=moment)
        .returning(Mail.ref)
        .execution_options(synchronize_session=False)
    )
    return session.get(Mail, ref, populate_existing=True) if ref else None


def _claimed(mail: Mail) -> Any:
    mine = (Mail.ref == mail.ref, Mail.state == "sending", Mail.tries == mail.tries)
    return update(Mail).where(*mine).execution_options(synchronize_session=False)


def sent(session: Session, mail: Mail, _reason: str = "") -> None:
    """The server took it."""
    session.execute(_claimed(mail).values(state="sent", sent_at=func.clock_timestamp(), error=""))


def fail(session: Session, mail: Mail, reason: str) -> None:
    """It will never be sent (again)."""
    session.execute(_claimed(mail).values(state="failed", error=reason[:500]))


def retry(session: Session, mail: Mail, reason: str) -> None:
    """The server surely did not take it: another try after a growing pause, failed after the last one."""
    if mail.tries >= TRIES:
        fail(session, mail, reason)
        return
    later = func.clock_timestamp() + pause(mail.tries)
    session.execute(_claimed(mail).values(state="waiting", next_at=later, error=reason[:500]))


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries: 30 s, 2 min, 8 min, … at most 6 h."""
    return min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST_PAUSE)


def postpone(session: Session, reason: str) -> None:
    """The server cannot be reached: a try of everything that is due, so that nobody knocks for each mail."""
    rows = session.scalars(select(Mail).where(Mail.ref.in_(_due())).with_for_update(skip_locked=True, of=Mail))
    for mail in rows.all():
        mail.tries, mail.error = mail.tries + 1, reason[:500]
        if mail.tries >= TRIES:
            mail.state = "failed"
        else:
            mail.next_at = func.clock_timestamp() + pause(mail.tries)
    session.flush()


def settle(session: Session) -> None:
    """Fail what a lost sender left (no task lives this long), and forget what is old."""
    moment = func.clock_timestamp()
    lost = moment - timedelta(seconds=settings().task_seconds + 60)
    session.execute(
        update(Mail)
        .where(Mail.state == "sending", Mail.claimed_at < lost)
        .values(state="failed", error=SENDER_LOST)
        .execution_options(synchronize_session=False)
    )
    session.execute(delete(Mail).where(Mail.created_at < moment - KEPT, Mail.state.in_(("sent", "failed"))))
