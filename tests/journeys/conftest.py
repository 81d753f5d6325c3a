"""The whole stack as `make up` starts it: real servers, web, two Celery workers with the real model, beat."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conftest import ROOT

PALMARES = Path(sys.executable).with_name("palmares")


class Stack:
    """A running stack and the ways into it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.data_dir = folder
        # Short waits, so that recovery after a fault is seen within the test.
        self.env = {
            **os.environ,
            "PALMARES_DATA_DIR": str(folder),
            "PALMARES_PORT": str(port),
            "PALMARES_LEASE_SECONDS": "6",
            "PALMARES_TASK_SECONDS": "150",
            "PALMARES_NUDGE_SECONDS": "1",
            "PALMARES_SWEEP_SECONDS": "1",
            "PALMARES_CONFIG": str(folder / "client.toml"),
            **settings,
        }
        self.env.pop("PALMARES_URL", None)
        self.python("-m", "app.embedded", "up", "--detach")
        self.url = json.loads(self.python("-m", "app.embedded", "status", "--json"))["url"]

    def python(self, *words: str) -> str:
        """Run this Python with the stack's settings."""
        done = subprocess.run([sys.executable, *words], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def person(self, name: str, role: str = "participant") -> str:
        """Sign up over HTTP and make a token for the command line."""
        with httpx2.Client(base_url=f"{self.url}/api/v1", timeout=60) as client:
            given = {"username": name, "email": f"{name}@example.org", "password": secrets.token_urlsafe(12)}
            client.post("/auth/signup", json=given).raise_for_status()
            scopes = ["read", "submit"]
            if role != "participant":
                self.python("-m", "app.accounts", "role", name, role)
                scopes.append("organize")
            made = client.post("/me/tokens", json={"name": "journey", "scopes": scopes})
            made.raise_for_status()
            return made.json()["token"]

    def palmares(self, token: str, *words: str | Path, code: int = 0) -> str:
        """Run the `palmares` command as this person; its standard output, where it ends with the expected code."""
        env = {**self.env, "PALMARES_URL": self.url, "PALMARES_TOKEN": token}
        done = subprocess.run([PALMARES, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=200)
        assert done.returncode == code, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        """Stop it; what it logged is shown where a test failed."""
        self.python("-m", "app.embedded", "down")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One stack for the journeys of a file."""
    folder = Path(tempfile.mkdtemp(prefix="plm-j"))
    running = Stack(folder)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
