"""Following one submission to its end: the server's stream of states, or asking now and then where it does not come.

Decision: the stream is read in a thread of its own, so that the wait ends on the second and Ctrl-C at once, whatever
the network does. A stream that breaks is taken up again from its last event; while it is away, silent or not offered,
the submission is asked for, in growing pauses or in the ones that the server names.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from . import exits
from .exits import Problem
from .transport import Connection

if TYPE_CHECKING:
    from .documents import Submission

SILENCE = 30.0
"""Seconds without an event after which the submission is asked for although the stream is open."""
STREAM_SILENCE = 60.0
"""Seconds without a byte (the server sends a sign of life every 15) after which a stream counts as broken."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0


def is_over(submission: Mapping[str, Any]) -> bool:
    """True in a terminal state."""
    return submission["state"] in exits.BY_STATE


class _Stream:
    """The events of a submission, read in the background and taken up again where it breaks; `next` hands them over."""

    def __init__(self, client: Connection, path: str) -> None:
        self._states: queue.Queue[Submission | None] = queue.Queue()
        self._ended = threading.Event()
        self.open = True
        threading.Thread(target=self._read, args=(client, path), daemon=True).start()

    def end(self) -> None:
        """Take nothing up again."""
        self._ended.set()

    def next(self, seconds: float) -> Submission | None:
        """The next state, None if the stream broke or nothing came in time."""
        try:
            found = self._states.get(timeout=seconds)
        except queue.Empty:
            return None
        self.open = found is not None
        return found

    def _read(self, client: Connection, path: str) -> None:
        last, pause, away = "", FIRST_PAUSE, False
        while not self._ended.is_set():
            try:
                for event in client.events(path, STREAM_SILENCE, last):
                    found = json.loads(event.data)
                    over = is_over(found)  # raises for what is no event of ours
                    last, pause, away = event.id or last, FIRST_PAUSE, False
                    self._states.put(cast("Submission", found))
                    if over:
                        return
            except ConnectionRefusedError:
                self._ended.set()
            except (OSError, ValueError, TypeError, KeyError, RuntimeError):
                pass  # broken, or no event of ours; RuntimeError: the client was closed
            if not away:
                self._states.put(None)
            away = True
            self._ended.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def states(client: Connection, submission: Submission, seconds: float) -> Iterator[Submission]:
    """The submission now and as it changes, until it is over; the same state may come twice.

    Raises Problem (exit 8) if it takes longer than `seconds`.
    """
    yield submission
    if is_over(submission):
        return
    deadline = monotonic() + seconds
    path = f"/submissions/{submission['ref']}"
    stream, pause = _Stream(client, f"{path}/events"), FIRST_PAUSE
    asked = 0.0
    try:
        while not is_over(submission):
            left = deadline - monotonic()
            if left <= 0:
                raise _timed_out(submission, seconds)
            found = stream.next(min(SILENCE if stream.open else asked, left))
            if found is None and deadline > monotonic():
                reply = client.ask("GET", path)
                found, asked = cast("Submission", reply.document), reply.pause or pause
                pause = FIRST_PAUSE if stream.open else min(pause * 1.5, LONGEST_PAUSE)
            submission = found or submission
            yield submission
    finally:
        stream.end()


def _timed_out(submission: Mapping[str, Any], seconds: float) -> Problem:
    ref = submission["ref"]
    return Problem(
        "wait_timed_out",
        f"{ref} is still {submission['state']} after {seconds:g} s; it goes on.",
        f"Go on with `palmares watch {ref}`.",
        ref=ref,
        state=submission["state"],
    )
