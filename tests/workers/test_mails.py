"""The sender against a real mail server: at most once with two senders, after a kill -9, and after a lost answer."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from app.accounts.models import Account
from app.db import Session
from app.messages import outbox
from app.messages.letters import Letter
from app.messages.models import Mail
from app.settings import settings
from tests.conftest import ROOT
from tests.messages.server import MailServer, mail_on
from workers import mails

HELLO = Letter("Hello", "Text.")


@pytest.fixture
def post(monkeypatch) -> Iterator[MailServer]:
    server = MailServer()
    mail_on(monkeypatch, server.port)
    yield server
    server.go_on.set()
    server.stop()


@pytest.fixture
def people(servers) -> Iterator[list[int]]:
    """Accounts that are really committed, so that several connections see them; deleted with their mails."""
    with Session.begin() as session:
        rows = [Account(username=f"m{n}", email=f"m{n}@example.org", password_hash="-") for n in range(40)]
        session.add_all(rows)
        session.flush()
        ids = [row.id for row in rows]
    yield ids
    with Session.begin() as session:
        session.execute(delete(Account).where(Account.id.in_(ids)))


def queue(people: list[int], key: str = "event:1") -> None:
    with Session.begin() as session:
        outbox.queue(session, people, "failed", key, HELLO)


def states() -> list[tuple[str, int]]:
    with Session.begin() as session:
        return [(one.state, one.tries) for one in session.scalars(select(Mail).order_by(Mail.ref))]


def due_now() -> None:
    with Session.begin() as session:
        session.execute(update(Mail).values(next_at=func.clock_timestamp()))


def test_two_senders_send_each_mail_once(post, people):
    queue(people)
    post.go_on.clear()
    senders = [threading.Thread(target=mails.round_of_mail) for _ in range(2)]
    for sender in senders:
        sender.start()
    while len(post.got) < 2:  # both are in the middle of a mail
        time.sleep(0.01)
    post.go_on.set()
    for sender in senders:
        sender.join()
    assert sorted(got.recipient for got in post.got) == sorted(f"rcpt TO:<m{n}@example.org>" for n in range(40))
    assert len({got.message["Message-ID"] for got in post.got}) == 40
    assert states() == [("sent", 1)] * 40
    mails.round_of_mail()
    assert post.connections == 2, "nobody knocks where nothing waits"


def test_a_sender_that_is_killed_while_it_sends_is_not_followed_by_another(post, people):
    queue(people[:1])
    post.go_on.clear()
    environment = os.environ | {
        "PALMARES_SMTP_URL": f"smtp://127.0.0.1:{post.port}",
        "PALMARES_MAIL_FROM": settings().mail_from,
        "PALMARES_PUBLIC_URL": settings().public_url,
    }
    command = [sys.executable, "-c", "from workers.mails import round_of_mail; round_of_mail()"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as sender:
        assert post.on_mail.wait(60), "the server has the mail and has not answered"
        os.kill(sender.pid, signal.SIGKILL)
    post.go_on.set()
    assert states() == [("sending", 1)]
    mails.round_of_mail()
    assert states() == [("sending", 1)]
    with Session.begin() as session:
        past = func.clock_timestamp() - timedelta(seconds=settings().task_seconds + 61)
        session.execute(update(Mail).values(claimed_at=past))
    mails.round_of_mail()
    mails.round_of_mail()
    assert states() == [("failed", 1)]
    assert len(post.got) == 1


def test_a_lost_answer_fails_that_mail_and_no_other(post, people):
    queue(people[:2])
    post.answers = {".": MailServer.HANG_UP}
    mails.round_of_mail()
    assert sorted(states()) == [("failed", 1), ("waiting", 0)]
    post.answers = {}
    mails.round_of_mail()
    mails.round_of_mail()
    assert sorted(states()) == [("failed", 1), ("sent", 1)]
    assert len(post.got) == 2


def test_what_the_server_did_not_take_is_tried_again(post, people):
    queue(people[:2])
    post.answers = {"RCPT": "451 greylisted"}
    mails.round_of_mail()
    assert states() == [("waiting", 1)] * 2
    mails.round_of_mail()
    assert post.connections == 1, "they are not due yet"
    post.answers = {"DATA": MailServer.HANG_UP}
    due_now()
    mails.round_of_mail()
    assert sorted(states()) == [("waiting", 1), ("waiting", 2)], (
        "a lost connection ends the round, not every mail's try"
    )
    post.answers = {}
    due_now()
    mails.round_of_mail()
    assert [state for state, _ in states()] == ["sent", "sent"]
    assert len(post.got) == 2


def test_an_unknown_recipient_is_given_up_at_once(post, people):
    queue(people[:1])
    post.answers = {"RCPT": "550 nobody of this name"}
    mails.round_of_mail()
    with Session.begin() as session:
        assert session.scalars(select(Mail.error)).one() == "550 nobody of this name"
    assert states() == [("failed", 1)]


def test_a_server_that_is_away_is_asked_once_a_round(post, people):
    queue(people[:3])
    post.stop()
    mails.round_of_mail()
    assert states() == [("waiting", 1)] * 3
    mails.round_of_mail()
    assert states() == [("waiting", 1)] * 3


def test_a_round_ends_in_time_and_the_next_goes_on(post, people, monkeypatch):
    queue(people)
    monkeypatch.setattr(mails, "ROUND_SECONDS", 0.0)
    mails.round_of_mail()
    assert post.got == []
    monkeypatch.undo()
    mail_on(monkeypatch, post.port)
    mails.round_of_mail()
    assert len(post.got) == 40
