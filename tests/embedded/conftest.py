"""A short data folder for each test; nothing may be left running in it."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.watching import running_in


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that does not exist yet, in a parent that everyone may pass; nothing runs in it afterwards."""
    parent = Path(tempfile.mkdtemp(prefix="plm-")).resolve()
    parent.chmod(0o755)
    yield parent / "d"
    left = running_in(parent)
    for process in left:
        process.kill()
    shutil.rmtree(parent, ignore_errors=True)
    assert not left, f"left running: {left}"


@pytest.fixture
def until() -> Callable[[Callable[[], object], str], None]:
    """Waits until something is true; fails after 30 s."""

    def wait(happened: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + 30
        while not happened():
            assert time.monotonic() < deadline, f"in vain: {what}"
            time.sleep(0.02)

    return wait
