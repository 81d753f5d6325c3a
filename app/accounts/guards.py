"""From a request to a Principal: a token in `Authorization`, else the session cookie; never both.

Decision: guards are plain dependencies that read headers only, so that who may submit is decided before a body is read.
Requests that carry `Authorization` never look at cookies, which is why the cross-site check can skip them.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from app import rates
from app.accounts import service
from app.accounts.errors import ScopeMissing, TokenElsewhere, TokenInvalid
from app.accounts.service import Principal
from app.db import Session
from app.errors import Denied, Unauthenticated
from app.settings import settings


def cookie_name(request: Request) -> str:
    """`__Host-` pins the cookie to this very host; browsers allow the prefix over HTTPS only."""
    return "__Host-palmares" if request.url.scheme == "https" else "palmares"


def visitor(request: Request) -> Principal | None:
    """Who asks, None for an anonymous visitor. Raises TokenInvalid for a token that is none, RateLimited."""
    found = _known(request)
    if found is not None:
        rates.spend(request, "account", settings().account_rate, str(found.account_id))
    return found


# Where a token for one competition may go beside that competition's own addresses.
ANYWHERE = re.compile(r"/api/v1/(me|problems|submissions/[^/]+(/.*)?|uploads(/.*)?)")
HERE = re.compile(r"/api/v1/competitions/([^/]+)(/.*)?")


def _stay(request: Request, who: Principal) -> None:
    """Keep a token for one competition out of all others. Raises TokenElsewhere.

    This is about addresses; whose submission a ref names is looked at where it is read.
    """
    path = request.url.path
    if who.competition is None or ANYWHERE.fullmatch(path):
        return
    here = HERE.fullmatch(path)
    if here is None or here[1] != who.competition:
        raise TokenElsewhere(f"It acts in {who.competition!r} only.")


def _known(request: Request) -> Principal | None:
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise TokenInvalid("Only `Authorization: Bearer plm_…` is understood.")
        with Session.begin() as session:
            found = service.principal_of_token(session, secret.strip())
        if found is None:
            raise TokenInvalid
        _stay(request, found)
        return found
    secret = request.cookies.get(cookie_name(request), "")
    if not secret:
        return None
    with Session.begin() as session:
        return service.principal_of_session(session, secret)


Visitor = Annotated[Principal | None, Depends(visitor)]
# They let everything pass and stand here for the OpenAPI document: what a guarded route asks for.
_bearer = HTTPBearer(scheme_name="token", description="An API token, `plm_…`.", auto_error=False)
_cookie = APIKeyCookie(name="palmares", scheme_name="session", description="A browser's session.", auto_error=False)
Token = Annotated[Any, Security(_bearer)]
BrowserSession = Annotated[Any, Security(_cookie)]


def needs(scope: str) -> Callable[..., Principal]:
    """A dependency that lets through who is signed in and carries the scope. Raises Unauthenticated, ScopeMissing."""

    def guard(who: Visitor, _token: Token, _session: BrowserSession) -> Principal:
        if who is None:
            raise Unauthenticated
        if not who.may(scope):
            raise ScopeMissing(f"This needs the scope `{scope}`.", needed=scope)
        return who

    return guard


Reader = Annotated[Principal, Depends(needs("read"))]
Submitter = Annotated[Principal, Depends(needs("submit"))]
Organizer = Annotated[Principal, Depends(needs("organize"))]
Admin = Annotated[Principal, Depends(needs("admin"))]


def creator(who: Organizer) -> Principal:
    """Lets through who may make competitions: the role, not only the scope. Raises Denied."""
    if who.role not in ("organizer", "admin"):
        raise Denied("Only accounts with the role organizer may apply bundles.")
    return who


Creator = Annotated[Principal, Depends(creator)]
