"""The outbox: written with its event, once per event and account, to those who want it; tried again for a day."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from app.db import now
from app.messages import outbox, service
from app.messages.letters import Letter
from app.messages.models import DEFAULTS, Mail
from app.settings import settings
from tests.messages.server import mail_on

HELLO = Letter("Hello", "Text.")


@pytest.fixture(autouse=True)
def mail(monkeypatch):
    mail_on(monkeypatch)


def mails(session) -> list[Mail]:
    session.expire_all()
    return list(session.scalars(select(Mail).order_by(Mail.created_at, Mail.ref)))


def test_an_event_is_mailed_once_to_each(session, world):
    ada, ben = world.person().account_id, world.person().account_id
    assert outbox.queue(session, [ada, ben, ada], "failed", "event:1", HELLO) == 2
    assert outbox.queue(session, [ada, ben], "failed", "event:1", HELLO) == 0
    assert outbox.queue(session, [ada], "failed", "event:2", HELLO) == 1
    assert {one.state for one in mails(session)} == {"waiting"}


def test_without_a_mail_server_nothing_is_written(session, world, monkeypatch):
    monkeypatch.setattr(settings(), "smtp_url", None)
    assert outbox.queue(session, [world.person().account_id], "failed", "event:1", HELLO) == 0
    assert mails(session) == []


@pytest.mark.parametrize("kind", DEFAULTS)
def test_who_wants_what(session, world, kind):
    default, yes, no, gone = (world.person().account_id for _ in range(4))
    service.choose(session, yes, {kind: True})
    service.choose(session, no, {kind: False})
    session.execute(text("UPDATE accounts SET active = false WHERE id = :gone"), {"gone": gone})
    outbox.queue(session, [default, yes, no, gone], kind, "event:1", HELLO)
    assert {one.account_id for one in mails(session)} == ({default, yes} if DEFAULTS[kind] else {yes})


def test_what_is_not_wanted_any_more_is_not_sent(session, world):
    ada = world.person().account_id
    for kind in ("failed", "announcement", "approved"):
        outbox.queue(session, [ada], kind, f"{kind}:1", HELLO)
    service.stop(session, ada, ["failed"])
    assert [one.kind for one in mails(session)].count("failed") == 0
    service.choose(session, ada, {"announcement": False})
    assert [one.kind for one in mails(session)] == ["approved"]
    assert service.preferences(session, ada) == DEFAULTS | {"announcement": False}


def test_a_refused_mail_is_tried_again_with_growing_pauses_and_then_failed(session, world):
    outbox.queue(session, [world.person().account_id], "failed", "event:1", HELLO)
    waited = timedelta(0)
    for number in range(1, outbox.TRIES + 1):
        mail = outbox.claim(session)
        assert mail.tries == number
        assert outbox.claim(session) is None
        outbox.retry(session, mail, "451 later")
        (row,) = mails(session)
        if number < outbox.TRIES:
            assert row.state == "waiting"
            pause = row.next_at - now(session)
            waited += pause
            assert not outbox.due(session)
            session.execute(update(Mail).values(next_at=func.clock_timestamp()))
    assert (row.state, row.error, row.tries) == ("failed", "451 later", outbox.TRIES)
    assert timedelta(hours=20) < waited < timedelta(hours=30)
    assert outbox.claim(session) is None


def test_a_server_that_is_away_costs_each_due_mail_a_try_and_a_pause(session, world):
    outbox.queue(session, [world.person().account_id, world.person().account_id], "failed", "event:1", HELLO)
    outbox.postpone(session, "refused")
    assert [(one.state, one.tries) for one in mails(session)] == [("waiting", 1)] * 2
    assert not outbox.due(session)
    session.execute(update(Mail).values(tries=outbox.TRIES - 1, next_at=func.clock_timestamp()))
    outbox.postpone(session, "refused")
    assert {(one.state, one.error) for one in mails(session)} == {("failed", "refused")}


def test_a_lost_sender_is_never_followed_by_another(session, world):
    outbox.queue(session, [world.person().account_id], "failed", "event:1", HELLO)
    mail = outbox.claim(session)
    outbox.settle(session)
    assert mails(session)[0].state == "sending", "its sender may still be at work"
    session.execute(
        update(Mail).values(claimed_at=func.clock_timestamp() - timedelta(seconds=settings().task_seconds + 61))
    )
    outbox.settle(session)
    assert (mails(session)[0].state, mails(session)[0].error) == ("failed", outbox.SENDER_LOST)
    outbox.retry(session, mail, "too late")
    outbox.sent(session, mail)
    assert mails(session)[0].state == "failed"
    assert outbox.claim(session) is None


def test_old_mails_are_forgotten_and_waiting_ones_never(session, world):
    outbox.queue(session, [world.person().account_id, world.person().account_id], "failed", "event:1", HELLO)
    outbox.sent(session, outbox.claim(session))
    session.execute(update(Mail).values(created_at=func.clock_timestamp() - outbox.KEPT - timedelta(days=1)))
    outbox.settle(session)
    assert [one.state for one in mails(session)] == ["waiting"]


@pytest.mark.parametrize("change", ["state = 'lost'", "kind = 'spam'", "state = 'sent'", "state = 'failed'"])
def test_the_database_refuses_what_makes_no_sense(session, world, change):
    outbox.queue(session, [world.person().account_id], "failed", "event:1", HELLO)
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE mails SET {change}"))  # noqa: S608
