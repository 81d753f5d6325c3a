"""What may show that several accounts are one person's: the mailbox behind an e-mail address, and networks.

Decision: of a network address only a keyed hash is kept, under a key outside of the database, so that a copy of the
database gives no addresses away (there are few enough to try them all against a plain hash). Without a key nothing is
kept. IPv6 counts by its /64, which is one household's or machine's.
"""

import hashlib
import hmac
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.accounts.models import AccountTrace
from app.db import now
from app.settings import settings

GMAIL = frozenset({"gmail.com", "googlemail.com"})


def mailbox(email: str) -> str:
    """The mailbox behind an address: without a plus tag, at Gmail also without dots.

    >>> mailbox("Ada.Love+x@googlemail.com"), mailbox("ada.love+x@example.org")
    ('adalove@gmail.com', 'ada.love@example.org')
    """
    local, _, domain = email.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def address_hash(address: str) -> str | None:
    """The keyed hash of a network address; None without a key, or where it is no public address of one."""
    key = settings().trace_key
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if key is None or found.is_loopback:
        return None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or ip_network((found, 64), strict=False).network_address
    return hmac.new(key.get_secret_value().encode(), found.packed, hashlib.sha256).hexdigest()


def keep(session: Session, account_id: int, address: str) -> None:
    """Remember that the account signed up or in from this address."""
    hashed = address_hash(address)
    if hashed is None:
        return
    moment = now(session)
    new = insert(AccountTrace).values(account_id=account_id, address_hash=hashed, seen_at=moment)
    keys = [AccountTrace.account_id, AccountTrace.address_hash]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_={"seen_at": moment}))


def forget(session: Session) -> None:
    """Delete traces that are older than `trace_days`."""
    oldest = now(session) - timedelta(days=settings().trace_days)
    session.execute(delete(AccountTrace).where(AccountTrace.seen_at < oldest))
