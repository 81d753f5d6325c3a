"""Where the links in mails lead: a new password, a confirmed address. Opening a link alone does nothing, for mail
scanners follow every link; a button does it."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request, Response

from app import problems
from app.accounts.schemas import Forgotten, PasswordNew
from app.errors import Fault, Refused
from app.messages import account_routes
from app.settings import settings
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
Text = Annotated[str, Form(max_length=1000)]


@router.get("/reset")
def forgotten_form(request: Request) -> Response:
    """The form of a forgotten password."""
    return render(request, "me/forgotten.html", fault=None, sent=False, sends_mail=settings().sends_mail)


@router.post("/reset")
def forgotten(request: Request, tasks: BackgroundTasks, username: Text = "") -> Response:
    """Mail a link, if there is such an account; the page says the same in any case."""
    fault = None
    try:
        account_routes.forgotten(request, tasks, Forgotten(username=username[:254]))
    except Fault as caught:
        fault = caught
    status = problems.status_of(fault) if fault else 200
    return render(request, "me/forgotten.html", status, fault=fault, sent=not fault, sends_mail=settings().sends_mail)


@router.get("/reset/{token}")
def reset_form(request: Request, token: str) -> Response:
    """The form of a new password, by the mailed link."""
    return render(request, "me/reset.html", owner=account_routes.reset_owner(token), fault=None)


@router.post("/reset/{token}")
def reset(request: Request, token: str, password: Text = "") -> Response:
    """Set the new password."""
    owner = account_routes.reset_owner(token)
    try:
        if len(password) > 256:
            raise Refused("The password is longer than 256 characters.")
        account_routes.reset(token, PasswordNew(password=password))
    except Fault as fault:
        return render(request, "me/reset.html", problems.status_of(fault), owner=owner, fault=fault)
    return render(request, "me/reset_done.html", owner=owner)


@router.get("/verify/{token}")
def confirm_form(request: Request, token: str) -> Response:
    """The button that confirms an address."""
    owner, email = account_routes.address_to_confirm(token)
    return render(request, "me/verify.html", owner=owner, email=email, done=False)


@router.post("/verify/{token}")
def confirm(request: Request, token: str) -> Response:
    """Confirm the address."""
    me = account_routes.confirm(token)
    return render(request, "me/verify.html", owner=me.username, email=me.email, done=True)
