"""The Celery worker application: `celery -A workers.main worker -Q validate|score [--device auto|cpu|cuda]`.

Decision: the model is loaded in the pool's child (never in the parent: CUDA does not survive a fork), before its first
task, and only by workers of the queue `score`. A worker says that it lives by a row in PostgreSQL every few seconds.
The child writes into that row whether it may score (`workers.engine.condition`); where it is drained, the parent reads
so with its next heartbeat and leaves the queue. A drained worker stays so until it is started again.
"""

import os
import socket
import threading
from typing import Any

import click
from celery import bootsteps
from celery.signals import celeryd_after_setup, setup_logging, worker_process_init, worker_ready
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.broker import celery
from app.db import Session, engine, now
from app.submissions.models import Heartbeat

app = celery()
app.conf.imports = ("workers.tasks",)
app.user_options["worker"].add(
    click.Option(("--device",), type=click.Choice(["auto", "cpu", "cuda"]), help="Where the model runs.")
)
HEARTBEAT_SECONDS = 5.0
NAME = "PALMARES_WORKER_NAME"


class Device(bootsteps.Step):
    """Hands `--device` to the pool's children, which inherit the environment."""

    def __init__(self, parent: Any, device: str | None = None, **options: Any) -> None:
        if device:
            os.environ["PALMARES_DEVICE"] = device
        super().__init__(parent, **options)


app.steps["worker"].add(Device)


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    """Our formatter instead of Celery's."""
    log.configure()


@celeryd_after_setup.connect
def remember_name(sender: str, **_: Any) -> None:
    """The parent's name, for the children, which inherit the environment."""
    os.environ[NAME] = sender


@worker_process_init.connect
def start_child(**_: Any) -> None:
    """A fresh child: own database connections; with the queue `score`, the model loaded and tried before any task."""
    engine().dispose(close=False)
    if "score" in app.amqp.queues.consume_from:
        from workers.engine import condition

        found = condition()
        try:
            beat(f"{os.environ[NAME]}/score", "score", state=found.state, model=found.model, detail=found.detail[:500])
        except SQLAlchemyError as error:
            log.log.warning("heartbeat_failed", error=type(error).__name__)


def beat(worker: str, queue: str, **told: str) -> str:
    """Write that this worker lives, once, and what else is told of it; returns its state."""
    with Session.begin() as session:
        fresh = {"seen_at": now(session), "device": os.environ.get("PALMARES_DEVICE", "auto"), **told}
        row = insert(Heartbeat).values(worker=worker, queue=queue, **fresh)
        written = row.on_conflict_do_update(index_elements=[Heartbeat.worker], set_=fresh).returning(Heartbeat.state)
        return str(session.scalar(written))


def leave(consumer: Any, queue: str) -> None:
    """Take no more messages of this queue; they are for healthy workers."""
    if queue in app.amqp.queues.consume_from:
        log.log.error("queue_left", queue=queue)
        consumer.call_soon(consumer.cancel_task_queue, queue)


@worker_ready.connect
def start_heartbeat(sender: Any, **_: Any) -> None:
    """One thread in the parent tells every few seconds that the worker lives."""
    queues = list(app.amqp.queues.consume_from)
    name = getattr(sender, "hostname", None) or socket.gethostname()

    def run() -> None:
        pause = threading.Event()
        while True:
            for queue in queues:
                try:
                    if beat(f"{name}/{queue}", queue) == "drained":
                        leave(sender, queue)
                except SQLAlchemyError as error:
                    log.log.warning("heartbeat_failed", error=type(error).__name__)
            pause.wait(HEARTBEAT_SECONDS)

    threading.Thread(target=run, name="heartbeat", daemon=True).start()
