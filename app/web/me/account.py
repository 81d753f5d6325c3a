"""The account's pages: profile, password, address, mails, tokens, what is kept, and the end of it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from app import problems
from app.accounts import routes as accounts
from app.accounts.guards import Reader, Submitter, cookie_name
from app.accounts.schemas import AddressChange, PasswordChange, TokenIn, TokenMade
from app.accounts.service import Principal
from app.errors import Fault, Refused
from app.messages import account_routes
from app.messages import routes as mail
from app.messages.models import DEFAULTS
from app.messages.schemas import Preferences
from app.settings import settings
from app.submissions import personal_routes, team_routes
from app.web.addresses import to
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
Text = Annotated[str, Form(max_length=1000)]
SCOPE_ORDER = ("read", "submit", "organize", "admin")
DONE = frozenset({"password", "email", "asked", "mails", "revoked"})


def account_page(
    request: Request,
    who: Principal,
    fault: Fault | None = None,
    *,
    about: str = "",
    made: TokenMade | None = None,
    done: str = "",
) -> Response:
    """The account's page; `fault` stands in the part that it is `about`."""
    return render(
        request,
        "me/account.html",
        problems.status_of(fault) if fault else 200,
        me=accounts.get_me(request, who),
        tokens=accounts.get_tokens(who).items,
        preferences=mail.get_preferences(who).model_dump(),
        invitations=team_routes.invitations(who),
        scopes=[scope for scope in SCOPE_ORDER if scope in who.scopes],
        days=settings().token_days,
        sends_mail=settings().sends_mail,
        made=made,
        fault=fault,
        about=about,
        done=done if done in DONE else "",
    )


@router.get("/me")
def account(request: Request, who: Reader, done: str = "") -> Response:
    """The account: address, password, mails, tokens, and what else is one's own."""
    return account_page(request, who, done=done)


@router.post("/me/password")
def password(request: Request, who: Submitter, current: Text = "", new: Text = "") -> Response:
    """Change the password."""
    try:
        account_routes.change_password(request, who, PasswordChange(current=current[:256], new=_short(new)))
    except Fault as fault:
        return account_page(request, who, fault, about="password")
    return to("/me?done=password#password")


@router.post("/me/email")
def email(request: Request, who: Submitter, email: Text = "", password: Text = "") -> Response:
    """Change the e-mail address."""
    try:
        account_routes.change_email(request, who, AddressChange(email=email[:254], password=password[:256]))
    except Fault as fault:
        return account_page(request, who, fault, about="email")
    return to(f"/me?done={'asked' if settings().sends_mail else 'email'}#email")


@router.post("/me/email/verification")
def ask_again(request: Request, who: Submitter) -> Response:
    """Mail the link that confirms the address once more."""
    try:
        account_routes.ask_again(who)
    except Fault as fault:
        return account_page(request, who, fault, about="email")
    return to("/me?done=asked#email")


@router.post("/me/mails")
def mails(request: Request, who: Submitter, kinds: Annotated[list[str] | None, Form(max_length=20)] = None) -> Response:
    """Choose which mails to get."""
    mail.put_preferences(who, Preferences(**{kind: kind in (kinds or []) for kind in DEFAULTS}))
    return to("/me?done=mails#mails")


@router.post("/me/tokens")
def make_token(
    request: Request,
    who: Submitter,
    name: Text = "",
    days: Text = "",
    scopes: Annotated[list[str] | None, Form(max_length=10)] = None,
    competition: Text = "",
) -> Response:
    """Make a token; this answer is the only place where its secret is shown."""
    try:
        made = accounts.post_token(who, _token(name.strip(), scopes or [], days, competition))
    except Fault as fault:
        return account_page(request, who, fault, about="tokens")
    answer = account_page(request, who, made=made)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _token(name: str, scopes: list[str], days: str, competition: str) -> TokenIn:
    given = {"name": name, "scopes": scopes, "expires_in_days": days or None, "competition": competition or None}
    try:
        return TokenIn.model_validate(given)
    except ValidationError:
        raise Refused("A token needs a name of at most 80 characters, one scope or more, and 1 to 365 days.") from None


@router.post("/me/tokens/{ref}/revoke")
def revoke(request: Request, who: Submitter, ref: str) -> Response:
    """Revoke a token."""
    try:
        accounts.delete_token(who, ref)
    except Fault as fault:
        return account_page(request, who, fault, about="tokens")
    return to("/me?done=revoked#tokens")


@router.post("/me/delete")
def delete(request: Request, who: Submitter, password: Text = "", username: Text = "") -> Response:
    """Delete the account, where the password and the user name are given."""
    try:
        if username.strip().lower() != who.username:
            raise Refused("Write your user name, so that nobody does this by mistake.")
        personal_routes.delete_me(request, who, personal_routes.Goodbye(password=password[:256]))
    except Fault as fault:
        return account_page(request, who, fault, about="delete")
    response = to("/goodbye")
    response.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True)
    return response


@router.get("/goodbye")
def goodbye(request: Request) -> Response:
    """What stays of a deleted account."""
    return render(request, "me/goodbye.html")


def _short(text: str) -> str:
    if len(text) > 256:
        raise Refused("The password is longer than 256 characters.")
    return text
