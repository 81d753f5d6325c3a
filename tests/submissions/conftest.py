"""What tests of parallel posts stand on: transactions that are really committed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from app import db


@pytest.fixture
def committed(servers: None) -> Iterator[None]:
    """Real commits, wiped afterwards."""
    yield
    with db.Session.begin() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = ", ".join(name for name in names if name != "alembic_version")
        session.execute(text(f"TRUNCATE {tables} CASCADE"))
