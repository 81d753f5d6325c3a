"""What can be done with accounts, sessions and tokens. Plain functions on an open session; no commit here.

Decision: passwords by Argon2id (pwdlib's recommended parameters), at most two hashes at a time: one costs 64 MiB and
0.15 s, so a flood of log-ins must wait in line instead of stopping the machine. Tokens hold 256 random bits, so a fast
SHA-256 is the right hash for them.
"""

import hashlib
import secrets
import zlib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Final

from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.accounts.errors import AccountExists, PasswordWeak, TokenNotFound, WrongCredentials
from app.accounts.models import Account, BrowserSession, Token
from app.db import new_ref, now
from app.errors import Refused
from app.settings import settings

MOST_TOKENS = 100

BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHORTEST_PASSWORD: Final = 10
COMMON: Final = ("password", "passwort", "qwertyuiop", "1234567890", "0123456789", "letmein", "iloveyou", "adminadmin")
_hashing = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the account, and what this request may do (all scopes for a browser session)."""

    account_id: int
    username: str
    role: str
    scopes: frozenset[str]
    token_ref: str | None = None
    competition: str | None = None

    def may(self, scope: str) -> bool:
        """True where the request carries the scope."""
        return scope in self.scopes

    @property
    def is_admin(self) -> bool:
        """True for administrators acting with the admin scope."""
        return self.role == "admin" and self.may("admin")


@lru_cache
def _password() -> PasswordHash:
    return PasswordHash.recommended()


@lru_cache
def _dummy_hash() -> str:
    """Verified for unknown names, so that they answer as slowly as known ones."""
    return _password().hash(secrets.token_hex(16))


def sha256(secret: str) -> str:
    """The hex SHA-256 of a secret, as kept in the database."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token_secret() -> str:
    """`plm_` + 43 base62 characters + 6 of CRC-32, so that secret scanners can tell a real one."""
    body = "".join(secrets.choice(BASE62) for _ in range(43))
    check, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        check, digit = divmod(check, 62)
        digits = BASE62[digit] + digits
    return f"plm_{body}{digits}"


def normalized_email(email: str) -> str:
    """The address as it is kept. Raises Refused."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise Refused(f"The e-mail address is not valid: {error}", field="email") from error


def hashed_password(username: str, password: str) -> str:
    """The hash to keep of a password. Raises PasswordWeak."""
    lowered = password.lower()
    if len(password) < SHORTEST_PASSWORD or username in lowered or any(word in lowered for word in COMMON):
        raise PasswordWeak
    with _hashing:
        return _password().hash(password)


def sign_up(session: Session, username: str, email: str, password: str, role: str = "participant") -> Account:
    """Make an account. Raises Refused (e-mail), PasswordWeak, AccountExists."""
    username, email = username.lower(), normalized_email(email)
    hashed = hashed_password(username, password)
    made = session.execute(
        insert(Account)
        .values(username=username, email=email, password_hash=hashed, role=role)
        .on_conflict_do_nothing()
        .returning(Account)
    ).scalar_one_or_none()
    if made is None:
        raise AccountExists
    return made


def authenticate(session: Session, name: str, password: str) -> Account:
    """The account of this user name or e-mail address and password. Raises WrongCredentials."""
    name = name.strip().lower()
    account = session.scalar(select(Account).where(or_(Account.username == name, Account.email == name)))
    with _hashing:
        fits, rehashed = _password().verify_and_update(password, account.password_hash if account else _dummy_hash())
    if account is None or not fits or not account.active:
        raise WrongCredentials
    if rehashed:
        account.password_hash = rehashed
    return account


def open_session(session: Session, account: Account, user_agent: str) -> str:
    """Start a browser session; returns the secret for the cookie."""
    secret = secrets.token_urlsafe(32)
    session.add(
        BrowserSession(
            token_hash=sha256(secret),
            account_id=account.id,
            expires_at=now(session) + timedelta(days=settings().session_days),
            user_agent=user_agent[:255],
        )
    )
    return secret


def confirm_password(session: Session, account_id: int, password: str) -> Account:
    """The account, held, where this is its password. Raises WrongCredentials."""
    account = session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    with _hashing:
        fits = _password().verify(password, account.password_hash)
    if not fits:
        raise WrongCredentials("This is not your present password.")
    return account


def set_password(session: Session, account: Account, password: str, kept_session: str = "") -> None:
    """Give the account another password and end its browser sessions, but for the one of this secret.

    Tokens stay: programs use them, and each can be revoked. Raises PasswordWeak.
    """
    account.password_hash = hashed_password(account.username, password)
    others = (BrowserSession.account_id == account.id, BrowserSession.token_hash != sha256(kept_session))
    session.execute(delete(BrowserSession).where(*others))
    session.flush()


def close_session(session: Session, secret: str) -> None:
    """End a browser session; unknown ones are no error."""
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == sha256(secret)))


def principal_of_session(session: Session, secret: str) -> Principal | None:
    """Who this cookie stands for, None where it is unknown or over."""
    found = session.get(BrowserSession, sha256(secret))
    if found is None or found.expires_at <= now(session) or not found.account.active:
        return None
    account = found.account
    return Principal(account.id, account.username, account.role, scopes_of(account.role))


def principal_of_token(session: Session, secret: str) -> Principal | None:
    """Who this token stands for and what it may do, None where it is unknown, revoked or expired."""
    token = session.scalar(select(Token).where(Token.token_hash == sha256(secret)))
    moment = now(session)
    if token is None or token.revoked_at is not None or token.expires_at <= moment or not token.account.active:
        return None
    if token.last_used_at is None or moment - token.last_used_at > timedelta(minutes=1):
        session.execute(update(Token).where(Token.ref == token.ref).values(last_used_at=moment))
    account = token.account
    return Principal(
        account.id, account.username, account.role, frozenset(token.scopes) & scopes_of(account.role), token.ref,
        token.competition,
    )  # fmt: skip


def scopes_of(role: str) -> frozenset[str]:
    """All that a session or token of this role may be used for.

    `organize` is everybody's, because anybody can be made a co-organizer: in which competition is said by its rows.
    """
    return frozenset({"read", "submit", "organize"} | ({"admin"} if role == "admin" else set()))


def create_token(
    session: Session, who: Principal, name: str, scopes: list[str], life: timedelta, competition: str | None = None
) -> tuple[Token, str]:
    """A new token, perhaps for one competition only, and its secret (shown once).

    Raises Refused where a scope is beyond the asker's own, or the account has too many tokens.
    """
    if len(tokens(session, who)) >= MOST_TOKENS:
        raise Refused(f"An account has at most {MOST_TOKENS} tokens: revoke one first.")
    beyond = sorted(set(scopes) - who.scopes)
    if beyond:
        raise Refused(f"You cannot give the scope {', '.join(beyond)}: you do not have it yourself.", field="scopes")
    secret = new_token_secret()
    token = Token(
        ref=new_ref("tok"),
        account_id=who.account_id,
        name=name,
        token_hash=sha256(secret),
        scopes=sorted(set(scopes)),
        expires_at=now(session) + life,
        competition=competition,
    )
    session.add(token)
    session.flush()
    told = {"scopes": token.scopes, "days": life / timedelta(days=1), "competition": competition}
    audit.record(session, who, "token.created", token.ref, after=told)
    return token, secret


def tokens(session: Session, who: Principal) -> list[Token]:
    """The asker's tokens that still open something, newest first."""
    rows = select(Token).where(
        Token.account_id == who.account_id, Token.revoked_at.is_(None), Token.expires_at > now(session)
    )
    return list(session.scalars(rows.order_by(Token.created_at.desc())))


def revoke_token(session: Session, who: Principal, ref: str) -> None:
    """Revoke one of the asker's tokens. Raises TokenNotFound."""
    mine = (Token.ref == ref, Token.account_id == who.account_id, Token.revoked_at.is_(None))
    if session.execute(update(Token).where(*mine).values(revoked_at=now(session)).returning(Token.ref)).first() is None:
        raise TokenNotFound
    audit.record(session, who, "token.revoked", ref)
