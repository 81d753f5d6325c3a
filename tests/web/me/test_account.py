"""The account's pages: each form does as the API does, says in its place what is wrong, shows words harmlessly."""

from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Account, Token
from app.settings import settings
from tests.web.me.test_submissions import EVIL, shown

ADA = {"username": "ada", "email": "ada@example.org", "password": "a long enough one"}
NEW = "quite another one"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate of their own: what other tests tried does not count here."""
    monkeypatch.setattr(settings(), "login_rate", "1002/minute")


@pytest.fixture
def ada(client: Any) -> Any:
    client.post("/api/v1/auth/signup", json=ADA)
    return client


def post(client: Any, path: str, **given: Any) -> Any:
    return client.post(path, data=given, follow_redirects=False)


def test_strangers_are_sent_to_sign_in(client: Any) -> None:
    assert client.get("/me", follow_redirects=False).headers["location"] == "/login?next=/me"
    assert post(client, "/me/tokens", name="x").status_code == 401


def test_a_token_is_shown_once_and_revoked(ada: Any, session: Any) -> None:
    made = post(ada, "/me/tokens", name=EVIL[:80], scopes=["read"], days="30")
    text = shown(made)
    assert (text.count("plm_"), made.headers["cache-control"]) == (1, "no-store")
    assert "plm_" not in shown(ada.get("/me"))
    token = session.scalars(select(Token)).one()
    assert (token.scopes, token.name) == (["read"], EVIL[:80].strip())
    assert post(ada, f"/me/tokens/{token.ref}/revoke").headers["location"] == "/me?done=revoked#tokens"
    assert "No such token" in shown(post(ada, f"/me/tokens/{token.ref}/revoke"), 404)


def test_a_token_for_one_competition(ada: Any, session: Any, world: Any) -> None:
    assert 'name="competition"' not in shown(ada.get("/me")), "there is none to choose"
    ada.post("/api/v1/competitions/pairs/join", json={"accept_terms": True})
    assert "<option>pairs</option>" in shown(ada.get("/me"))
    assert "pairs" in shown(post(ada, "/me/tokens", name="ci", scopes=["submit"], competition="pairs"))
    assert session.scalars(select(Token)).one().competition == "pairs"
    assert "only in pairs" in shown(ada.get("/me"))


@pytest.mark.parametrize(
    "given", [{"name": "x"}, {"name": "", "scopes": ["read"]}, {"name": "x", "scopes": ["read"], "days": "9999"}]
)
def test_a_bad_token_says_why(ada: Any, given: dict[str, Any]) -> None:
    assert "A token needs" in shown(post(ada, "/me/tokens", **given), 422)


def test_nobody_gives_a_scope_that_he_lacks(ada: Any) -> None:
    assert "You cannot give the scope admin" in shown(post(ada, "/me/tokens", name="x", scopes=["admin"]), 422)


def test_the_password_and_the_address_change(ada: Any, session: Any) -> None:
    assert "not your present password" in shown(post(ada, "/me/password", current="no", new=NEW), 401)
    done = post(ada, "/me/password", current=ADA["password"], new=NEW)
    assert "All other browsers are signed out" in shown(ada.get(done.headers["location"]))
    assert "too easy" in shown(post(ada, "/me/password", current=NEW, new="ada"), 422)
    assert "not valid" in shown(post(ada, "/me/email", email=EVIL, password=NEW), 422)
    assert post(ada, "/me/email", email="new@example.org", password=NEW).headers["location"] == "/me?done=email#email"
    assert "new@example.org" in shown(ada.get("/me"))


def test_mails_are_chosen(ada: Any) -> None:
    post(ada, "/me/mails", kinds=["scored", "nonsense"])
    wanted = ada.get("/api/v1/me/mail-preferences").json()
    assert [kind for kind, yes in wanted.items() if yes] == ["scored"]


def test_an_account_is_deleted_only_on_purpose(ada: Any, session: Any) -> None:
    assert "Write your user name" in shown(post(ada, "/me/delete", username="eve", password=ADA["password"]), 422)
    assert post(ada, "/me/delete", username="Ada", password=ADA["password"]).headers["location"] == "/goodbye"
    shown(ada.get("/goodbye"))
    assert session.scalar(select(Account.active)) is False
