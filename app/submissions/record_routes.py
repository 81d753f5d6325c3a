"""HTTP door of the service's own record, for everybody."""

import threading
import time
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from app.db import Session
from app.submissions.record import record

router = APIRouter(tags=["health"])
KEPT_SECONDS = 5.0
"""For so long an answer is given again: who asks often must not make work."""


class Spread(BaseModel):
    """Seconds over the last hours: how many were measured, their median, 95th percentile and largest."""

    count: int
    p50: float | None
    p95: float | None
    max: float | None


class StageOut(BaseModel):
    """A stage now and lately: how many wait and run, the longest wait (seconds), how long waiting and working took."""

    stage: str
    waiting: int
    running: int
    oldest_seconds: float
    wait: Spread
    work: Spread


class RecordOut(BaseModel):
    """What waits and how long it took in the last `hours`; `failures` are those of ours, by code."""

    version: int = 1
    at: datetime
    hours: float
    stages: list[StageOut]
    to_score: Spread
    ended: dict[str, int]
    failures: dict[str, int]
    workers: dict[str, int]


class _Kept:
    """The last answer of this process, and until when it is given again."""

    lock = threading.Lock()
    until = 0.0
    answer: RecordOut | None = None


def present() -> RecordOut:
    """The record, at most a few seconds old."""
    with _Kept.lock:
        if _Kept.answer is None or time.monotonic() >= _Kept.until:
            with Session.begin() as session:
                _Kept.answer = RecordOut.model_validate(record(session))
            _Kept.until = time.monotonic() + KEPT_SECONDS
        return _Kept.answer


@router.get("/status")
def status() -> RecordOut:
    """What waits, how long each stage took lately, and what failed: the service's own record, for everybody."""
    return present()
