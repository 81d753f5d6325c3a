"""Alembic's environment: one migrator at a time (advisory lock), short lock waits, the metadata of every room."""

from alembic import context
from sqlalchemy import create_engine, pool, text

import app.accounts.models
import app.announcements.models
import app.audit
import app.codabench.models
import app.competitions.models
import app.leaderboards.models
import app.messages.models
import app.submissions.models
import app.webhooks.models  # noqa: F401
import workers.embeddings  # noqa: F401
from app.db import Base
from app.settings import settings

MIGRATION_LOCK = 7_261_773  # any fixed number of our own


def run() -> None:
    """Migrate the database that the settings (or `-x url=…`) name."""
    url = context.get_x_argument(as_dictionary=True).get("url") or settings().sqlalchemy_url
    if context.is_offline_mode():
        context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
        return
    connection_options = {"options": "-c lock_timeout=3000 -c timezone=UTC"}
    with create_engine(url, poolclass=pool.NullPool, connect_args=connection_options).begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '3s'"))
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
        context.run_migrations()


run()
