"""The migrations: head is what the models say, and the way back works too."""

import subprocess
import sys

from sqlalchemy import create_engine, text

from app.settings import settings
from tests.conftest import ROOT


def alembic(url: str, *words: str) -> str:
    """Run alembic on another database of the test server."""
    command = [sys.executable, "-m", "alembic", "-x", f"url={url}", *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_up_check_down_up(servers):
    admin = create_engine(settings().sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS updown"))
        connection.execute(text("CREATE DATABASE updown"))
    url = settings().sqlalchemy_url.replace("/palmares?", "/updown?")
    alembic(url, "upgrade", "head")
    assert "No new upgrade operations detected" in alembic(url, "check")
    alembic(url, "downgrade", "base")
    other = create_engine(url)
    with other.connect() as connection:
        left = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        assert left == ["alembic_version"]
        functions = text(
            "SELECT count(*) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'"
        )
        assert connection.scalar(functions) == 0
    alembic(url, "upgrade", "head")
    other.dispose()
    admin.dispose()
