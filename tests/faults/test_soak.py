"""The short form of the soak: a few dozen submissions while things are killed; `make faults` runs it at length."""

import shutil
import tempfile
from pathlib import Path

from tests.faults.soak import Soak, verdict
from tests.journeys.conftest import Stack


def test_nothing_is_lost_or_doubled_whatever_is_killed() -> None:
    folder = Path(tempfile.mkdtemp(prefix="plm-f"))
    stack = Stack(folder)
    try:
        soak = Soak(stack, people=5, limit=10, seed=3)
        found = soak.run(each=13, every=2, seconds=25)
        assert verdict(soak, found) == []
        assert found["rows"] == 5 * 11, "ten that count and one invalid of each"
        assert sum(soak.history.faults.values()) >= 5
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)
