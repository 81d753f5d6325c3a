"""The sender of webhooks: rounds in a thread of their own, so that no receiver holds up what the worker is for.

Decision: the task only starts a round where none runs in this process. A receiver may take ten seconds to say nothing,
and validation must not wait for it; what a worker that ends leaves unsaid is sent again by the next one.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from app.db import Session
from app.log import log
from app.webhooks import outbox
from app.webhooks.fan_out import BATCH, fan_out
from app.webhooks.sending import send

SENDERS = 8
_running = threading.Lock()


def start_round() -> None:
    """Begin a round in the background, unless one runs in this process or nothing is due."""
    with Session.begin() as session:
        waiting = outbox.due(session)
    if waiting and _running.acquire(blocking=False):
        threading.Thread(target=_in_background, name="webhooks", daemon=True).start()


def _in_background() -> None:
    try:
        round_of_webhooks()
    except SQLAlchemyError as error:
        log.warning("webhooks_stopped", error=type(error).__name__)
    finally:
        _running.release()


def round_of_webhooks() -> None:
    """Send what is due; several senders, each with another receiver."""
    with Session.begin() as session:
        outbox.forget(session)
    told = BATCH
    while told == BATCH:
        with Session.begin() as session:
            told = fan_out(session)
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="webhook") as senders:
        for done in [senders.submit(_sender) for _ in range(SENDERS)]:
            done.result()


def _sender() -> None:
    while send_next():
        pass


def send_next() -> bool:
    """Claim one message and send it; False where none is left."""
    with Session.begin() as session:
        claimed = outbox.claim(session)
    if claimed is None:
        return False
    outcome = send(claimed.message, claimed.moment)
    with Session.begin() as session:
        outbox.settle(session, claimed, outcome)
    if not outcome.delivered:
        log.warning("webhook_not_delivered", message=claimed.message.ref, status=outcome.status, error=outcome.error)
    return True
