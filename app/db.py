"""The database: one engine per process, one Session factory, the declarative base.

Decision: sync SQLAlchemy on psycopg 3, READ COMMITTED; every door opens `with Session.begin() as session:` and nothing
below a door commits. Refs are short, unguessable and sayable; numbers leave the server
only for clients of CodaBench, who know nothing else.
"""

import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Engine, MetaData, create_engine, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.orm import Session as OrmSession

from app.settings import settings

# No 0/o, 1/l/i, u/v: what is read aloud is typed right.
ALPHABET = "23456789abcdefghjkmnpqrstwxyz"


class Base(DeclarativeBase):
    """The declarative base: named constraints, timestamps with zone, JSON as JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy's own protocol)
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class Timestamped:
    """Adds `created_at`, stamped by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def new_ref(prefix: str) -> str:
    """A public name such as `sub_7h3k9q2mab`: about 48 bits, unguessable, sayable."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(10))


@lru_cache
def engine() -> Engine:
    """The process's engine. Workers dispose of it after a fork (`workers.main`)."""
    statement = int(settings().database_seconds * 1000)
    return create_engine(
        settings().sqlalchemy_url,
        pool_size=settings().pool_size,
        # The web process answers from a thread pool of 40: fewer connections make threads wait, not fail.
        max_overflow=settings().pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": 5,
            "options": f"-c statement_timeout={statement} -c lock_timeout=5000 "
            "-c idle_in_transaction_session_timeout=30000 -c timezone=UTC",
        },
    )


class _LazySession:
    """`Session.begin()` and `Session()`, bound to the engine on first use, so that importing opens nothing."""

    factory: sessionmaker[OrmSession] | None = None

    def _made(self) -> sessionmaker[OrmSession]:
        if self.factory is None:
            self.factory = sessionmaker(engine(), expire_on_commit=False)
        return self.factory

    def begin(self) -> Any:
        """A session in a transaction that commits at the end of the `with` block, or rolls back on an exception."""
        return self._made().begin()

    def __call__(self) -> OrmSession:
        return self._made()()


Session = _LazySession()


def now(session: OrmSession) -> datetime:
    """The database's clock: the only one that decides deadlines, leases and limits."""
    return session.execute(select(func.clock_timestamp())).scalar_one()
