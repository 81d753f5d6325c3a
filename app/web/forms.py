"""What pages send: sign up, log in, log out, join, unsubscribe. Each ends in a redirect (the last in a
page), or in its form again with what is wrong (status kept, values kept, passwords never).

Decision: the forms call the functions of the API's doors, so that a page can never do what the API would refuse.
Cross-site requests are stopped by the OriginGate, before any of this.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ValidationError

from app import problems
from app.accounts import routes as accounts
from app.accounts.guards import Submitter, Visitor
from app.accounts.models import Account
from app.accounts.schemas import LogIn, SignUp
from app.competitions import people_routes as competitions
from app.competitions.schemas import Join
from app.errors import Fault, Refused
from app.messages import routes as mail
from app.web.addresses import local, to
from app.web.language import COOKIE, LANGUAGES
from app.web.rendering import THEMES, Page, render
from app.web.views import competition_page

router = APIRouter(include_in_schema=False, route_class=Page)
Given = TypeVar("Given", bound=BaseModel)
Text = Annotated[str, Form(max_length=1000)]
RULES = {
    "username": "The user name has 3 to 32 letters, digits, hyphens or underscores, and begins and ends with a letter "
    "or digit.",
    "email": "The e-mail address is too long.",
    "password": "The password is longer than 256 characters.",
}


def checked(schema: type[Given], **values: str) -> Given:
    """A form's values as the API's schema. Raises Refused with a sentence per field; values are never repeated."""
    try:
        return schema(**values)
    except ValidationError as error:
        fields = [str(one["loc"][0]) for one in error.errors() if one["loc"]]
        sentences = " ".join(RULES[name] for name in dict.fromkeys(fields) if name in RULES)
        raise Refused(sentences) from None


def _enter(
    request: Request, name: str, values: dict[str, str], goal: str, attempt: Callable[[], tuple[Account, str]]
) -> Response:
    try:
        _, secret = attempt()
    except Fault as fault:
        return render(request, name, problems.status_of(fault), fault=fault, next=goal, **values)
    response = to(goal)
    accounts.set_session_cookie(request, response, secret)
    return response


@router.get("/signup")
def signup_form(request: Request, who: Visitor, next: str = "/") -> Response:  # noqa: A002  (the query's name)
    """The form of a new account."""
    goal = local(next)
    return to(goal) if who else render(request, "signup.html", fault=None, next=goal, username="", email="")


@router.post("/signup")
def signup(
    request: Request,
    username: Text = "",
    email: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002  (the form's name)
) -> Response:
    """Make an account and sign in."""

    def attempt() -> tuple[Account, str]:
        return accounts.sign_up(request, checked(SignUp, username=username, email=email, password=password))

    return _enter(request, "signup.html", {"username": username, "email": email}, local(next), attempt)


@router.get("/login")
def login_form(request: Request, who: Visitor, next: str = "/") -> Response:  # noqa: A002  (the query's name)
    """The form of signing in."""
    goal = local(next)
    return to(goal) if who else render(request, "login.html", fault=None, next=goal, username="")


@router.post("/login")
def login(
    request: Request,
    username: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002  (the form's name)
) -> Response:
    """Sign in."""

    def attempt() -> tuple[Account, str]:
        return accounts.log_in(request, checked(LogIn, username=username, password=password))

    return _enter(request, "login.html", {"username": username}, local(next), attempt)


@router.post("/logout")
def logout(request: Request) -> Response:
    """Sign out, on the server too."""
    response = to("/")
    accounts.log_out(request, response)
    return response


@router.post("/language")
def speak(request: Request, lang: Text = "", next: Text = "/") -> Response:  # noqa: A002  (the form's name)
    """Show pages in this language from now on; one that we do not speak leaves it to the browser."""
    response = to(local(next))
    if lang in LANGUAGES:
        response.set_cookie(COOKIE, lang, max_age=365 * 86400, secure=request.url.scheme == "https", samesite="lax")
    else:
        response.delete_cookie(COOKIE)
    return response


@router.post("/theme")
def dress(request: Request, theme: Text = "", next: Text = "/") -> Response:  # noqa: A002  (the form's name)
    """Show pages in light or dark from now on; anything else leaves it to the device."""
    response = to(local(next))
    if theme in THEMES[1:]:
        response.set_cookie("theme", theme, max_age=365 * 86400, secure=request.url.scheme == "https", samesite="lax")
    else:
        response.delete_cookie("theme")
    return response


@router.post("/competitions/{slug}/join")
def join(request: Request, who: Submitter, slug: str, accept_terms: Text = "", phase: Text = "") -> Response:
    """Join a competition."""
    try:
        competitions.join(who, slug, Join(accept_terms=bool(accept_terms)))
    except Fault as fault:
        return competition_page(request, who, slug, phase or None, fault)
    return to(f"/competitions/{slug}?phase={phase}" if phase else f"/competitions/{slug}")


@router.post("/unsubscribe/{token}")
def unsubscribe(request: Request, token: str, scope: Text = "") -> Response:
    """End a kind of mail, or all: by the page's button, or by a mail program's one click (RFC 8058)."""
    username, kind = mail.subscription(token)
    everything = scope == "all"
    mail.unsubscribe(token, everything=everything)
    return render(request, "unsubscribe.html", username=username, kind=kind, done="all" if everything else kind)
