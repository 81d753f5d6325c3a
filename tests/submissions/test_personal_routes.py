"""One's own data: all of it for oneself, none of it for others; and what is gone when an account is deleted."""

import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account, BrowserSession, Token
from app.settings import settings
from app.submissions.models import Submission

API = "/api/v1"
ADA = {"username": "ada", "email": "ada@example.org", "password": "a long enough one"}
GOOD = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n{"id": "s_000", "answer": "B", "explanation": "y"}\n'


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A rate of their own: what other tests tried does not count here."""
    monkeypatch.setattr(settings(), "login_rate", "1001/minute")


@pytest.fixture
def ada(client, world):
    """A signed-in participant with a submission and a token."""
    client.post(f"{API}/auth/signup", json=ADA)
    client.post(f"{API}/competitions/pairs/join", json={"accept_terms": True})
    sent = {"file": ("ada-lovelace.jsonl", GOOD)}
    answer = client.post(f"{API}/competitions/pairs/phases/main/submissions", files=sent, data={"message": "by Ada L."})
    assert answer.status_code == 202
    client.post(f"{API}/me/tokens", json={"name": "ci", "scopes": ["read"]})
    return client


def test_the_export_holds_what_is_one_s_own_and_no_secret(ada, world, session):
    world.submit(world.entrant(), content=b"of another")
    session.commit()
    answer = ada.get(f"{API}/me/export")
    found = answer.json()
    assert (found["account"]["email"], len(found["submissions"]), len(found["tokens"])) == (ADA["email"], 1, 1)
    assert found["submissions"][0]["message"] == "by Ada L."
    assert found["participations"][0]["competition"] == "pairs"
    hashes = [*session.scalars(select(Account.password_hash)), *session.scalars(select(Token.token_hash))]
    hashes += session.scalars(select(BrowserSession.token_hash))
    assert not [one for one in hashes if one in answer.text and one != "-"]
    assert "attachment" in answer.headers["content-disposition"]


def test_a_deleted_account_leaves_its_scores_and_nothing_of_its_name(ada, session):
    wrong = ada.request("DELETE", f"{API}/me", json={"password": "wrong"})
    assert wrong.json()["code"] == "wrong_credentials"
    assert ada.request("DELETE", f"{API}/me", json={"password": ADA["password"]}).status_code == 204
    session.expire_all()
    assert ada.get(f"{API}/me").status_code == 401
    assert ada.post(f"{API}/auth/login", json={"username": "ada", "password": ADA["password"]}).status_code == 401
    sent = session.scalars(select(Submission)).one()
    account = sent.participation.account
    assert (sent.message, sent.file_name, account.active) == ("", "", False)
    assert account.username.startswith("deleted-")
    assert not session.scalars(select(Token)).all()
    gone = json.dumps([account.username, account.email, account.password_hash])
    assert "ada" not in gone
    assert ada.post(f"{API}/auth/signup", json=ADA).status_code == 201


def test_owners_and_tokens_delete_no_account(client, world, session):
    answer = client.request("DELETE", f"{API}/me", json={"password": "x"}, headers=world.token(world.organizer))
    assert answer.json()["code"] == "not_allowed"
    client.post(f"{API}/auth/signup", json=ADA)
    world.competition.organizer_id = session.scalar(select(Account.id).where(Account.username == "ada"))
    session.commit()
    answer = client.request("DELETE", f"{API}/me", json={"password": ADA["password"]})
    assert (answer.json()["code"], answer.json()["competitions"]) == ("still_organizing", ["pairs"])


@pytest.mark.parametrize(
    "change", ["message = 'x'", "message = '', file_name = '', file_size = 0", "file_sha256 = 'x'"]
)
def test_a_submission_changes_in_no_other_way(session, world, change):
    world.submit(world.entrant())
    with pytest.raises(IntegrityError, match="is final"):
        session.execute(text(f"UPDATE submissions SET {change}"))  # noqa: S608  (the words above)
