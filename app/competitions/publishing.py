"""Trusted publishing: jobs of a CI system that may submit for an account, by what their issuer says of them.

An identity is traded for a token of a quarter of an hour that may read and submit in one competition, once.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.accounts import service as accounts
from app.accounts.errors import IdentityInvalid, NotTrusted, PublisherNotFound
from app.accounts.models import Account, Token
from app.accounts.service import Principal
from app.competitions.errors import NotJoined
from app.competitions.models import Competition, Publisher, UsedIdentity
from app.competitions.service import competition_of, participation_of
from app.db import new_ref, now
from app.errors import Refused
from app.settings import settings

LIFE = timedelta(minutes=15)
NAMING = ("repository", "repository_id", "project_path", "project_id", "sub")
"""One of these at least must be named: without it, any job of the issuer would do."""
FURTHER = (
    "ref",
    "ref_protected",
    "environment",
    "workflow_ref",
    "job_workflow_ref",
    "repository_owner",
    "namespace_path",
)
MOST = 20


def add(session: Session, who: Principal, slug: str, issuer: str, claims: dict[str, str]) -> Publisher:
    """Trust jobs of which the issuer says exactly this. Raises CompetitionNotFound, NotJoined, Refused."""
    competition = competition_of(session, slug)
    if participation_of(session, competition, who.account_id) is None:
        raise NotJoined
    if issuer not in settings().trusted_issuers:
        known = ", ".join(settings().trusted_issuers) or "none"
        raise Refused(f"This server trusts no issuer {issuer[:100]!r}; those it trusts: {known}.")
    unknown = sorted(set(claims) - {*NAMING, *FURTHER})
    if unknown or not set(claims) & set(NAMING):
        raise Refused(
            f"Name at least one of {', '.join(NAMING)}, and perhaps {', '.join(FURTHER)}"
            + (f"; not {', '.join(unknown)[:100]}." if unknown else ".")
        )
    if len(publishers(session, who)) >= MOST:
        raise Refused(f"An account has at most {MOST} publishers.")
    made = Publisher(
        ref=new_ref("pub"), account_id=who.account_id, competition_id=competition.id, issuer=issuer, claims=claims
    )
    session.add(made)
    session.flush()
    audit.record(session, who, "publisher.added", made.ref, competition=slug, after={"issuer": issuer, **claims})
    return made


def publishers(session: Session, who: Principal) -> list[Publisher]:
    """The account's publishers, oldest first."""
    return list(session.scalars(select(Publisher).where(Publisher.account_id == who.account_id).order_by(Publisher.id)))


def remove(session: Session, who: Principal, ref: str) -> None:
    """Trust it no more; tokens that were given end by themselves. Raises PublisherNotFound."""
    mine = (Publisher.ref == ref, Publisher.account_id == who.account_id)
    if session.scalar(delete(Publisher).where(*mine).returning(Publisher.id)) is None:
        raise PublisherNotFound(f"There is no publisher {ref!r} of yours.")
    audit.record(session, who, "publisher.removed", ref)


def exchange(session: Session, claims: dict[str, Any], slug: str | None) -> tuple[Token, str]:
    """A token for the job that these verified claims describe. Raises NotTrusted, IdentityInvalid where it was used."""
    rows = (
        select(Publisher)
        .join(Account, Account.id == Publisher.account_id)
        .join(Competition, Competition.id == Publisher.competition_id)
        .where(Publisher.issuer == claims["iss"], Account.active, Competition.deleted_at.is_(None))
    )
    if slug is not None:
        rows = rows.where(Competition.slug == slug)
    fitting = [one for one in session.scalars(rows) if all(claims.get(key) == want for key, want in one.claims.items())]
    if not fitting:
        raise NotTrusted("No account trusts this job.")
    if len(fitting) > 1:
        raise NotTrusted("More than one account or competition trusts this job: name the `competition`.")
    (trusted,) = fitting
    _use(session, claims)
    account = session.get_one(Account, trusted.account_id)
    who = Principal(account.id, account.username, account.role, accounts.scopes_of(account.role))
    where = session.get_one(Competition, trusted.competition_id).slug
    return accounts.create_token(session, who, f"CI: {trusted.ref}", ["read", "submit"], LIFE, where)


def _use(session: Session, claims: dict[str, Any]) -> None:
    """Note that the identity was used, so that a copy of it opens nothing."""
    moment = now(session)
    session.execute(delete(UsedIdentity).where(UsedIdentity.expires_at < moment - timedelta(hours=1)))
    digest = hashlib.sha256(f"{claims['iss']} {claims['jti']}".encode()).hexdigest()
    ends = datetime.fromtimestamp(float(claims["exp"]), UTC)
    once = insert(UsedIdentity).values(digest=digest, expires_at=max(ends, moment)).on_conflict_do_nothing()
    if session.scalar(once.returning(UsedIdentity.digest)) is None:
        raise IdentityInvalid("It was used before.")
