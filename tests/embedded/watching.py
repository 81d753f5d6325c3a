"""Settings that make PostgreSQL quick for tests, and an eye on what runs in a folder."""

from pathlib import Path

import psutil

QUICK = {"fsync": "off", "max_connections": "10", "shared_buffers": "1MB"}
ROOT = Path(__file__).parents[2]


def running_in(folder: Path) -> list[psutil.Process]:
    """The processes that name the folder on their command line, work in it or have it as data folder; zombies do not count."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd(), process.environ().get("PALMARES_DATA_DIR", "")]
            if any(str(folder) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
