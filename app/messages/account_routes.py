"""HTTP doors of passwords and e-mail addresses: forgotten, changed, confirmed."""

from fastapi import APIRouter, BackgroundTasks, Request, status

from app import audit, rates
from app.accounts import service
from app.accounts.guards import Reader, cookie_name
from app.accounts.models import Account
from app.accounts.routes import address, me_out
from app.accounts.schemas import AddressChange, Forgotten, Me, PasswordChange, PasswordNew
from app.accounts.service import Principal
from app.db import Session
from app.errors import Denied
from app.messages import account_links
from app.messages.errors import MailOff
from app.settings import settings

router = APIRouter(tags=["accounts"])


@router.post("/auth/password-reset", status_code=status.HTTP_202_ACCEPTED)
def forgotten(request: Request, tasks: BackgroundTasks, given: Forgotten) -> None:
    """Mail a link for a new password; the answer is the same where there is no such account."""
    if not settings().sends_mail:
        raise MailOff
    name = given.username.strip().lower()
    rates.check(settings().reset_rate, "reset", name)
    rates.check(settings().signup_rate, "reset-from", address(request))
    tasks.add_task(_mail_reset, name)


def _mail_reset(name: str) -> None:
    with Session.begin() as session:
        account_links.forgotten(session, name)


@router.post("/auth/password-reset/{token}", status_code=status.HTTP_204_NO_CONTENT)
def reset(token: str, given: PasswordNew) -> None:
    """Set a new password by the mailed link, once; all browser sessions end."""
    with Session.begin() as session:
        account_links.reset(session, token, given.password)


@router.post("/me/password", status_code=status.HTTP_204_NO_CONTENT)
def change_password(request: Request, who: Reader, given: PasswordChange) -> None:
    """Change the password, by a browser session; all others of your browser sessions end."""
    _by_session(who)
    rates.check(settings().login_rate, "login", who.username, address(request))
    with Session.begin() as session:
        account = service.confirm_password(session, who.account_id, given.current)
        service.set_password(session, account, given.new, request.cookies.get(cookie_name(request), ""))
        account_links.tell_password(session, account)
        audit.record(session, who, "account.password_changed", who.username)


@router.post("/me/email")
def change_email(request: Request, who: Reader, given: AddressChange) -> Me:
    """Change the e-mail address, by a browser session; where this server mails, when the new one is confirmed."""
    _by_session(who)
    rates.check(settings().login_rate, "login", who.username, address(request))
    rates.check(settings().reset_rate, "verify", who.username)
    with Session.begin() as session:
        account = service.confirm_password(session, who.account_id, given.password)
        account_links.change_address(session, account, given.email)
        audit.record(session, who, "account.address_asked", who.username)
        return me_out(account)


@router.post("/me/email/verification", status_code=status.HTTP_202_ACCEPTED)
def ask_again(who: Reader) -> None:
    """Mail the link that confirms the account's address once more."""
    rates.check(settings().reset_rate, "verify", who.username)
    with Session.begin() as session:
        account = session.get_one(Account, who.account_id)
        account_links.ask_to_confirm(session, account, account.email)


@router.post("/auth/email/{token}")
def confirm(token: str) -> Me:
    """Confirm an e-mail address by the mailed link."""
    with Session.begin() as session:
        return me_out(account_links.confirm_address(session, token))


def reset_owner(token: str) -> str:
    """The user name of a link for a new password. Raises LinkInvalid."""
    with Session.begin() as session:
        return account_links.opened(session, token, "password")[0].username


def address_to_confirm(token: str) -> tuple[str, str]:
    """The user name and the address of a link that confirms. Raises LinkInvalid."""
    with Session.begin() as session:
        account, email = account_links.opened(session, token, "address")
        return account.username, email


def _by_session(who: Principal) -> None:
    if who.token_ref is not None:
        raise Denied("A token may not change the password or the e-mail address; sign in with a browser.")
