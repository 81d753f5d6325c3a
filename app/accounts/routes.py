"""HTTP doors of accounts: sign-up, log-in, tokens."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response, status
from sqlalchemy.orm import Session as OrmSession

from app import rates
from app.accounts import service, traces
from app.accounts.guards import Reader, cookie_name
from app.accounts.models import Account, Token
from app.accounts.schemas import LogIn, Me, SignUp, Taking, TokenIn, TokenList, TokenMade, TokenOut
from app.db import Session
from app.settings import settings

router = APIRouter(tags=["accounts"])


def token_out(token: Token) -> TokenOut:
    """A token's public face."""
    return TokenOut(
        id=token.ref,
        name=token.name,
        scopes=token.scopes,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        competition=token.competition,
    )


def me_out(account: Account, token: Token | None = None) -> Me:
    """An account as its owner sees it."""
    return Me(
        username=account.username,
        email=account.email,
        email_verified=account.email_verified_at is not None,
        role=account.role,
        created_at=account.created_at,
        token=token_out(token) if token else None,
    )


def address(request: Request) -> str:
    """The peer's address, for rates (behind a proxy: uvicorn's --forwarded-allow-ips decides whom to believe)."""
    return request.client.host if request.client else "unknown"


def set_session_cookie(request: Request, response: Response, secret: str) -> None:
    """Give the browser its session: HttpOnly, Lax, Secure over HTTPS, ends when the server's row ends."""
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=settings().session_days * 86400,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def sign_up(request: Request, given: SignUp) -> tuple[Account, str]:
    """Make an account and sign it in; returns it with its session's secret. Raises what the service raises."""
    rates.check(settings().signup_rate, "signup", address(request))
    with Session.begin() as session:
        account = service.sign_up(session, given.username, given.email, given.password)
        traces.keep(session, account.id, address(request))
        request.app.state.welcome(session, account)
        return account, service.open_session(session, account, request.headers.get("user-agent", ""))


def known_by_password(request: Request, session: OrmSession, name: str, password: str) -> Account:
    """The account of these credentials; only failures use up the rate. Raises WrongCredentials, RateLimited."""
    key = ("login", name.strip().lower(), address(request))
    rates.check(settings().login_rate, *key)
    account = service.authenticate(session, name, password)
    rates.forget(settings().login_rate, *key)
    return account


def log_in(request: Request, given: LogIn) -> tuple[Account, str]:
    """Check the credentials and open a session. Raises WrongCredentials, RateLimited."""
    with Session.begin() as session:
        account = known_by_password(request, session, given.username, given.password)
        traces.keep(session, account.id, address(request))
        return account, service.open_session(session, account, request.headers.get("user-agent", ""))


def log_out(request: Request, response: Response) -> None:
    """End the browser's session on the server and in the browser."""
    secret = request.cookies.get(cookie_name(request), "")
    with Session.begin() as session:
        service.close_session(session, secret)
    response.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True)


@router.post("/auth/signup", status_code=status.HTTP_201_CREATED)
def post_signup(request: Request, response: Response, given: SignUp) -> Me:
    """Make an account and sign in (session cookie)."""
    account, secret = sign_up(request, given)
    set_session_cookie(request, response, secret)
    return me_out(account)


@router.post("/auth/login")
def post_login(request: Request, response: Response, given: LogIn) -> Me:
    """Sign in (session cookie)."""
    account, secret = log_in(request, given)
    set_session_cookie(request, response, secret)
    return me_out(account)


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT)
def post_logout(request: Request, response: Response) -> None:
    """Sign out: the session ends on the server."""
    log_out(request, response)


@router.get("/me")
def get_me(request: Request, who: Reader) -> Me:
    """The account behind this request, and where it takes part."""
    with Session.begin() as session:
        account = session.get_one(Account, who.account_id)
        token = session.get(Token, who.token_ref) if who.token_ref else None
        me = me_out(account, token)
        # From the room above: `create_app` hands it in.
        me.participations = [Taking(**row) for row in request.app.state.participations(session, account.id)]
        return me


@router.post("/me/tokens", status_code=status.HTTP_201_CREATED)
def post_token(who: Reader, given: TokenIn) -> TokenMade:
    """Make a token; the answer is the only place where its secret is ever shown."""
    life = timedelta(days=given.expires_in_days or settings().token_days)
    with Session.begin() as session:
        token, secret = service.create_token(session, who, given.name, list(given.scopes), life, given.competition)
        return TokenMade(**token_out(token).model_dump(), token=secret)


@router.get("/me/tokens")
def get_tokens(who: Reader) -> TokenList:
    """The account's tokens."""
    with Session.begin() as session:
        return TokenList(items=[token_out(token) for token in service.tokens(session, who)])


@router.delete("/me/tokens/{ref}", status_code=status.HTTP_204_NO_CONTENT)
def delete_token(who: Reader, ref: str) -> None:
    """Revoke a token."""
    with Session.begin() as session:
        service.revoke_token(session, who, ref)
