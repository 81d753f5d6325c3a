"""Embeddings shared by all workers, in PostgreSQL: a text is computed once, whoever saw it first, and over restarts.

Decision: PostgreSQL, since every worker has it and it needs no further server; a row is 1.5 kB and is read in bulk. The
key already names weights, precision and libraries, so rows never go stale. `used_at` is moved once an hour at most: a
read stays a read. Everything is written in the order of the keys, and what another holds is skipped: no deadlocks.
It is a memory and no truth: where the database does not answer, that is logged and the worker computes.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Session
from app.log import log

# Bounds a statement to about 8 MB.
BULK = 5_000
EVICTION_SECONDS = 60.0

READ = text("SELECT key, row FROM embeddings WHERE key = ANY(:keys)")
TOUCH = text(
    "UPDATE embeddings SET used_at = now() WHERE key IN (SELECT key FROM embeddings WHERE key = ANY(:keys) "
    "AND used_at < now() - interval '1 hour' ORDER BY key FOR UPDATE SKIP LOCKED)"
)
# Two workers compute the same bits; a row that differs was damaged.
WRITE = text(
    "INSERT INTO embeddings (key, row) SELECT * FROM unnest(CAST(:keys AS bytea[]), CAST(:rows AS bytea[])) "
    "ON CONFLICT (key) DO UPDATE SET row = excluded.row WHERE embeddings.row <> excluded.row"
)
EVICT = text(
    "DELETE FROM embeddings WHERE key IN (SELECT key FROM embeddings ORDER BY used_at, key "
    "LIMIT least(:bulk, greatest(0, (SELECT count(*) FROM embeddings) - :kept)) FOR UPDATE SKIP LOCKED)"
)


class Embedding(Base):
    """The row (float32) of one text under one model; `key` is `Embedder.key`."""

    __tablename__ = "embeddings"
    __table_args__ = (Index("ix_embeddings_used_at", "used_at"),)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    row: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SharedEmbeddings:
    """The workers' `app.scoring.embedding.Store`: one bulk read and one bulk write for all texts that are asked."""

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The kept rows of these keys; none where the database does not answer."""
        found: dict[bytes, bytes] = {}
        try:
            for some in _bulks(keys):
                with Session.begin() as session:
                    found |= dict(session.execute(READ, {"keys": some}).all())
                    session.execute(TOUCH, {"keys": some})
        except SQLAlchemyError as error:
            log.warning("embeddings_not_read", error=type(error).__name__)
        return found

    def put_many(self, rows: Mapping[bytes, bytes]) -> None:
        """Keep these rows, or log that the database does not take them."""
        try:
            for some in _bulks(sorted(rows)):
                with Session.begin() as session:
                    session.execute(WRITE, {"keys": some, "rows": [rows[key] for key in some]})
        except SQLAlchemyError as error:
            log.warning("embeddings_not_kept", error=type(error).__name__)


def _bulks(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    return (list(keys[start : start + BULK]) for start in range(0, len(keys), BULK))


def evict(kept: int) -> int:
    """Delete what was unused for longest until `kept` rows are left; returns how many went."""
    gone = 0
    while True:
        with Session.begin() as session:
            some: Any = session.execute(EVICT, {"bulk": BULK, "kept": kept})
        gone += some.rowcount
        if some.rowcount < BULK:
            return gone


_evicted_at = float("-inf")


def evict_now_and_then(kept: int) -> None:
    """`evict`, once a minute per process at most: counting rows is not free. Never raises."""
    global _evicted_at
    if time.monotonic() - _evicted_at < EVICTION_SECONDS:
        return
    _evicted_at = time.monotonic()
    try:
        if gone := evict(kept):
            log.info("embeddings_evicted", rows=gone)
    except SQLAlchemyError as error:
        log.warning("embeddings_not_evicted", error=type(error).__name__)
