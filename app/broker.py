"""The doorbell: Celery's client side. A message carries an evaluation's id and nothing else.

Decision: PostgreSQL is the queue, Redis only rings (Celery on Redis alone loses and doubles work). So publishing is
best-effort, short, after commit, and a failure is not the participant's: the sweeper rings again.
"""

from functools import lru_cache

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.log import log
from app.settings import settings

VALIDATE = "palmares.validate"
SCORE = "palmares.score"
SWEEP = "palmares.sweep"
MAIL = "palmares.mail"
HOOKS = "palmares.webhooks"
QUEUE_OF = {VALIDATE: "validate", SCORE: "score", SWEEP: "validate", MAIL: "validate", HOOKS: "validate"}


@lru_cache
def celery() -> Celery:
    """The Celery application, with each trap's setting and its reason (see docs/operators.md)."""
    app = Celery("palmares", broker=settings().celery_broker_url)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],  # pickle would run code for anyone who can write to Redis
        task_ignore_result=True,  # results are rows
        task_routes={name: {"queue": queue} for name, queue in QUEUE_OF.items()},
        task_default_queue="validate",
        task_acks_late=True,
        task_reject_on_worker_lost=False,  # a dead child comes back by lease and attempt number, never in a hot loop
        task_time_limit=settings().task_seconds,
        task_soft_time_limit=max(1, int(settings().task_seconds * 0.9)),
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=120,  # loading a model takes longer than the default 4 s: it would be killed for ever
        worker_max_tasks_per_child=1000,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_soft_shutdown_timeout=20,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": 3600,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "health_check_interval": 25,
        },
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
        beat_schedule={
            "sweep": {"task": SWEEP, "schedule": settings().sweep_seconds, "options": {"expires": 30}},
            "webhooks": {"task": HOOKS, "schedule": settings().webhook_seconds, "options": {"expires": 10}},
        },
    )
    if settings().sends_mail:
        ring = {"task": MAIL, "schedule": settings().mail_seconds, "options": {"expires": settings().mail_seconds}}
        app.conf.beat_schedule["mail"] = ring
    return app


def nudge(task: str, evaluation_id: int) -> bool:
    """Ring for one evaluation; True where it was taken. Never raises: the sweeper rings again for what was lost."""
    try:
        celery().send_task(task, args=[evaluation_id], ignore_result=True)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("nudge_failed", task=task, evaluation=evaluation_id, error=type(error).__name__)
        return False
    return True
