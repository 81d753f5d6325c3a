"""The way to the mail server: an EmailMessage, and one connection that knows whether a mail was surely not taken.

Decision: the standard library's smtplib, step by step instead of `sendmail`, because only the moment of DATA tells a
refusal (try again) from a loss (it may have arrived: never again). EmailMessage refuses line breaks in headers, so that
no title can add a header or a recipient.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from app.messages.links import page, unsubscribe_link
from app.messages.models import ACCOUNT, Mail
from app.settings import SMTP_PORTS, settings

SECONDS = 10.0
FOOT = (
    "\n\n-- \n"  # mail programs know the foot by this line, with its space
    "You get this as {username} of {site}\n"
    "No more mails of this kind: {link}\n"
    "All kinds: `palmares mail list` and `palmares mail set`.\n"
)
ACCOUNT_FOOT = "\n\n-- \nThis is about the account {username} of {site}\n"


class NotTaken(Exception):
    """The server surely did not take the mail; `final`: and never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Unreachable(Exception):
    """The server cannot be reached, or does not let us in."""


class LostBefore(Exception):
    """The connection was lost before DATA: the mail was surely not taken."""


class LostAfter(Exception):
    """The connection was lost after the content began to flow: the mail may have arrived."""


class _Unfolded(UnstructuredHeader):
    """A header that is never folded: the library would encode a long address beyond recognition."""

    def fold(self, *, policy: Any) -> str:
        """The header as one line."""
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> EmailPolicy:
    registry = HeaderRegistry()
    registry.map_to_type("list-unsubscribe", _Unfolded)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()


def address_of(mail: Mail) -> str:
    """Where the mail goes."""
    return mail.recipient or mail.account.email


def compose(mail: Mail) -> EmailMessage:
    """The mail as it goes out: plain text, one recipient. Raises ValueError where a header would not be one line."""
    sender = parseaddr(settings().mail_from)[1]
    message = EmailMessage(policy=POLICY.clone(utf8=not address_of(mail).isascii()))
    message["From"] = settings().mail_from
    message["To"] = address_of(mail)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.ref}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    foot = ACCOUNT_FOOT.format(username=mail.account.username, site=page("/"))
    if mail.kind != ACCOUNT:
        link = unsubscribe_link(mail.account, mail.kind)
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        foot = FOOT.format(username=mail.account.username, site=page("/"), link=link)
    message.set_content(f"Hello {mail.account.username},\n\n{mail.text}{foot}", cte="quoted-printable")
    return message


@contextmanager
def connection() -> Iterator[smtplib.SMTP]:
    """A connection to the mail server that is ready for mails. Raises Unreachable."""
    try:
        server = _opened()
    except OSError as error:  # every SMTPException is one
        raise Unreachable(said(error)) from error
    try:
        yield server
    finally:
        with suppress(OSError):
            server.quit()
        server.close()


def _opened() -> smtplib.SMTP:
    assert settings().smtp_url is not None  # noqa: S101  (mail is sent only where it is set)
    url = urlsplit(settings().smtp_url.get_secret_value())
    host, port = url.hostname or "", url.port or SMTP_PORTS[url.scheme]
    trusted = ssl.create_default_context()
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=trusted)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
    try:
        if url.scheme == "smtp+starttls":
            server.starttls(context=trusted)
        server.ehlo_or_helo_if_needed()
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def send(server: smtplib.SMTP, mail: Mail) -> None:
    """Hand one mail over. Raises NotTaken, LostBefore, LostAfter."""
    try:
        content = compose(mail).as_bytes()
    except ValueError as error:
        raise NotTaken(f"It cannot be written as a mail: {error}", final=True) from error
    try:
        _envelope(server, parseaddr(settings().mail_from)[1], address_of(mail))
    except OSError as error:
        raise LostBefore(said(error)) from error
    # From here on, only the server's own word says that it has not taken the mail.
    try:
        server.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        code, answer = server.getreply()
    except OSError as error:
        raise LostAfter(f"The connection was lost after DATA ({said(error)}); it may have arrived.") from error
    if code != 250:
        raise NotTaken(_words(code, answer), final=code >= 500)


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> None:
    """From MAIL to the word that the content may come. What the server says of the recipient may be final; what it says
    of the sender is a matter of the settings, and they can be mended."""
    try:
        code, answer = server.mail(sender, [] if recipient.isascii() else ["SMTPUTF8"])
    except smtplib.SMTPNotSupportedError as error:
        raise NotTaken(f"The mail server cannot take this address: {error}", final=True) from error
    _require(server, code == 250, code, answer)
    code, answer = server.rcpt(recipient)
    _require(server, code in (250, 251), code, answer, final=code >= 500)
    code, answer = server.docmd("DATA")
    _require(server, code == 354, code, answer)


def _require(server: smtplib.SMTP, fits: bool, code: int, answer: bytes, *, final: bool = False) -> None:
    if not fits:
        with suppress(OSError):
            server.rset()
        raise NotTaken(_words(code, answer), final=final)


def _words(code: int, answer: bytes | str) -> str:
    return f"{code} {answer.decode(errors='replace') if isinstance(answer, bytes) else answer}"


def said(error: Exception) -> str:
    """What went wrong, in a line, without what was sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _words(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
