"""Who asks: `Authorization: Token …` as CodaBench's clients write it (or `Bearer …`), else the session cookie."""

from typing import Annotated

from fastapi import Depends, Request

from app import rates
from app.accounts import service
from app.accounts.errors import ScopeMissing, TokenElsewhere, TokenInvalid
from app.accounts.guards import cookie_name
from app.accounts.service import Principal
from app.competitions.models import Competition
from app.db import Session
from app.errors import Unauthenticated
from app.settings import settings

SCHEMES = ("token", "bearer")


def visitor(request: Request) -> Principal | None:
    """Who asks, None for a stranger. Raises TokenInvalid, RateLimited."""
    header = request.headers.get("authorization")
    with Session.begin() as session:
        if header is not None:
            scheme, _, secret = header.partition(" ")
            known = scheme.lower() in SCHEMES
            found = service.principal_of_token(session, secret.strip()) if known else None
            if found is None:
                raise TokenInvalid
        else:
            found = service.principal_of_session(session, request.cookies.get(cookie_name(request), ""))
    if found is not None:
        rates.spend(request, "account", settings().account_rate, str(found.account_id))
    return found


Asker = Annotated[Principal | None, Depends(visitor)]


def known(who: Asker) -> Principal:
    """Lets through who is signed in and may read. Raises Unauthenticated, ScopeMissing."""
    if who is None:
        raise Unauthenticated
    return require(who, "read")


def require(who: Principal, scope: str) -> Principal:
    """The asker, where the request carries the scope. Raises ScopeMissing."""
    if not who.may(scope):
        raise ScopeMissing(f"This needs the scope `{scope}`.", needed=scope)
    return who


def submitter(who: Asker) -> Principal:
    """Lets through who may submit. Raises Unauthenticated, ScopeMissing."""
    return require(known(who), "submit")


def organizer(who: Asker) -> Principal:
    """Lets through who may act as an organizer; of what is said by the competition's rows. Raises as `submitter`."""
    return require(known(who), "organize")


Known = Annotated[Principal, Depends(known)]
Submitter = Annotated[Principal, Depends(submitter)]
Organizer = Annotated[Principal, Depends(organizer)]


def stay(who: Principal | None, competition: Competition) -> None:
    """Keep a token for one competition out of all others. Raises TokenElsewhere."""
    if who is not None and who.competition not in (None, competition.slug):
        raise TokenElsewhere(f"It acts in {who.competition!r} only.")
