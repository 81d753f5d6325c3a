"""Who runs: the ledger believes a pid only with its start; what is ended is gone, with its descendants."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from app.embedded import processes
from app.embedded.errors import EmbeddedFault
from app.embedded.processes import Ledger, born, end, open_log, tail

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(600)"
)
PARENT = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"


def python(script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def test_born_tells_processes_of_one_pid_apart_and_knows_the_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        moment = born(process.pid)
        assert moment
        assert moment == born(process.pid)
        assert moment != born(os.getpid())
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert born(process.pid) is None, "a zombie has ended"
    assert born(process.pid) is None


def test_end_is_polite_first() -> None:
    with python("import time; print(1, flush=True); time.sleep(600)") as process:
        process.stdout.readline()
        end([process.pid], signal.SIGTERM, 20)
        assert process.wait() == -signal.SIGTERM


def test_end_kills_what_does_not_listen() -> None:
    with python(STUBBORN) as process:
        process.stdout.readline()
        end([process.pid], signal.SIGTERM, 0.1)
        assert process.wait() == -signal.SIGKILL


def test_end_takes_the_descendants_along() -> None:
    with python(PARENT) as process:
        child = int(process.stdout.readline())
        end([process.pid], signal.SIGTERM, 20)
        assert born(child) is None


def test_what_cannot_be_ended_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_signal", lambda pids, how: None)
    monkeypatch.setattr(processes, "_wait", lambda moments, seconds: [4242])
    with pytest.raises(EmbeddedFault, match="4242 could not be ended"):
        end([os.getpid()], signal.SIGTERM, 0)


def test_the_ledger_forgets_the_dead_and_the_reborn(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "children.json")
    assert ledger.running() == {}
    with subprocess.Popen(["sleep", "600"]) as web, subprocess.Popen(["sleep", "600"]) as beat:
        ledger.add("web", web.pid)
        ledger.add("beat", beat.pid)
        assert ledger.running() == {"web": web.pid, "beat": beat.pid}
        entries = json.loads(ledger.path.read_text())
        entries["beat"]["born"] = "1"  # another process has this pid by now
        ledger.path.write_text(json.dumps(entries))
        assert Ledger(ledger.path).end_leftovers() == ["web"]
        assert web.wait() == -signal.SIGTERM
        assert psutil.pid_exists(beat.pid)
        beat.kill()
    assert json.loads(ledger.path.read_text()) == {}


def test_leftover_servers_go_last_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[list[int], signal.Signals]] = []
    monkeypatch.setattr(Ledger, "running", lambda self: {"postgres": 1, "valkey": 2, "web": 3, "beat": 4})
    monkeypatch.setattr(processes, "end", lambda pids, how, seconds: ended.append((pids, how)))
    Ledger(tmp_path / "children.json").end_leftovers()
    assert ended == [([3, 4], signal.SIGTERM), ([2], signal.SIGTERM), ([1], signal.SIGINT)]


@pytest.mark.parametrize("content", ["", "{"])
def test_a_broken_ledger_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "children.json").write_text(content)
    assert Ledger(tmp_path / "children.json").running() == {}


def test_logs_begin_anew_and_keep_one_before(tmp_path: Path, until: Callable[..., None]) -> None:
    path = tmp_path / "logs" / "web.log"
    assert tail(path) == "(no log)"
    for line, fresh in ((b"one\n", True), (b"two\n", True), (b"three\n", False)):
        with open_log(path, fresh) as file:
            file.write(line)
    assert path.with_suffix(".log.1").read_text() == "one\n"
    assert tail(path) == "two\nthree"
    assert tail(path, 1) == "three"
