"""Mailboxes behind addresses, and traces that hold no address, come only with a key and go in time."""

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from app.accounts import traces
from app.accounts.models import AccountTrace
from app.db import now
from app.settings import settings


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada+raim@example.org", "ada@example.org"),
        ("a.da@example.org", "a.da@example.org"),
        ("a.d.a+2@gmail.com", "ada@gmail.com"),
        ("ada@googlemail.com", "ada@gmail.com"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_the_mailbox_behind_an_address(email, expected):
    assert traces.mailbox(email) == expected


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setattr(settings(), "trace_key", SecretStr("a key"))


def test_one_network_is_one_hash_and_another_key_another(key, monkeypatch):
    hashed = traces.address_hash("192.0.2.7")
    assert len(hashed) == 64
    assert traces.address_hash("::ffff:192.0.2.7") == hashed
    assert traces.address_hash("192.0.2.8") != hashed
    assert traces.address_hash("2001:db8::1") == traces.address_hash("2001:db8::ffff:2")
    assert traces.address_hash("2001:db8:0:1::1") != traces.address_hash("2001:db8::1")
    assert [traces.address_hash(one) for one in ("127.0.0.1", "::1", "unknown")] == [None] * 3
    monkeypatch.setattr(settings(), "trace_key", SecretStr("another"))
    assert traces.address_hash("192.0.2.7") != hashed


def test_signing_in_leaves_one_trace_per_network_for_a_while(session, world, key):
    who = world.person()
    for address in ("192.0.2.7", "192.0.2.7", "198.51.100.1"):
        traces.keep(session, who.account_id, address)
    kept = session.scalars(select(AccountTrace).where(AccountTrace.account_id == who.account_id)).all()
    assert len(kept) == 2
    assert not any("192.0.2" in one.address_hash for one in kept)
    kept[0].seen_at = now(session) - timedelta(days=settings().trace_days, seconds=1)
    session.flush()
    traces.forget(session)
    assert session.scalars(select(AccountTrace.address_hash)).all() == [kept[1].address_hash]


def test_sign_up_and_log_in_leave_them_only_with_a_key(session, monkeypatch):
    from fastapi.testclient import TestClient

    from app.main import create_app

    client = TestClient(create_app(), client=("192.0.2.7", 1))
    log_in = {"username": "ada", "password": "correct horse battery"}
    given = {**log_in, "email": "ada@example.org"}
    assert client.post("/api/v1/auth/signup", json=given).status_code == 201
    assert session.scalars(select(AccountTrace)).all() == []
    monkeypatch.setattr(settings(), "trace_key", SecretStr("a key"))
    assert client.post("/api/v1/auth/login", json=log_in).status_code == 200
    assert session.scalars(select(AccountTrace.address_hash)).all() == [traces.address_hash("192.0.2.7")]
