"""What an account wants to be mailed. Plain functions on an open session."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.messages import outbox
from app.messages.models import DEFAULTS, Mail, MailPreference


def preferences(session: Session, account_id: int) -> dict[str, bool]:
    """Every kind of mail, and whether the account wants it."""
    rows = session.execute(
        select(MailPreference.kind, MailPreference.wanted).where(MailPreference.account_id == account_id)
    )
    return DEFAULTS | {row.kind: row.wanted for row in rows}


def choose(session: Session, account_id: int, wanted: dict[str, bool]) -> None:
    """Set these kinds, and give every other one back to its default; what waits and is not wanted is dropped."""
    session.execute(delete(MailPreference).where(MailPreference.account_id == account_id))
    _write(session, account_id, wanted)
    unwanted = [kind for kind, yes in (DEFAULTS | wanted).items() if not yes]
    outbox.drop(session, Mail.account_id == account_id, Mail.kind.in_(unwanted))


def stop(session: Session, account_id: int, kinds: list[str]) -> None:
    """No more mail of these kinds, also of what waits."""
    _write(session, account_id, dict.fromkeys(kinds, False))
    outbox.drop(session, Mail.account_id == account_id, Mail.kind.in_(kinds))


def _write(session: Session, account_id: int, wanted: dict[str, bool]) -> None:
    rows = [{"account_id": account_id, "kind": kind, "wanted": yes} for kind, yes in wanted.items()]
    if rows:
        row = insert(MailPreference)
        change = row.on_conflict_do_update(
            index_elements=[MailPreference.account_id, MailPreference.kind], set_={"wanted": row.excluded.wanted}
        )
        session.execute(change, rows)
