"""`python -m app.embedded up | down | status | backup | restore`: the local stack, as the Makefile calls it."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from app.embedded.backup import backup, restore
from app.embedded.errors import EmbeddedFault
from app.embedded.lock import Lock
from app.embedded.processes import Ledger, end, make_private, open_log, tail
from app.embedded.servers import Servers
from app.embedded.stack import ROOT, Programs, Stack, palmares, read_state
from app.log import configure
from app.settings import settings

STOP_SECONDS = 120
AGAIN = ("-m", "app.embedded")


def main(argv: Sequence[str] | None = None, programs: Programs | None = None, again: Sequence[str] = AGAIN) -> int:
    """Run one command; gives the exit status (0 done or running, 1 failed or, for `status`, not running).

    `again` is how Python starts this very program a second time, in the background.
    """
    parser = argparse.ArgumentParser("python -m app.embedded", description="The local stack of Palmares.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start everything and stay in the foreground; Ctrl-C ends it")
    start.add_argument("--detach", action="store_true", help="start in the background and return when it is ready")
    start.add_argument("--wait", type=float, default=300, help="with --detach: seconds to wait (default 300)")
    commands.add_parser("down", help="stop it; also what a crash left over")
    tell = commands.add_parser("status", help="whether and where it runs")
    tell.add_argument("--json", action="store_true", help="as one JSON document")
    keep = commands.add_parser("backup", help="write database and files into one file, while everything runs")
    keep.add_argument("file", type=Path, help="the file to write (tar); it must not exist")
    back = commands.add_parser("restore", help="fill an empty data folder from such a file")
    back.add_argument("file", type=Path, help="the file to read")
    chosen = parser.parse_args(argv)
    try:
        if chosen.command in ("backup", "restore"):
            return carry(chosen.command, chosen.file)
        if chosen.command == "up":
            return detach(again, chosen.wait) if chosen.detach else up(programs)
        return down() if chosen.command == "down" else status(chosen.json)
    except EmbeddedFault as fault:
        print(f"{fault.title}. {fault.detail}\n  -> {fault.fix}", file=sys.stderr)
    except OSError as error:
        print(f"{EmbeddedFault.title}. {error}\n  -> Mend it and start again.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted; what was started goes on. Stop it with `make down`.", file=sys.stderr)
        return 130
    return 1


def carry(command: str, file: Path) -> int:
    """Back up, or restore, and say what was in it."""
    if command == "backup":
        told = backup(file)
        print(f"Backed up to {file}: the database and {told['files']} files, {told['bytes']} bytes. Keep it private.")
    else:
        told = restore(file)
        print(f"Restored what was backed up at {told['made_at']} by version {told['version']}. Start it: `make up`.")
    return 0


def up(programs: Programs | None = None) -> int:
    """The stack in the foreground, until a signal."""
    configure()
    chosen = settings()
    servers = Servers(chosen.data_dir, chosen.run_dir, postgres=not chosen.database_url, valkey=not chosen.redis_url)
    Stack(servers, programs or palmares(chosen.data_dir), chosen.host, chosen.port).run()
    return 0


def detach(again: Sequence[str], seconds: float) -> int:
    """The stack in the background: returns when it is ready, also where it already runs."""
    data_dir = settings().data_dir
    log_file = data_dir / "logs" / "supervisor.log"
    make_private(data_dir)
    process = None
    while (before := read_state(data_dir)) and before["state"] == "stopping":
        time.sleep(0.1)
    if not before:
        with open_log(log_file) as file:
            process = subprocess.Popen(
                [sys.executable, *again, "up"],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=os.environ | {"PALMARES_DATA_DIR": str(data_dir)},
                start_new_session=True,
            )
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = read_state(data_dir)
        if state and state["state"] == "up":
            print(f"Palmares {'is already running' if before else 'is up'}: {state['url']} (logs: {log_file.parent})")
            return 0
        if not state and (process is None or process.poll() is not None):
            print(f"The stack ended while it started. The end of {log_file}:\n{tail(log_file)}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    said = (read_state(data_dir) or {}).get("answer") or "no answer yet"
    raise EmbeddedFault(
        f"The stack is still not ready after {seconds:g} s ({said}). It goes on; stop it with `make down`. "
        f"Logs: {log_file.parent}"
    )


def down() -> int:
    """Stop the stack of this data folder, and what is left of one that was killed."""
    data_dir = settings().data_dir
    state = read_state(data_dir)
    if state:
        end([state["pid"]], signal.SIGTERM, STOP_SECONDS)
    left = []
    if data_dir.exists():
        lock = Lock(data_dir)
        lock.take()
        left = Ledger(data_dir / "children.json").end_leftovers()
        lock.give_back()
    print("Palmares is stopped." if state or left else "Palmares was not running.")
    return 0


def status(as_json: bool) -> int:
    """Whether the stack runs, where, and with which processes."""
    data_dir = settings().data_dir
    state = read_state(data_dir)
    children = Ledger(data_dir / "children.json").running()
    if as_json:
        kept = {key: (state or {}).get(key) for key in ("state", "url", "port", "pid", "answer")}
        print(json.dumps({"version": 1, "running": bool(state), **kept, "children": children}))
    elif state:
        where = state.get("url", "no address yet")
        print(f"Palmares is {state['state']}: {where} (pid {state['pid']}, data in {data_dir})")
        for name, pid in children.items():
            print(f"  {name:16} pid {pid}")
    else:
        print(
            f"Palmares is not running (data in {data_dir})."
            + (" Left over: " + ", ".join(children) if children else "")
        )
    return 0 if state else 1


if __name__ == "__main__":
    sys.exit(main())
