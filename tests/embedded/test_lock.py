"""The lock of a data folder: exclusive, told who holds it, free again however the holder ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.embedded.errors import DirectoryBusy
from app.embedded.lock import Lock
from tests.embedded.watching import ROOT


def test_a_second_holder_is_told_of_the_first(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    first.take()
    with pytest.raises(DirectoryBusy, match=f"process {os.getpid()}"):
        second.take()
    first.give_back()
    second.take()
    second.give_back()
    second.give_back()
    assert (tmp_path / "lock").read_text() == ""


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pathlib import Path\nfrom app.embedded.lock import Lock\n"
        f"lock = Lock(Path({str(tmp_path)!r})); lock.take(); print('held', flush=True); input()"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DirectoryBusy, match=f"process {holder.pid}"):
        Lock(tmp_path).take()
    holder.kill()
    holder.communicate()
    after = Lock(tmp_path)
    after.take()
    after.give_back()
