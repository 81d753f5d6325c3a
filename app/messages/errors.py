"""Faults of mail."""

from app.errors import Conflict, NotFound


class MailOff(Conflict):
    """This server has no mail server set, so nothing can be mailed."""

    code = "mail_off"
    title = "This server sends no mail"
    fix = "Post it without mail, or ask the operator to set PALMARES_SMTP_URL."


class UnsubscribeInvalid(NotFound):
    """The link's signature does not fit: it was cut, changed, or made before the server's secret was."""

    code = "unsubscribe_invalid"
    title = "This link is not valid"
    fix = "Use the whole link of a newer mail, or sign in and set what you want: `palmares mail set`."
