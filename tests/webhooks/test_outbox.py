"""The outbox: one sender a receiver, growing pauses, an end of patience, and what a lost sender leaves."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import now
from app.messages.models import Mail
from app.webhooks import outbox, service
from app.webhooks.models import Delivery, Webhook
from app.webhooks.sending import Outcome
from app.webhooks.service import Owner
from tests.messages.server import mail_on
from tests.webhooks.conftest import hooked

TAKEN, REFUSED = Outcome(200, 5, "ok"), Outcome(500, 5, "", "Not taken.")


@pytest.fixture
def owner(world) -> Owner:
    return Owner(world.person())


@pytest.fixture
def hook(session, owner) -> Webhook:
    return hooked(session, owner.who)


def ping(session, owner, hook) -> Delivery:
    return service.test(session, owner, hook.ref)


def attempt(session, outcome: Outcome) -> str | None:
    """Claim the next message and settle it so; its ref."""
    claimed = outbox.claim(session)
    if claimed is None:
        return None
    outbox.settle(session, claimed, outcome)
    return claimed.message.ref


def later(session, hook) -> timedelta:
    """Move the webhook's and its messages' next time to now; how long they had to wait."""
    session.refresh(hook)
    waited = hook.next_at - now(session)
    hook.next_at = now(session)
    for one in session.scalars(select(Delivery).where(Delivery.webhook_ref == hook.ref)):
        one.next_at = now(session)
    session.flush()
    return waited


def test_a_receiver_has_one_sender_at_a_time_and_others_are_not_kept(session, owner, hook):
    first, second = ping(session, owner, hook), ping(session, owner, hook)
    other = hooked(session, owner.who)
    elsewhere = ping(session, owner, other)
    claims = [outbox.claim(session) for _ in range(3)]
    assert {one.message.ref for one in claims[:2]} == {first.ref, elsewhere.ref}
    assert claims[2] is None
    outbox.settle(session, next(one for one in claims if one.message.ref == first.ref), TAKEN)
    assert outbox.claim(session).message.ref == second.ref


def test_what_a_lost_sender_held_is_sent_again_with_the_same_id(session, owner, hook):
    made = ping(session, owner, hook)
    lost = outbox.claim(session)
    assert outbox.claim(session) is None
    assert not outbox.due(session)
    hook.held_until = now(session) - timedelta(seconds=1)
    session.flush()
    again = outbox.claim(session)
    assert again.message.ref == lost.message.ref == made.ref
    outbox.settle(session, lost, REFUSED)  # it lived after all
    assert hook.held_until == again.held_until, "it does not let go what is another's"
    assert (made.state, hook.failures) == ("waiting", 0)
    outbox.settle(session, again, TAKEN)
    session.expire_all()
    assert (made.state, [one.status for one in made.attempts]) == ("delivered", [500, 200])


def test_a_message_that_is_asked_for_again_while_it_is_sent_is_sent_again(session, owner, hook):
    made = ping(session, owner, hook)
    claimed = outbox.claim(session)
    service.resend(session, owner, hook.ref, made.ref)
    outbox.settle(session, claimed, REFUSED)
    assert attempt(session, TAKEN) == made.ref


def test_an_outage_costs_growing_pauses_and_ends_in_a_switch_off_with_a_mail(session, owner, hook, monkeypatch):
    mail_on(monkeypatch)
    made, others = ping(session, owner, hook), [ping(session, owner, hook) for _ in range(20)]
    pauses = []
    for _ in range(outbox.TRIES):
        assert attempt(session, REFUSED) == made.ref, "one message knocks for all"
        assert attempt(session, REFUSED) is None
        pauses.append(later(session, hook))
    assert [round(one.total_seconds()) for one in pauses[:-1]] == [5, 30, 120, 600, 3600, 21600, 43200, 86400]
    session.expire_all()
    assert "9 tries in a row failed, the last one so: answered 500" in hook.disabled
    assert {one.state for one in [made, *others]} == {"failed"}
    assert [len(made.attempts), others[0].tries] == [9, 0]
    assert not outbox.due(session)
    mail = session.scalars(select(Mail)).one()
    assert (mail.account_id, mail.kind) == (owner.who.account_id, "webhook_disabled")
    assert "example.org" in mail.text
    assert "/hook" not in mail.text
    service.change(session, owner, hook.ref, {"active": True})
    service.resend(session, owner, hook.ref, made.ref)
    assert attempt(session, TAKEN) == made.ref
    session.expire_all()
    assert (made.state, hook.failures, [one.status for one in made.attempts]) == ("delivered", 0, [500] * 9 + [200])


def test_one_message_that_is_never_taken_does_not_switch_off_what_takes_others(session, owner, hook):
    poison = ping(session, owner, hook)
    for _ in range(outbox.TRIES):
        later(session, hook)
        assert attempt(session, REFUSED) == poison.ref
        later(session, hook)
        poison.next_at = now(session) + timedelta(hours=1)
        fine = ping(session, owner, hook)
        assert attempt(session, TAKEN) == fine.ref
    assert (poison.state, hook.disabled) == ("failed", "")


def test_a_receiver_that_says_gone_is_switched_off_at_once(session, owner, hook):
    made = ping(session, owner, hook)
    attempt(session, Outcome(410, 5, "", "Not taken."))
    session.expire_all()
    assert (hook.disabled, made.state) == (outbox.GONE, "failed")


def test_both_secrets_sign_until_the_old_one_is_over(session, owner, hook):
    old = hook.secret
    service.rotate(session, owner, hook.ref)
    ping(session, owner, hook)
    claimed = outbox.claim(session)
    assert claimed.message.secrets == (hook.secret, old)
    assert hook.secret != old
    hook.old_until = hook.held_until = now(session) - timedelta(seconds=1)
    session.flush()
    assert outbox.claim(session).message.secrets == (hook.secret,)


def test_old_messages_are_forgotten(session, owner, hook):
    made, fresh = ping(session, owner, hook), ping(session, owner, hook)
    attempt(session, TAKEN)
    made.created_at = now(session) - outbox.KEPT - timedelta(minutes=1)
    session.flush()
    outbox.forget(session)
    assert session.scalars(select(Delivery.ref)).all() == [fresh.ref]
