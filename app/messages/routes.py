"""HTTP doors of mail: what an account wants, and the end of a kind of mail by its signed link."""

from fastapi import APIRouter

from app.accounts.guards import Reader, Submitter
from app.db import Session
from app.messages import links, service
from app.messages.models import DEFAULTS
from app.messages.schemas import Preferences

router = APIRouter(tags=["mail"])


@router.get("/me/mail-preferences")
def get_preferences(who: Reader) -> Preferences:
    """Which kinds of mail the account wants."""
    with Session.begin() as session:
        return Preferences(**service.preferences(session, who.account_id))


@router.put("/me/mail-preferences")
def put_preferences(who: Submitter, given: Preferences) -> Preferences:
    """Set which kinds of mail the account wants; what waits and is not wanted any more is dropped."""
    with Session.begin() as session:
        service.choose(session, who.account_id, given.model_dump(exclude_unset=True))
        return Preferences(**service.preferences(session, who.account_id))


def subscription(token: str) -> tuple[str, str]:
    """The user name and the kind of mail of a signed link. Raises UnsubscribeInvalid."""
    with Session.begin() as session:
        account, kind = links.reader_of(session, token)
        return account.username, kind


def unsubscribe(token: str, *, everything: bool) -> None:
    """End the link's kind of mail, or every kind. Raises UnsubscribeInvalid."""
    with Session.begin() as session:
        account, kind = links.reader_of(session, token)
        service.stop(session, account.id, list(DEFAULTS) if everything else [kind])
