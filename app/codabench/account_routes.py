"""Doors of accounts: a token for a password, the form that scripts sign in by, and who one is."""

import secrets
from datetime import timedelta
from typing import Any

import anyio
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select

from app import rates
from app.accounts import routes as accounts
from app.accounts import service
from app.accounts.models import Account
from app.accounts.schemas import LogIn
from app.accounts.service import Principal
from app.codabench.door import LARGEST_BODY, Door, sent, text
from app.codabench.guards import Known
from app.db import Session
from app.errors import Fault
from app.settings import settings
from app.web.addresses import to
from app.web.rendering import render

router = APIRouter(
    route_class=Door, include_in_schema=False, dependencies=[Depends(rates.by_address)], max_body_size=LARGEST_BODY
)
NAME = "CodaBench client"
KEPT = 50
"""So many tokens made by a password live at a time; the oldest give way, because clients ask for one in each run."""
SCOPES = frozenset({"read", "submit", "organize"})


@router.post("/api/api-token-auth/")
async def token(request: Request) -> dict[str, str]:
    """A token for a user name (or e-mail address) and a password."""
    values = await sent(request)
    name, password = text(values, "username", 254, needed=True), text(values, "password", 256, needed=True)
    return {"token": await anyio.to_thread.run_sync(_token, request, name, password)}


def _token(request: Request, name: str, password: str) -> str:
    with Session.begin() as session:
        account = accounts.known_by_password(request, session, name, password)
        who = Principal(account.id, account.username, account.role, SCOPES)
        made = [one for one in service.tokens(session, who) if one.name == NAME]
        for old in made[KEPT - 1 :]:
            service.revoke_token(session, who, old.ref)
        return service.create_token(session, who, NAME, sorted(SCOPES), timedelta(days=settings().token_days))[1]


@router.get("/accounts/login/")
def login_form(request: Request) -> Response:
    """The form of signing in, with the cookie that scripts look for; what keeps other sites out is the origin gate."""
    answer = render(request, "login.html", fault=None, next="/", username="")
    secure = request.url.scheme == "https"
    answer.set_cookie("csrftoken", secrets.token_urlsafe(32), secure=secure, httponly=True, samesite="lax")
    return answer


@router.post("/accounts/login/")
async def login(request: Request) -> Response:
    """Sign in, as scripts do that act like a browser."""
    values = await sent(request)
    name, password = text(values, "username", 254), text(values, "password", 256)
    try:
        given = LogIn(username=name, password=password)
        _, secret = await anyio.to_thread.run_sync(accounts.log_in, request, given)
    except Fault as fault:
        return render(request, "login.html", fault=fault, next="/", username=name)
    answer = to("/")
    accounts.set_session_cookie(request, answer, secret)
    return answer


@router.get("/api/my_profile/")
def profile(who: Known) -> dict[str, Any]:
    """Who the token or session stands for."""
    with Session.begin() as session:
        email = session.scalar(select(Account.email).where(Account.id == who.account_id))
    return {"id": who.account_id, "username": who.username, "name": who.username, "email": email, "github_info": None}
