"""Which processes belong to a data folder, and how they are ended.

Decision: `children.json` is rewritten atomically at every change, so that the next start can end what a SIGKILL of the
supervisor left over. A process is its pid and the moment it started: pids are reused.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import psutil

from app.embedded.errors import EmbeddedFault

# Who is ended last, and how; SIGINT is PostgreSQL's fast shutdown (SIGTERM waits for every client).
LAST = ("valkey", "postgres")
GRACE_SECONDS = 30


def born(pid: int) -> str | None:
    """When a process started, in a form that no other process of this pid has; None: it is gone or a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # a PID 1 that does not reap keeps them for ever
            return None
        if sys.platform == "linux":  # clock ticks since boot; create_time() moves when the clock is set
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return str(process.create_time())
    except (psutil.Error, OSError, ValueError):
        return None


def end(pids: Sequence[int], how: signal.Signals, seconds: float) -> None:
    """Signal the processes, wait up to `seconds` for all, then SIGKILL what is left of them and their descendants.

    Raises EmbeddedFault where a process withstands even that (it belongs to another user).
    """
    known = {pid: born(pid) for pid in pids}
    family = {child: born(child) for pid in pids for child in _descendants(pid)}
    _signal([pid for pid, moment in known.items() if moment], how)
    _wait(known, seconds)
    everyone = known | family
    _signal(_living(everyone), signal.SIGKILL)
    left = _wait(everyone, 10)
    if left:
        raise EmbeddedFault(f"Process {', '.join(map(str, left))} could not be ended by uid {os.geteuid()}.")


def _descendants(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _signal(pids: Sequence[int], how: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, how)
        except (ProcessLookupError, PermissionError):
            continue


def _living(moments: dict[int, str | None]) -> list[int]:
    return [pid for pid, moment in moments.items() if moment and born(pid) == moment]


def _wait(moments: dict[int, str | None], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := _living(moments)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def make_private(data_dir: Path) -> None:
    """Make the data folder where it is missing, closed to other users; root's servers must be able to pass it."""
    data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)


def write_json(path: Path, content: object) -> None:
    """Replace a small file at once: a reader sees the old or the new one, never a half."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(content, indent=1))
    draft.replace(path)


class Ledger:
    """The running children of a data folder: name -> pid and start."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, dict[str, str | int | None]] = {}

    def add(self, name: str, pid: int) -> None:
        """Write down a child that has just been started."""
        self._entries[name] = {"pid": pid, "born": born(pid)}
        write_json(self.path, self._entries)

    def remove(self, name: str) -> None:
        """Strike out a child that has ended."""
        if self._entries.pop(name, None):
            write_json(self.path, self._entries)

    def running(self) -> dict[str, int]:
        """What is written down and still runs: name -> pid."""
        try:
            entries = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return {
            name: entry["pid"]
            for name, entry in entries.items()
            if entry["born"] and born(entry["pid"]) == entry["born"]
        }

    def end_leftovers(self) -> list[str]:
        """End what an earlier holder of the folder left running, servers last. Hold the lock. Gives their names."""
        left = self.running()
        others = [pid for name, pid in left.items() if name not in LAST]
        end(others, signal.SIGTERM, 10)
        for name in LAST:
            if name in left:
                end([left[name]], signal.SIGINT if name == "postgres" else signal.SIGTERM, GRACE_SECONDS)
        self._entries = {}
        write_json(self.path, {})
        return list(left)


def open_log(path: Path, fresh: bool = True) -> IO[bytes]:
    """A log file to append to; a fresh one begins anew and keeps the one before as `NAME.log.1`."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if fresh and path.exists():
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for a person to read."""
    if not path.exists():
        return "(no log)"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
