"""Following one submission to its end: the server's stream of states, or asking now and then where it does not come.

Decision: the stream is read in a thread of its own, so that the wait ends on the second and Ctrl-C at once, whatever
the network does; where the stream is silent, broken or not offered, the submission is asked for, in growing pauses or
in the ones that the server names.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from time import sleep
from typing import Any

from . import exits, show
from .exits import Problem
from .http import Client

SILENCE = 30.0
"""Seconds without an event after which the submission is asked for although the stream is open."""
STREAM_SILENCE = 60.0
"""Seconds without a byte (the server sends a sign of life every 15) after which a stream counts as broken."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0


def is_over(submission: dict[str, Any]) -> bool:
    """True in a terminal state."""
    return submission["state"] in exits.BY_STATE


class _Stream:
    """The events of a submission, read in the background; `next` hands them over."""

    def __init__(self, client: Client, path: str) -> None:
        self._states: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.open = True
        threading.Thread(target=self._read, args=(client, path), daemon=True).start()

    def _read(self, client: Client, path: str) -> None:
        try:
            for text in client.events(path, STREAM_SILENCE):
                found = json.loads(text)
                if isinstance(found, dict) and "state" in found:
                    self._states.put(found)
        except (OSError, ValueError, RuntimeError):  # RuntimeError: the command is over and has closed the client
            pass
        finally:
            self._states.put(None)

    def next(self, seconds: float) -> dict[str, Any] | None:
        """The next state, None if the stream has ended or nothing came in time."""
        try:
            found = self._states.get(timeout=seconds)
        except queue.Empty:
            return None
        if found is None:
            self.open = False
        return found


def follow(client: Client, submission: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Wait until the submission is over, saying each stage; returns its last state.

    Raises Problem (exit 8) if it takes longer than `seconds`.
    """
    deadline = time.monotonic() + seconds
    path = f"/submissions/{submission['ref']}"
    stream = _Stream(client, f"{path}/events") if not is_over(submission) else None
    pause = FIRST_PAUSE
    said = _said("", submission)
    while not is_over(submission):
        left = deadline - time.monotonic()
        if left <= 0:
            raise _timed_out(submission, seconds)
        found = stream.next(min(SILENCE, left)) if stream is not None and stream.open else None
        if found is None and deadline > time.monotonic():
            reply = client.ask("GET", path)
            found = reply.document
            if stream is not None and not stream.open and not is_over(found):
                sleep(min(reply.pause or pause, max(0.0, deadline - time.monotonic())))
                pause = min(pause * 1.5, LONGEST_PAUSE)
        submission = found or submission
        said = _said(said, submission)
    return submission


def _said(before: str, submission: dict[str, Any]) -> str:
    """Say the stage, if it is another one than before; returns what was said."""
    place = submission.get("queue")
    now = str(submission["state"])
    if place and now in ("queued", "ready"):
        now += f", place {place['position']} of {place['of']}"
    if now in (before, before.partition(",")[0]):  # the place is not told any more once a worker takes it
        return before
    show.talk(now)
    return now


def _timed_out(submission: dict[str, Any], seconds: float) -> Problem:
    ref = submission["ref"]
    return Problem(
        "wait_timed_out",
        f"{ref} is still {submission['state']} after {seconds:g} s; it goes on.",
        f"Go on with `palmares watch {ref}`.",
        ref=ref,
        state=submission["state"],
    )
