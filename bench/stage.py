"""A server of the benchmark's own: servers, web, validating worker and beat in a temporary folder, and an end to all.

Decision: not `app.embedded up`, which starts the scoring worker too; here it is started when the scenario wants it.
"""

import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import psycopg
import structlog

from app.embedded.address import free_port
from app.embedded.processes import end
from app.embedded.servers import Servers
from bench.material import BUNDLE, ROOT

HOST = "127.0.0.1"
START_SECONDS = 60
ORGANIZER = "organizer"
PHASE = "/competitions/photo-pairs/phases/development"
CELERY = ("celery", "-A", "workers.main")
QUIET = ("--without-gossip", "--without-mingle")


class Stage:
    """The running server: its address, its database, and who was let in."""

    def __init__(self, servers: Servers, port: int, environ: Mapping[str, str]) -> None:
        self.servers, self.environ = servers, environ
        self.url = f"http://{HOST}:{port}"

    def run(self, *command: str | Path) -> None:
        """Run a program of the project to its end. Raises CalledProcessError."""
        told = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=60
        )
        if told.returncode:
            raise RuntimeError(
                f"{' '.join(map(str, command))} ended with {told.returncode}:\n{told.stdout}{told.stderr}"
            )

    @contextmanager
    def child(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """`python -m …` in the background, ended with all its children on the way out."""
        log = self.servers.data_dir / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            end([process.pid], signal.SIGTERM, 5)
            process.wait()

    @contextmanager
    def worker(self, queue: str) -> Iterator[None]:
        """One worker of a queue with one child, as `make up` runs it."""
        with self.child(queue, *CELERY, "worker", "-Q", queue, "-c", "1", "-n", f"{queue}@%h", *QUIET):
            yield

    def count(self, state: str) -> int:
        """How many evaluations are in this state."""
        with psycopg.connect(host=str(self.servers.run_dir), user="postgres", dbname="palmares") as database:
            row = database.execute("SELECT count(*) FROM evaluations WHERE state = %s", (state,)).fetchone()
        return int(row[0]) if row else 0

    def enter(self, name: str) -> httpx2.Client:
        """Sign up, and be the one who speaks through this client from now on."""
        client = httpx2.Client(base_url=f"{self.url}/api/v1", timeout=30)
        account = {"username": name, "password": secrets.token_urlsafe(12), "email": f"{name}@example.org"}
        client.post("/auth/signup", json=account).raise_for_status()
        scopes = ["read", "submit"]
        if name == ORGANIZER:
            self.run(sys.executable, "-m", "app.accounts", "role", name, "organizer")
            scopes.append("organize")
        made = client.post("/me/tokens", json={"name": "bench", "scopes": scopes})
        made.raise_for_status()
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {made.json()['token']}"
        return client

    def apply(self, token: str) -> None:
        """The example competition without limits of submissions."""
        copy = self.servers.data_dir / "bundle"
        shutil.copytree(BUNDLE, copy)
        sheet = copy / "competition.yaml"
        sheet.write_text(re.sub(r"(max_submissions\w*): \d+", r"\1: 0", sheet.read_text()))
        self.environ = {**self.environ, "PALMARES_URL": self.url, "PALMARES_TOKEN": token}
        self.run(Path(sys.executable).with_name("palmares"), "competition", "apply", copy)


def wait(what: str, done: Callable[[], bool], limit: float = START_SECONDS) -> None:
    """Look until it is so. Raises TimeoutError."""
    deadline = time.monotonic() + limit
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {limit:.0f} s: {what}.")
        time.sleep(0.1)


def _healthy(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def _environment(folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PALMARES_")}
    return own | {
        "PALMARES_DATA_DIR": str(folder),
        "PALMARES_CONFIG": str(folder / "client.toml"),
        "PALMARES_SIGNUP_RATE": "1000/hour",
        "PALMARES_ADDRESS_RATE": "off",
        "PALMARES_ACCOUNT_RATE": "off",
        "PALMARES_DEVICE": "cpu",
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def stage(*, validate: bool = True) -> Iterator[Stage]:
    """Servers and web, with `validate` a validating worker and beat; all is ended and deleted on the way out."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="plm-bench-") as top, ExitStack() as running:
        folder = Path(top) / "data"
        servers = running.enter_context(Servers(folder))
        port = free_port(HOST, 8600)
        stage = Stage(servers, port, _environment(folder))
        stage.run(sys.executable, "-m", "alembic", "upgrade", "head")
        listen = ("--host", HOST, "--port", str(port), "--timeout-graceful-shutdown", "2")
        running.enter_context(stage.child("web", "uvicorn", "app.main:create_app", "--factory", *listen))
        if validate:
            running.enter_context(stage.worker("validate"))
            running.enter_context(stage.child("beat", *CELERY, "beat", "--schedule", str(folder / "beat")))
        wait("the web process answers", lambda: _healthy(stage.url))
        yield stage
