"""Is it alive, is it ready: /healthz touches nothing, /readyz asks each part it needs, each within seconds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from datetime import timedelta

import redis
from fastapi import APIRouter, Response
from sqlalchemy import select, text

from app import storage
from app.db import Session, now
from app.settings import settings
from app.submissions.models import Heartbeat

router = APIRouter(tags=["health"])
PATIENCE = 3.0
FRESH = timedelta(seconds=30)
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="health")


def database() -> str:
    """Raises where the database does not answer."""
    with Session.begin() as session:
        session.execute(text("SELECT 1"))
    return "ok"


def broker() -> str:
    """Raises where Redis does not answer."""
    client = redis.Redis.from_url(settings().redis_client_url, socket_timeout=2, socket_connect_timeout=2)
    client.ping()
    client.close()
    return "ok"


def stored() -> str:
    """Raises where a blob can not be written and read."""
    storage.check()
    return "ok"


def workers() -> str:
    """Raises unless a worker of each queue was heard of lately and takes work."""
    with Session.begin() as session:
        fresh = now(session) - FRESH
        seen = session.execute(select(Heartbeat.queue, Heartbeat.state).where(Heartbeat.seen_at >= fresh)).all()
    missing = sorted({"validate", "score"} - {queue for queue, state in seen if state == "ready"})
    if missing:
        drained = sum(state == "drained" for _, state in seen)
        raise RuntimeError(f"no worker for {', '.join(missing)}" + (f" ({drained} drained)" if drained else ""))
    return "ok"


CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "broker": broker,
    "storage": stored,
    "workers": workers,
}


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A part is away; `checks` says which."}})
def readyz(response: Response) -> dict[str, object]:
    """Every part that a submission needs, asked at the same time; 503 where one is away."""
    asked = {name: _pool.submit(check) for name, check in CHECKS.items()}
    checks = {}
    for name, future in asked.items():
        try:
            checks[name] = future.result(timeout=PATIENCE)
        except Late:
            checks[name] = f"no answer within {PATIENCE:.0f} s"
        except RuntimeError as error:
            checks[name] = str(error)
        except Exception as error:  # every fault of a part is an answer here, by its kind only
            checks[name] = type(error).__name__
    ready = all(state == "ok" for state in checks.values())
    response.status_code = 200 if ready else 503
    return {"status": "ok" if ready else "unavailable", "checks": checks}
