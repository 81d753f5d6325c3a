"""The supervisor around small stand-in programs: real processes, real servers, real signals."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from app.embedded import address, stack
from app.embedded.processes import Ledger, tail
from app.embedded.servers import Servers
from app.embedded.stack import read_state
from tests.embedded.watching import ROOT, running_in

STANDIN = ROOT / "tests" / "embedded" / "standin.py"
NO_SERVERS = {"PALMARES_DATABASE_URL": "postgresql://elsewhere/p", "PALMARES_REDIS_URL": "redis://elsewhere"}
Until = Callable[[Callable[[], object], str], None]


class Run:
    """The stack of one folder, with stand-ins, as its user sees it."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("PALMARES_")}
        self.environ |= {"PALMARES_DATA_DIR": str(folder), "PALMARES_PORT": str(self.port), **environ}

    def __call__(self, *argv: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(STANDIN), *argv]
        env = self.environ | environ
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    def foreground(self) -> "subprocess.Popen[str]":
        command = [sys.executable, str(STANDIN), "up"]
        return subprocess.Popen(command, env=self.environ, stderr=subprocess.PIPE, text=True)

    def state(self) -> dict[str, Any]:
        return read_state(self.folder) or {}

    def children(self) -> dict[str, int]:
        return Ledger(self.folder / "children.json").running()


def test_ctrl_c_ends_workers_before_servers(folder: Path, until: Until) -> None:
    run = Run(folder)
    with run.foreground() as process:
        until(lambda: run.state().get("state") == "up", "up")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        assert "Traceback" not in process.stderr.read()
    assert (folder / "ended").read_text() == "worker-score postgres-there\n"
    assert running_in(folder) == []
    assert json.loads((folder / "children.json").read_text()) == {}
    assert run.state() == {}


def test_a_killed_supervisor_leaves_nothing_that_the_next_start_does_not_end(folder: Path) -> None:
    run = Run(folder)
    assert run("up", "--detach").returncode == 0
    before = run.children()
    assert sorted(before) == ["postgres", "valkey", "web", "worker-score"]
    with psycopg.connect(host=str(folder / "run"), port=5432, user="postgres", dbname="palmares") as link:
        link.execute("CREATE TABLE kept ()")
    os.kill(run.state()["pid"], signal.SIGKILL)
    again = run("up", "--detach")
    assert (again.returncode, again.stdout.count(f":{run.port} ")) == (0, 1), again
    after = run.children()
    assert sorted(after) == sorted(before)
    assert not set(before.values()) & {process.pid for process in running_in(folder)}
    with psycopg.connect(host=str(folder / "run"), port=5432, user="postgres", dbname="palmares") as link:
        assert link.execute("SELECT to_regclass('kept')::text").fetchone() == ("kept",)
    os.kill(run.state()["pid"], signal.SIGKILL)
    assert run("down").stdout == "Palmares is stopped.\n"
    assert running_in(folder) == []


def test_dead_children_and_servers_are_started_again(folder: Path, until: Until) -> None:
    run = Run(folder)
    assert run("up", "--detach").returncode == 0
    before = run.children()
    for name in before:
        psutil.Process(before[name]).kill()
    until(lambda: not set(run.children().values()) & set(before.values()) and len(run.children()) == 4, "all back")
    assert run("down").returncode == 0


def test_a_taken_port_is_left_for_the_next_one(folder: Path) -> None:
    run = Run(folder, **NO_SERVERS)
    with socket.create_server(("127.0.0.1", run.port)):
        assert run("up", "--detach").returncode == 0
        assert run.port < run.state()["port"] <= run.port + 50
        assert '"port_taken"' in (folder / "logs" / "supervisor.log").read_text()
        assert run("down").returncode == 0


def test_the_port_of_the_last_time_is_kept_unless_another_is_wished(tmp_path: Path) -> None:
    port = Run(tmp_path).port
    free = address.free_port("127.0.0.1", port + 1)
    one = stack.Stack(Servers(tmp_path, Path("/tmp/r")), stack.palmares(tmp_path), "127.0.0.1", port)
    one.state = {"wanted": port, "port": free}
    one._choose_port()
    assert json.loads((tmp_path / "stack.json").read_text())["port"] == free
    assert str(free) in one.commands["web"]
    one.state = {"wanted": port - 1, "port": free}
    one._choose_port()
    assert one.state["port"] == port


@pytest.mark.parametrize("name", ["web", "worker-score"])
def test_it_gives_up_loudly_when_a_child_keeps_dying(folder: Path, name: str) -> None:
    failed = Run(folder, PALMARES_STANDIN=f"{name}-dies", **NO_SERVERS)("up", "--detach")
    assert failed.returncode == 1
    assert f"{name} died 5 times in a row" in failed.stderr
    assert "a bad day" in failed.stderr
    assert running_in(folder) == []


def test_a_failing_migration_starts_nobody(folder: Path) -> None:
    failed = Run(folder, PALMARES_STANDIN="migration-fails")("up")
    assert failed.returncode == 1
    assert "The migration of the database failed" in failed.stderr
    assert "no such revision" in failed.stderr
    assert not (folder / "logs" / "web.log").exists()
    assert running_in(folder) == []


def test_servers_of_ones_own_are_not_doubled(folder: Path) -> None:
    run = Run(folder, **NO_SERVERS)
    assert run("up", "--detach").returncode == 0, tail(folder / "logs" / "supervisor.log")
    assert sorted(run.children()) == ["web", "worker-score"]
    assert run("down").returncode == 0
    assert not (folder / "postgres").exists()


def test_the_real_programs_are_the_four_of_the_house(tmp_path: Path) -> None:
    programs = stack.palmares(tmp_path)
    assert programs.migrate[1:] == ("-m", "alembic", "upgrade", "head")
    children = programs.children("127.0.0.1", 8001)
    assert sorted(children) == ["beat", "web", "worker-score", "worker-validate"]
    assert "app.main:create_app --factory --host 127.0.0.1 --port 8001" in " ".join(children["web"])
    for queue in ("validate", "score"):
        assert f"-Q {queue} -c 1 -n {queue}@%h" in " ".join(children[f"worker-{queue}"])
    assert str(tmp_path) in " ".join(children["beat"])
