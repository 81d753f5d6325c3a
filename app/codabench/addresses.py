"""Addresses: of this server, and signed ones that stand for who asked for them, for one thing and some time.

Decision: a signed address (HMAC-SHA256, itsdangerous) names the account it was made for. What it opens is decided when
it is used, by that account's rights then: who was banned, or whose phase was frozen meanwhile, sees no more through it
than through any other door. Its letters need no quoting, because clients quote them twice or not at all.
"""

import hashlib
import uuid
from typing import Any

from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.accounts.models import Account, Token
from app.accounts.service import Principal
from app.codabench.errors import AddressInvalid
from app.db import Session
from app.messages.links import secret
from app.settings import settings

LIFE = {"put": 24 * 3600, "get": 5 * 3600}
"""Seconds for which an address lasts, by method."""
KINDS = ("task", "starting_kit", "public_data")


def absolute(request: Request, path: str) -> str:
    """The full address of a path of this server, as the asker reaches it."""
    return (settings().public_url or str(request.base_url)).rstrip("/") + path


def signed(request: Request, method: str, who: Principal, what: str) -> str:
    """An address at which this account may put or get this very thing for a while."""
    scopes = sorted(who.scopes & {"read", "submit", "organize"})
    told = _signer(method).dumps([who.account_id, who.token_ref, scopes, who.competition, what])
    return absolute(request, f"/api/files/{told if isinstance(told, str) else told.decode()}")


def opened(method: str, token: str) -> tuple[Principal, str]:
    """For whom the address was made, and what for. Raises AddressInvalid."""
    try:
        found: Any = _signer(method).loads(token, max_age=LIFE[method])
    except BadSignature:  # expired ones too
        raise AddressInvalid from None
    account_id, token_ref, scopes, competition, what = found
    with Session.begin() as session:
        account = session.get(Account, account_id)
        token = session.get(Token, token_ref) if token_ref else None
        revoked = token_ref is not None and (token is None or token.revoked_at is not None)
        if account is None or not account.active or revoked:
            raise AddressInvalid
        who = Principal(account.id, account.username, account.role, frozenset(scopes), token_ref, competition)
    return who, what


def _signer(method: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret(), salt=f"codabench-{method}", signer_kwargs={"digest_method": hashlib.sha256})


def key_of(kind: str, number: int) -> str:
    """The key (a UUID) of something that a phase has: its task, starting kit or public data. No secret.

    >>> key_of("public_data", 42), thing_of(key_of("public_data", 42))
    ('00000003-0000-8000-8000-00000000002a', ('public_data', 42))
    """
    return str(uuid.UUID(fields=(KINDS.index(kind) + 1, 0, 0x8000, 0x80, 0, number)))


def thing_of(key: str) -> tuple[str, int] | None:
    """What such a key stands for, None for another one."""
    try:
        found = uuid.UUID(key).fields
    except ValueError:
        return None
    place = found[0] - 1
    return (KINDS[place], found[5]) if found[1:5] == (0, 0x8000, 0x80, 0) and 0 <= place < len(KINDS) else None
