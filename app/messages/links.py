"""Addresses in mails: pages, and the signed link that ends a kind of mail without signing in.

Decision: the link carries the user name and the kind, signed (HMAC-SHA256, itsdangerous) with a key of the server and
salted with the account's number, so that it dies with the account. It does not expire: a mail may be old. The key is
`PALMARES_SECRET`, else a file in the data dir, which all processes must then share.
"""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from itsdangerous import BadSignature, Signer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.messages.errors import UnsubscribeInvalid
from app.messages.models import DEFAULTS
from app.settings import settings


def page(path: str) -> str:
    """The address of a page of this server."""
    return settings().public_url.rstrip("/") + path


def unsubscribe_link(account: Account, kind: str) -> str:
    """The address that ends this kind of mail for this account."""
    return page(f"/unsubscribe/{_signer(account).sign(f'{account.username}.{kind}').decode()}")


def reader_of(session: Session, token: str) -> tuple[Account, str]:
    """Whose link this is, and of which kind of mail. Raises UnsubscribeInvalid."""
    username, _, rest = token.partition(".")
    kind = rest.partition(".")[0]
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None or kind not in DEFAULTS:
        raise UnsubscribeInvalid
    try:
        _signer(account).unsign(token)
    except BadSignature:
        raise UnsubscribeInvalid from None
    return account, kind


def _signer(account: Account) -> Signer:
    return Signer(secret(), salt=f"unsubscribe-{account.id}", digest_method=hashlib.sha256)


@lru_cache
def secret() -> str:
    """The server's key for links."""
    given = settings().secret
    return given.get_secret_value() if given is not None else kept(settings().data_dir / "secret")


def kept(path: Path) -> str:
    """The secret in this file, which is made (mode 0600) where there is none; of two that make it, one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            os.link(fresh, path)
        os.unlink(fresh)
    return path.read_text()
