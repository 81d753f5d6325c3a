"""Passwords and addresses by mail: links work once and for their time, tell nobody who is here, and end sessions."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.accounts.models import Account, BrowserSession
from app.db import Session
from app.messages import account_links
from app.messages.models import Mail
from app.messages.smtp import compose
from app.settings import settings

ADA = {"username": "ada", "email": "ada@example.org", "password": "a long enough one"}
NEW = "quite another one"
API = "/api/v1"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate of their own: what other tests tried does not count here."""
    monkeypatch.setattr(settings(), "login_rate", "1002/minute")


@pytest.fixture
def ada(client: Any, post: Any) -> Any:
    """A client that is signed in as a new account, with mail on."""
    assert client.post(f"{API}/auth/signup", json=ADA).status_code == 201
    return client


def link(session: Any, subject: str) -> str:
    """The end of the link in the newest mail of this subject."""
    mails = session.scalars(select(Mail).where(Mail.subject == subject).order_by(Mail.created_at)).all()
    return re.findall(r"/(?:reset|verify)/(\S+)", mails[-1].text)[-1]


def count(session: Any) -> int:
    return session.scalar(select(func.count()).select_from(Mail))


def sign_in(client: Any, password: str) -> int:
    given = {"username": "ada", "password": password}
    return client.post(f"{API}/auth/login", json=given).status_code


def test_a_reset_works_once_ends_all_sessions_and_confirms_the_address(ada, session):
    assert ada.post(f"{API}/auth/password-reset", json={"username": "ADA@example.org"}).status_code == 202
    path = f"{API}/auth/password-reset/{link(session, 'Your new password')}"
    weak = ada.post(path, json={"password": "ada"})
    assert weak.json()["code"] == "password_weak"
    assert ada.post(path, json={"password": NEW}).status_code == 204
    assert ada.get(f"{API}/me").status_code == 401
    assert session.scalar(select(func.count()).select_from(BrowserSession)) == 0
    assert ada.post(path, json={"password": "a third good one"}).json()["code"] == "link_invalid"
    assert [sign_in(ada, ADA["password"]), sign_in(ada, NEW)] == [401, 200]
    assert ada.get(f"{API}/me").json()["email_verified"] is True
    assert session.scalar(select(Mail.state).where(Mail.subject == "Your password was changed")) == "waiting"


def test_nobody_learns_who_is_here(ada, session):
    before = count(session)
    answers = [ada.post(f"{API}/auth/password-reset", json={"username": name}) for name in ("ada", "nobody")]
    assert [(one.status_code, one.content) for one in answers] == [(202, b"null")] * 2
    assert count(session) == before + 1


def test_resets_are_throttled_for_known_and_unknown_names_alike(ada, monkeypatch):
    monkeypatch.setattr(settings(), "reset_rate", "2/hour")
    for name in ("ada", "stranger"):
        codes = [ada.post(f"{API}/auth/password-reset", json={"username": name}).status_code for _ in range(3)]
        assert codes == [202, 202, 429]


@pytest.mark.parametrize("token", ["ada", "ada.x", "nobody.x.y.z", "ada.ImFkYSI.abc.def", "ö.x"])
def test_forged_links_are_refused(ada, token):
    answer = ada.post(f"{API}/auth/password-reset/{token}", json={"password": NEW})
    assert (answer.status_code, answer.json()["code"]) == (404, "link_invalid")


def test_a_link_lives_for_its_time_and_its_purpose(ada, session, monkeypatch):
    account = session.scalars(select(Account)).one()
    token = account_links.link_token(account, "password")
    with pytest.raises(account_links.LinkInvalid):
        account_links.opened(session, token, "address")
    later = (datetime.now(UTC) + timedelta(hours=1, seconds=2)).timestamp()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    with pytest.raises(account_links.LinkInvalid):
        account_links.opened(session, token, "password")


def test_a_change_of_the_password_keeps_this_session_only(ada, session):
    mine = dict(ada.cookies)
    assert sign_in(ada, ADA["password"]) == 200
    wrong = ada.post(f"{API}/me/password", json={"current": "wrong", "new": NEW})
    assert wrong.json()["code"] == "wrong_credentials"
    assert ada.post(f"{API}/me/password", json={"current": ADA["password"], "new": NEW}).status_code == 204
    assert ada.get(f"{API}/me").status_code == 200
    ada.cookies.clear()
    for name, value in mine.items():
        ada.cookies.set(name, value)
    assert ada.get(f"{API}/me").status_code == 401


def test_a_token_changes_neither_password_nor_address(client, world):
    headers = world.token(world.person())
    for path, given in (
        ("password", {"current": "x", "new": NEW}),
        ("email", {"email": "a@b.example", "password": "x"}),
    ):
        assert client.post(f"{API}/me/{path}", json=given, headers=headers).status_code == 403


def test_a_new_account_confirms_its_address(ada, session):
    assert ada.get(f"{API}/me").json()["email_verified"] is False
    assert ada.post(f"{API}/me/email/verification").status_code == 202
    path = f"{API}/auth/email/{link(session, 'Confirm your e-mail address')}"
    assert ada.post(path).json()["email_verified"] is True
    assert ada.post(path).json()["code"] == "link_invalid"


def test_another_address_counts_when_it_is_confirmed_and_the_old_one_is_told(ada, session):
    given = {"email": "Ada.New@Example.org", "password": ADA["password"]}
    assert ada.post(f"{API}/me/email", json=given).json()["email"] == ADA["email"]
    mail = session.scalars(select(Mail).where(Mail.recipient == "ada.new@example.org")).one()
    message = compose(mail)
    assert (message["To"], message["List-Unsubscribe"]) == ("ada.new@example.org", None)
    token = re.findall(r"/verify/(\S+)", mail.text)[0]
    assert ada.post(f"{API}/auth/email/{token}").json()["email"] == "ada.new@example.org"
    told = session.scalars(select(Mail).where(Mail.recipient == ADA["email"], Mail.subject.contains("changed"))).one()
    assert "ada.new@example.org" in told.text


def test_an_address_that_others_have_is_refused_only_to_who_reads_its_mail(ada, session, world):
    other = world.person("ben")
    given = {"email": "ben@example.org", "password": ADA["password"]}
    assert ada.post(f"{API}/me/email", json=given).status_code == 200
    mail = session.scalars(select(Mail).where(Mail.recipient == "ben@example.org")).one()
    token = re.findall(r"/verify/(\S+)", mail.text)[0]
    assert ada.post(f"{API}/auth/email/{token}").json()["code"] == "account_exists"
    assert session.get_one(Account, other.account_id).email == "ben@example.org"


def test_without_a_mail_server_the_address_changes_at_once_and_passwords_are_the_operators(client, session):
    client.post(f"{API}/auth/signup", json=ADA)
    given = {"email": "new@example.org", "password": ADA["password"]}
    assert client.post(f"{API}/me/email", json=given).json()["email"] == "new@example.org"
    assert client.post(f"{API}/auth/password-reset", json={"username": "ada"}).json()["code"] == "mail_off"
    assert count(session) == 0


def test_joining_may_ask_for_a_confirmed_address(client, world, session, post, monkeypatch):
    who = world.person()
    headers = world.token(who)
    monkeypatch.setattr(settings(), "verified_to_join", True)
    path = f"{API}/competitions/pairs/join"
    refused = client.post(path, json={"accept_terms": True}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "email_unverified")
    with Session.begin() as opened:
        opened.get_one(Account, who.account_id).email_verified_at = func.now()
    session.expire_all()
    assert client.post(path, json={"accept_terms": True}, headers=headers).status_code == 200
