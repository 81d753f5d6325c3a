"""The sender: one round of mails over one connection, bounded in time, because it shares a worker with validation.

Each mail is claimed in a transaction of its own before the server is spoken to, and answered for in another one.
"""

import smtplib
import time

from app.db import Session
from app.log import log
from app.messages import outbox, smtp

ROUND_SECONDS = 5.0


def round_of_mail() -> None:
    """Send what is due, for some seconds at most."""
    with Session.begin() as session:
        outbox.settle(session)
        waiting = outbox.due(session)
    if not waiting:
        return
    end = time.monotonic() + ROUND_SECONDS
    try:
        with smtp.connection() as server:
            while time.monotonic() < end and send_next(server):
                pass
    except smtp.Unreachable as error:
        log.error("mail_server_unreachable", error=str(error))
        with Session.begin() as session:
            outbox.postpone(session, str(error))


def send_next(server: smtplib.SMTP) -> bool:
    """Claim one mail and send it; False where none is left, or the connection is of no more use."""
    with Session.begin() as session:
        mail = outbox.claim(session)
    if mail is None:
        return False
    answer, reason, usable = outbox.sent, "", True
    try:
        smtp.send(server, mail)
    except smtp.NotTaken as error:
        answer, reason = outbox.fail if error.final else outbox.retry, str(error)
    except smtp.LostBefore as error:
        answer, reason, usable = outbox.retry, str(error), False
    except smtp.LostAfter as error:
        answer, reason, usable = outbox.fail, str(error), False
    with Session.begin() as session:
        answer(session, mail, reason)
    if reason:
        log.warning("mail_not_sent", mail=mail.ref, error=reason, tries=mail.tries)
    return usable
