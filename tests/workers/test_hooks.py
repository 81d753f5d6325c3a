"""The sender against real receivers: one that hangs keeps nobody else waiting, and each message is sent once."""

import threading
import time
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select, update
from werkzeug import Response

from app.accounts.models import Account
from app.accounts.service import Principal
from app.db import Session
from app.webhooks import sending, service
from app.webhooks.models import Delivery, Webhook
from app.webhooks.service import Owner
from tests.webhooks.conftest import allowed  # noqa: F401
from workers import hooks

pytestmark = pytest.mark.usefixtures("allowed", "committed")


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    with HTTPServer("127.0.0.1", threaded=True) as server:
        yield server


def hooked(*urls: str, pings: int = 1) -> None:
    """A webhook for each address, each with so many messages."""
    with Session.begin() as session:
        account = Account(username=f"h{time.monotonic_ns()}", email=f"{time.monotonic_ns()}@a.org", password_hash="-")
        session.add(account)
        session.flush()
        owner = Owner(Principal(account.id, account.username, "participant", frozenset()))
        for url in urls:
            made = service.create(session, owner, url, ["phase.opened"])
            for _ in range(pings):
                service.test(session, owner, made.ref)


def states() -> list[tuple[str, int]]:
    with Session.begin() as session:
        return sorted((one.state, one.tries) for one in session.scalars(select(Delivery)))


def due_now() -> None:
    with Session.begin() as session:
        session.execute(update(Delivery).values(next_at=func.clock_timestamp()))
        session.execute(update(Webhook).values(next_at=func.clock_timestamp()))


def test_two_rounds_send_each_message_once(receiver):
    receiver.expect_request("/hook").respond_with_data("ok")
    hooked(*[receiver.url_for("/hook")] * 5, pings=6)
    rounds = [threading.Thread(target=hooks.round_of_webhooks) for _ in range(2)]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join()
    assert states() == [("delivered", 1)] * 30
    assert len({request.headers["webhook-id"] for request, _ in receiver.log}) == len(receiver.log) == 30


def test_one_that_hangs_keeps_nobody_else_waiting(receiver, monkeypatch):
    monkeypatch.setattr(sending, "SECONDS", 1.5)
    go_on, taken = threading.Event(), threading.Event()
    receiver.expect_request("/hangs").respond_with_handler(lambda _: Response() if go_on.wait(5) else None)

    def take(_) -> Response:
        if sum(request.path == "/fine" for request, _ in receiver.log) == 19:
            taken.set()
        return Response("ok")

    receiver.expect_request("/fine").respond_with_handler(take)
    hooked(*[receiver.url_for("/hangs")] * (hooks.SENDERS - 1), pings=3)
    hooked(receiver.url_for("/fine"), pings=20)
    began = time.monotonic()
    hooks.start_round()
    assert time.monotonic() - began < 0.5, "the task does not wait for receivers"
    assert taken.wait(1.4), "all twenty, before the first of those that hang is given up"
    with hooks._running:
        go_on.set()
    assert states().count(("delivered", 1)) == 20
    assert states().count(("waiting", 1)) == hooks.SENDERS - 1, "each that hangs was asked once"


def test_500_for_long_and_then_all_arrives_with_the_same_ids(receiver):
    receiver.expect_request("/hook").respond_with_data("broken", 500)
    hooked(receiver.url_for("/hook"), pings=3)
    for _ in range(4):
        hooks.round_of_webhooks()
        hooks.round_of_webhooks()
        due_now()
    assert states() == [("waiting", 0), ("waiting", 0), ("waiting", 4)]
    [knocked] = {request.headers["webhook-id"] for request, _ in receiver.log}
    receiver.clear()
    receiver.expect_request("/hook").respond_with_data("ok")
    hooks.round_of_webhooks()
    assert [state for state, _ in states()] == ["delivered"] * 3
    assert receiver.log[0][0].headers["webhook-id"] == knocked
