"""What the server's tests stand on: a real PostgreSQL and Valkey of their own, a migrated database, savepoints.

Each pytest process starts its own pair of embedded servers in a short temporary folder before any settings are read.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RAIM = Path(os.environ.get("PALMARES_RAIM_PIQA", ROOT.parent / "shared" / "data" / "raim-piqa"))

_HOME = tempfile.mkdtemp(prefix="plm-")
os.environ.update(PALMARES_DATA_DIR=f"{_HOME}/data", PALMARES_SIGNUP_RATE="100000/hour")
for name in ("PALMARES_DATABASE_URL", "PALMARES_REDIS_URL", "PALMARES_STORAGE_URL", "PALMARES_URL", "PALMARES_TOKEN"):
    os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def raim() -> Path:
    """The public RAIM-PIQA training rows, beside the project; tests that need them are skipped where they are not."""
    file = RAIM / "train_grpo_1536.jsonl"
    if not file.exists():
        pytest.skip(f"RAIM-PIQA is not at {RAIM} (PALMARES_RAIM_PIQA names another folder)")
    return file


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey, migrated to head, for this pytest process."""
    from app.embedded.servers import Servers
    from app.settings import settings

    with Servers(settings().data_dir, settings().run_dir, postgres_settings={"fsync": "off"}):
        subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, check=True)
        yield
        from app import db

        if db.engine.cache_info().currsize:
            db.engine().dispose()
