"""Settings that make PostgreSQL quick for tests, and an eye on what runs in a folder."""

from pathlib import Path

import psutil

from tests.embedded.standin import QUICK

__all__ = ["QUICK", "ROOT", "running_in"]
ROOT = Path(__file__).parents[2]


def running_in(folder: Path) -> list[psutil.Process]:
    """The processes that name the folder on their command line, work in it or have it as data folder. No zombies."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd(), process.environ().get("PALMARES_DATA_DIR", "")]
            if any(str(folder) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
