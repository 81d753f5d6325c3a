"""Shared embeddings on a real PostgreSQL: kept over restarts, exact, bounded, safe when workers race or it is away."""

import os
import threading

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import Session
from app.scoring.embedding import Embedder
from workers import embeddings
from workers.embeddings import SharedEmbeddings, evict


@pytest.fixture(scope="module")
def model() -> Embedder:
    return Embedder.load(device="cpu")


@pytest.fixture
def table(servers):
    """The empty table, really written: races need several connections."""
    clear = text("TRUNCATE embeddings")
    with Session.begin() as session:
        session.execute(clear)
    yield SharedEmbeddings()
    with Session.begin() as session:
        session.execute(clear)


def fresh(model: Embedder, store: SharedEmbeddings | None) -> Embedder:
    """The same model in another process, as far as memory goes."""
    other = Embedder(model._model, model.model_hash, model.device)
    other.store = store
    return other


def made(n: int, start: int = 0) -> dict[bytes, bytes]:
    return {f"{i:032d}".encode(): os.urandom(1536) for i in range(start, start + n)}


def kept() -> dict[bytes, bytes]:
    with Session.begin() as session:
        return {key: row for key, row in session.execute(text("SELECT key, row FROM embeddings"))}  # noqa: C416


def age(hours: int, keys: list[bytes]) -> None:
    with Session.begin() as session:
        moved = text("UPDATE embeddings SET used_at = now() - make_interval(hours => :hours) WHERE key = ANY(:keys)")
        session.execute(moved, {"hours": hours, "keys": keys})


def at_once(*calls):
    """Run all in threads that start together; raises what one of them raised."""
    gate, failed = threading.Barrier(len(calls)), []

    def run(call):
        gate.wait()
        try:
            call()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_another_process_finds_what_one_computed(model, table):
    texts = ["Image A is sharper.", "Image B is sharper.", "清晰", ""]
    one, other = fresh(model, table), fresh(model, table)
    rows = one(texts, exact=True)
    assert (one.texts_embedded, one.store_hits) == (4, 0)
    again = other(texts[::-1], exact=True)[::-1]
    assert (other.texts_embedded, other.store_hits) == (0, 4)
    assert rows.tobytes() == again.tobytes() == fresh(model, None)(texts, exact=True).tobytes()


def test_the_store_is_asked_and_told_once_for_all_texts(model):
    asked, told = [], []

    class Counting:
        def get_many(self, keys):
            asked.append(len(keys))
            return {}

        def put_many(self, rows):
            told.append(len(rows))

    mine = fresh(model, Counting())
    mine(["a", "b", "c", "a"])
    mine(["a", "b"])
    assert (asked, told) == ([3], [3])


@pytest.mark.parametrize("damage", [b"", b"x" * 7, b"\0" * 1536, b"\xff" * 1536, b"\x01" * 1540])
def test_a_damaged_row_is_ignored_computed_anew_and_mended(model, table, damage):
    mine = fresh(model, table)
    row = mine(["Image A"], exact=True)
    key = mine.key("Image A", exact=True)
    with Session.begin() as session:
        session.execute(text("UPDATE embeddings SET row = :row"), {"row": damage})
    other = fresh(model, table)
    assert np.array_equal(other(["Image A"], exact=True), row)
    assert (other.texts_embedded, other.store_hits) == (1, 0)
    assert kept() == {key: row.tobytes()}


def test_the_key_names_all_that_changes_a_row(model):
    others = [
        Embedder(model._model, "f" * 64, "cpu"),
        Embedder(model._model, model.model_hash, "cpu", "other tokenizer"),
    ]
    assert len({one.key("a") for one in [model, *others]}) == 3
    assert model.key("a") != model.key("a", exact=True)
    assert model.key("a") != model.key("b")


def test_writers_of_the_same_keys_do_not_wait_for_each_other_forever(table):
    rows = made(2_000)
    backwards = dict(reversed(rows.items()))
    for _ in range(5):
        at_once(*[lambda some=some: table.put_many(some) for some in (rows, backwards, rows, backwards)])
    assert kept() == rows


def test_readers_during_eviction_get_right_rows_or_none(table):
    rows = made(3_000)
    keys = list(rows)
    table.put_many(rows)
    wrong, seen = [], []

    def read():
        for _ in range(20):
            found = table.get_many(keys)
            seen.append(len(found))
            wrong.extend(key for key, row in found.items() if rows[key] != row)

    def shrink():
        for left in range(2_500, -1, -500):
            evict(left)
            table.put_many({key: rows[key] for key in keys[:100]})

    age(2, keys)  # so that readers touch rows too
    at_once(read, read, shrink, shrink)
    assert not wrong
    assert len(seen) == 40
    assert set(kept()) <= set(keys)


def test_the_longest_unused_go_first(table):
    rows = made(10)
    keys = sorted(rows)
    table.put_many(rows)
    age(5, keys[:6])
    assert len(table.get_many(keys[:2])) == 2  # used again just now
    assert evict(6) == 4
    assert set(kept()) == set(keys[:2] + keys[6:])
    assert evict(6) == 0


def test_a_read_moves_the_time_of_use_once_an_hour_only(table):
    rows = made(2)
    keys = sorted(rows)
    table.put_many(rows)
    age(3, keys[:1])
    with Session.begin() as session:
        before = dict(session.execute(text("SELECT key, used_at FROM embeddings")).all())
    table.get_many(keys)
    with Session.begin() as session:
        after = dict(session.execute(text("SELECT key, used_at FROM embeddings")).all())
    assert after[keys[0]] > before[keys[0]]
    assert after[keys[1]] == before[keys[1]]


def test_without_the_database_it_computes(model, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(embeddings.Session, "begin", away)
    mine = fresh(model, SharedEmbeddings())
    assert mine(["Image A"]).shape == (1, 384)
    assert mine.texts_embedded == 1


def test_eviction_comes_once_a_minute_and_never_raises(monkeypatch):
    asked = []

    def counted(kept):
        asked.append(kept)
        raise OperationalError("DELETE", {}, Exception("away"))

    monkeypatch.setattr(embeddings, "evict", counted)
    monkeypatch.setattr(embeddings, "_evicted_at", float("-inf"))
    embeddings.evict_now_and_then(5)
    embeddings.evict_now_and_then(5)
    assert asked == [5]


def test_no_transaction_is_open_while_the_model_computes(model, table, monkeypatch):
    from app import db

    mine, seen = fresh(model, table), []
    run = mine._run

    def watched(*args):
        seen.append(db.engine().pool.checkedout())
        return run(*args)

    monkeypatch.setattr(mine, "_run", watched)
    mine(["Image A", "Image B"])
    assert seen == [0]
