"""HTTP door of the work, for administrators."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from app import storage
from app.accounts.guards import Admin
from app.db import Session
from app.submissions import operating

router = APIRouter(tags=["administration"])


class WorkerOut(BaseModel):
    """A worker that was heard of within a day; `alive`: lately. `model`: the SHA-256 of its weights."""

    worker: str
    queue: str
    alive: bool
    state: str
    device: str
    model: str
    detail: str
    seen_at: datetime


class QueueOut(BaseModel):
    """A stage: how many wait and run, and of re-scorings (`rescores`) how many wait behind them."""

    queue: str
    waiting: int
    running: int
    rescores: int
    oldest_waiting_at: datetime | None


class TroubleOut(BaseModel):
    """A submission that failed or is stuck, since when and why."""

    ref: str
    competition: str
    phase: str
    participant: str
    state: str
    tries: int
    problem: dict[str, Any] | None
    since: datetime


class WorkOut(BaseModel):
    """Workers, queues, troubles, and the submitted files (different ones) with their bytes.

    `free`: bytes left where files lie, null where that is no folder of the web process' machine.
    """

    at: datetime
    workers: list[WorkerOut]
    queues: list[QueueOut]
    troubles: list[TroubleOut]
    files: int
    bytes: int
    free: int | None


@router.get("/admin/work")
def work(who: Admin) -> WorkOut:
    """Workers, queues, and what failed or is stuck, in all competitions; for administrators."""
    with Session.begin() as session:
        found = operating.work(session)
    return WorkOut.model_validate(found | {"free": storage.free()})
