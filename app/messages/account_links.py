"""Links in mails that set a password or confirm an address.

Decision: a link is signed, not kept (itsdangerous; HMAC-SHA256): its key is salted with what it may be used for, the
account's number and the hash of what it changes, so that the first use, and every other change of the same thing, ends
all links of before. So a copy of the database opens nothing. Cost: a link cannot be taken back but by a change. That
there is no such account is never told: the answer is the same, and the mail is written after it.
"""

import hashlib
from typing import Final, Literal

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit
from app.accounts import service
from app.accounts.errors import AccountExists, LinkInvalid
from app.accounts.models import Account
from app.db import new_ref, now
from app.messages import letters, outbox
from app.messages.links import page, secret
from app.settings import settings

PASSWORD_SECONDS: Final = 3600
ADDRESS_SECONDS: Final = 7 * 86400
Purpose = Literal["password", "address"]


def _serializer(account: Account, purpose: Purpose) -> URLSafeTimedSerializer:
    changes = account.password_hash if purpose == "password" else f"{account.email} {account.email_verified_at}"
    salt = f"{purpose}-{account.id}-{hashlib.sha256(changes.encode()).hexdigest()}"
    return URLSafeTimedSerializer(secret(), salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


def link_token(account: Account, purpose: Purpose, value: str = "") -> str:
    """The end of a link's address: whose it is, and the signed value."""
    return f"{account.username}.{_serializer(account, purpose).dumps(value)}"


def opened(session: Session, token: str, purpose: Purpose, *, lock: bool = False) -> tuple[Account, str]:
    """Whose link this is, and its value. Raises LinkInvalid."""
    username, _, signed = token.partition(".")
    rows = select(Account).where(Account.username == username, Account.active)
    account = session.scalar(rows.with_for_update() if lock else rows)
    seconds = PASSWORD_SECONDS if purpose == "password" else ADDRESS_SECONDS
    try:
        if account is None:
            raise LinkInvalid
        return account, str(_serializer(account, purpose).loads(signed, max_age=seconds))
    except BadSignature:  # also one that is too old
        raise LinkInvalid from None


def forgotten(session: Session, name: str) -> None:
    """Mail a link for a new password to the account of this name or address, if there is one."""
    name = name.strip().lower()
    named = or_(Account.username == name, Account.email == name)
    account = session.scalar(select(Account).where(named, Account.active))
    if account is not None:
        link = page(f"/reset/{link_token(account, 'password')}")
        outbox.write(session, account, f"password:{new_ref('link')}", letters.new_password(link))


def reset(session: Session, token: str, password: str) -> Account:
    """Set the password by a link, and end all browser sessions. Raises LinkInvalid, PasswordWeak.

    Who opened the link has read the mail, so the address is confirmed too.
    """
    account, _ = opened(session, token, "password", lock=True)
    service.set_password(session, account, password)
    account.email_verified_at = account.email_verified_at or now(session)
    tell_password(session, account)
    audit.record(session, None, "account.password_reset", account.username)
    return account


def tell_password(session: Session, account: Account) -> None:
    """Mail that the password was changed, where this server mails."""
    if settings().sends_mail:
        outbox.write(session, account, f"password:{new_ref('link')}", letters.password_changed())


def welcome(session: Session, account: Account) -> None:
    """Ask a new account to confirm its address, where this server mails."""
    if settings().sends_mail:
        ask_to_confirm(session, account, account.email)


def ask_to_confirm(session: Session, account: Account, email: str) -> None:
    """Mail a link to this address, by which it becomes the account's confirmed one. Raises MailOff."""
    link = page(f"/verify/{link_token(account, 'address', email)}")
    outbox.write(session, account, f"address:{new_ref('link')}", letters.confirm(link), email)


def change_address(session: Session, account: Account, email: str) -> bool:
    """Take another e-mail address: at once where this server sends no mail (False), else by a link to it (True).

    Raises Refused, AccountExists (only at once: by mail, nobody learns who else is here).
    """
    email = service.normalized_email(email)
    if settings().sends_mail:
        ask_to_confirm(session, account, email)
        return True
    _take(session, account, email)
    account.email_verified_at = None
    return False


def confirm_address(session: Session, token: str) -> Account:
    """Make the link's address the account's confirmed one, and tell the one that is left. Raises LinkInvalid,
    AccountExists."""
    account, email = opened(session, token, "address", lock=True)
    before = account.email
    if email != before:
        _take(session, account, email)
        if settings().sends_mail:
            outbox.write(session, account, f"address:{new_ref('link')}", letters.address_changed(email), before)
    account.email_verified_at = now(session)
    audit.record(session, None, "account.address_confirmed", account.username)
    return account


def _take(session: Session, account: Account, email: str) -> None:
    try:
        with session.begin_nested():
            account.email = email
            session.flush()
    except IntegrityError:
        raise AccountExists from None
