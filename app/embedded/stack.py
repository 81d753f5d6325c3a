"""The whole stack in the foreground: servers, migration, then web, workers and beat, watched until a signal comes.

Decision: one small supervisor of our own instead of honcho, supervisord or a shell script: it must start PostgreSQL
before and stop it after everybody else, choose the port, and know what a SIGKILL of itself left behind. Children live
in their own sessions: Ctrl-C reaches only the supervisor, which ends them in order. Their logs: `data_dir/logs`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.embedded import address
from app.embedded.errors import EmbeddedFault
from app.embedded.processes import GRACE_SECONDS, born, end, open_log, tail, write_json
from app.embedded.servers import Servers
from app.log import log

ROOT = Path(__file__).parents[2]
GIVE_UP_AFTER = 5  # quick deaths in a row
STEADY_SECONDS = 60
TRIAL_SECONDS = 5
FIRST_WAIT, LONGEST_WAIT = 0.5, 30


@dataclass(frozen=True)
class Programs:
    """What the stack runs: once `migrate`, then `children(host, port)`: name -> command; `web` must be one of them."""

    migrate: Sequence[str]
    children: Callable[[str, int], Mapping[str, Sequence[str]]]


def palmares(data_dir: Path) -> Programs:
    """The real programs."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "workers.main")
    quiet = ("--without-gossip", "--without-mingle")

    def children(host: str, port: int) -> Mapping[str, Sequence[str]]:
        listen = ("--host", host, "--port", str(port), "--timeout-graceful-shutdown", "10", "--no-server-header")
        worker = {
            f"worker-{queue}": (*celery, "worker", "-Q", queue, "-c", "1", "-n", f"{queue}@%h", *quiet)
            for queue in ("validate", "score")
        }
        beat = (*celery, "beat", "--schedule", str(data_dir / "beat-schedule"))
        return {"web": (*python, "uvicorn", "app.main:create_app", "--factory", *listen), **worker, "beat": beat}

    return Programs((*python, "alembic", "upgrade", "head"), children)


@dataclass
class Child:
    """A running child and how often it died of late."""

    process: "subprocess.Popen[bytes]"
    started: float = field(default_factory=time.monotonic)
    deaths: int = 0
    due: float | None = None  # when to start it again

    def fragile(self) -> bool:
        """Whether it died before and has not lived long since."""
        return self.deaths > 0 and time.monotonic() - self.started < TRIAL_SECONDS


def read_state(data_dir: Path) -> dict[str, Any] | None:
    """The state that the running supervisor of this folder wrote (pid, state, url, port, answer); None: none runs."""
    state = _stored(data_dir)
    return state if state.get("born") and born(state["pid"]) == state["born"] else None


def _stored(data_dir: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((data_dir / "stack.json").read_text()))
    except (FileNotFoundError, ValueError):
        return {}


class Stack:
    """The supervisor of one data folder. `run()` in the main thread: it listens to signals."""

    def __init__(self, servers: Servers, programs: Programs, host: str, port: int) -> None:
        self.servers, self.programs, self.host, self.wanted = servers, programs, host, port
        self.data_dir = servers.data_dir
        self.children: dict[str, Child] = {}
        self.commands: Mapping[str, Sequence[str]] = {}
        self.revivals: list[float] = []
        self.state: dict[str, Any] = {}
        self.told_to_stop = False

    def run(self) -> None:
        """Start everything, watch it, and on SIGTERM, SIGINT or SIGHUP stop it in order.

        Raises EmbeddedFault (after an orderly stop) where a server, the migration or a child does not come up.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._note)
        self.servers.claim()
        self.state = _stored(self.data_dir)
        self._tell(pid=os.getpid(), born=born(os.getpid()), state="starting", answer="")
        with self.servers:  # which ends what an earlier stack left over, perhaps on our port
            try:
                self._choose_port()
                self._migrate()
                if not self.told_to_stop:
                    for name in self.commands:
                        self._spawn(name, self.commands[name])
                while not self.told_to_stop:
                    self._step()
                    time.sleep(0.2)
            finally:
                log.info("stopping", children=list(self.children))
                self._tell(state="stopping")
                end([child.process.pid for child in self.children.values()], signal.SIGTERM, GRACE_SECONDS)
                for name, child in self.children.items():
                    child.process.wait()
                    self.servers.ledger.remove(name)

    def _note(self, number: int, _frame: object) -> None:
        self.told_to_stop = True

    def _tell(self, **news: Any) -> None:
        self.state |= news
        write_json(self.data_dir / "stack.json", self.state)

    def _choose_port(self) -> None:
        previous = self.state.get("port") if self.state.get("wanted") == self.wanted else None
        port = address.free_port(self.host, self.wanted, previous)
        if port != self.wanted:
            log.warning("port_taken", wanted=self.wanted, used_instead=port)
        self.commands = self.programs.children(self.host, port)
        self._tell(wanted=self.wanted, port=port, url=address.url(self.host, port))

    def _spawn(self, name: str, command: Sequence[str], fresh: bool = True) -> Child:
        environ = os.environ | {"PALMARES_DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        with open_log(self._log_of(name), fresh) as file:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environ,
                start_new_session=True,
            )
        self.servers.ledger.add(name, process.pid)
        self.children[name] = Child(process)
        log.info("child_started", name=name, pid=process.pid)
        return self.children[name]

    def _log_of(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def _migrate(self) -> None:
        process = self._spawn("migrate", self.programs.migrate).process
        while process.poll() is None and not self.told_to_stop:
            time.sleep(0.05)
        if self.told_to_stop:
            return
        del self.children["migrate"]
        self.servers.ledger.remove("migrate")
        if process.returncode:
            path = self._log_of("migrate")
            raise EmbeddedFault(f"The migration of the database failed. The end of {path}:\n{tail(path)}")

    def _step(self) -> None:
        now = time.monotonic()
        self.revivals = [moment for moment in self.revivals if now - moment < STEADY_SECONDS]
        self.revivals += [now for _ in self.servers.revive()]
        if len(self.revivals) > GIVE_UP_AFTER:
            raise EmbeddedFault(f"The servers died {len(self.revivals)} times in {STEADY_SECONDS} s; see their logs.")
        for name, child in list(self.children.items()):
            if child.due is None and child.process.poll() is not None:
                self._bury(name, child, now)
            elif child.due is not None and now >= child.due:
                self._restart(name, child)
        if self.state["state"] == "starting":
            self._look()

    def _bury(self, name: str, child: Child, now: float) -> None:
        child.deaths = 1 if now - child.started > STEADY_SECONDS else child.deaths + 1
        child.due = now + min(FIRST_WAIT * 2 ** (child.deaths - 1), LONGEST_WAIT)
        path = self._log_of(name)
        log.error("child_died", name=name, status=child.process.returncode, times=child.deaths, log=str(path))
        if child.deaths >= GIVE_UP_AFTER and (name == "web" or self.state["state"] == "starting"):
            raise EmbeddedFault(f"{name} died {child.deaths} times in a row. The end of {path}:\n{tail(path)}")

    def _restart(self, name: str, child: Child) -> None:
        if name == "web":  # another stack may have been quicker to take the port
            self._choose_port()
        self._spawn(name, self.commands[name], fresh=False).deaths = child.deaths

    def _look(self) -> None:
        web, port = self.children["web"], self.state["port"]
        alive = all(child.due is None and not child.fragile() for child in self.children.values())
        if not alive or not address.listens(web.process.pid, port):
            return
        ready, said = address.answer(self.host, port)
        if ready:
            self._tell(state="up", answer=said)
            log.info("up", url=self.state["url"], logs=str(self.data_dir / "logs"))
        elif said != self.state["answer"]:
            self._tell(answer=said)
            log.info("not_ready_yet", answer=said)
