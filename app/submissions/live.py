"""Live states: one question to the database every half second serves every open stream of this process.

Decision: polling by one task per process instead of Redis pub/sub or LISTEN, because it costs the same for one watcher
and a thousand, cannot lose an event, and works while Redis is away. A stream starts with the present state and ends
itself after the terminal one.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import anyio
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.db import Session
from app.log import log
from app.submissions.models import TERMINAL, Evaluation, Submission

PERIOD = 0.5
Mark = tuple[str, int]


def _marks(refs: list[str]) -> dict[str, Mark]:
    with Session.begin() as session:
        rows = session.execute(
            select(Submission.ref, Evaluation.state, Evaluation.attempt)
            .join(Submission, Submission.id == Evaluation.submission_id)
            .where(Submission.ref.in_(refs), Evaluation.effective_at.is_not(None))
            .order_by(Evaluation.version)
        )
        return {ref: (state, attempt) for ref, state, attempt in rows}


class Hub:
    """Who watches what. `watch` yields at once and then at each change of a submission's state."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._marks: dict[str, Mark] = {}
        self._task: asyncio.Task[None] | None = None

    async def watch(self, ref: str) -> AsyncIterator[Mark]:
        """The submission's (state, attempt), now and at each change, until it is terminal."""
        event = asyncio.Event()
        self._waiting[ref].add(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            seen: Mark | None = None
            while True:
                event.clear()
                mark = self._marks.get(ref) or (await anyio.to_thread.run_sync(_marks, [ref])).get(ref)
                if mark is None:
                    return
                if mark != seen:
                    seen = mark
                    yield mark
                if mark[0] in TERMINAL:
                    return
                await event.wait()
        finally:
            self._waiting[ref].discard(event)
            if not self._waiting[ref]:
                del self._waiting[ref]
                self._marks.pop(ref, None)

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(PERIOD)
            try:
                marks = await anyio.to_thread.run_sync(_marks, list(self._waiting))
            except SQLAlchemyError as error:
                log.warning("live_poll_failed", error=type(error).__name__)
                continue
            for ref, mark in marks.items():
                if ref in self._waiting and self._marks.get(ref) != mark:
                    self._marks[ref] = mark
                    for event in self._waiting[ref]:
                        event.set()


hub = Hub()
