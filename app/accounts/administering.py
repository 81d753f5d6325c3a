"""What administrators do with accounts: find them, give roles, disable and enable.

Decision: an administrator never changes the own account here, so no act over HTTP can leave a server without one.
Disabling ends nothing that was sent: boards stay, only the door is shut, at once, for sessions and tokens alike.
"""

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.errors import AccountNotFound, OwnAccount
from app.accounts.models import Account
from app.accounts.service import Principal


def accounts(search: str = "", role: str | None = None, active: bool | None = None) -> Select[tuple[Account]]:
    """The query for accounts, newest first; `search` is a part of the user name or the e-mail address."""
    rows = select(Account)
    if search:
        wanted = search.strip().lower()
        found = (column.contains(wanted, autoescape=True) for column in (Account.username, Account.email))
        rows = rows.where(or_(*found))
    if role:
        rows = rows.where(Account.role == role)
    if active is not None:
        rows = rows.where(Account.active == active)
    return rows.order_by(Account.created_at.desc(), Account.id.desc())


def change(
    session: Session, who: Principal, username: str, *, role: str | None = None, active: bool | None = None
) -> Account:
    """Give an account another role, or disable or enable it; None stays. Raises AccountNotFound, OwnAccount."""
    account = session.scalar(select(Account).where(Account.username == username.lower()).with_for_update())
    if account is None:
        raise AccountNotFound(f"There is no account {username!r}.")
    if account.id == who.account_id:
        raise OwnAccount
    if role is not None and role != account.role:
        before, account.role = account.role, role
        told = {"before": {"role": before}, "after": {"role": role}}
        audit.record(session, who, "account.role", account.username, **told)
    if active is not None and active != account.active:
        account.active = active
        audit.record(session, who, "account.enabled" if active else "account.disabled", account.username)
    session.flush()
    return account
