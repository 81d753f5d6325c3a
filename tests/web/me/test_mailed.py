"""Where mailed links lead: opening does nothing, a button does, once; nobody learns who is here."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.messages.models import Mail
from tests.messages.conftest import post
from tests.web.me.test_submissions import EVIL, shown

__all__ = ["post"]
ADA = {"username": "ada", "email": "ada@example.org", "password": "a long enough one"}


@pytest.fixture
def ada(client: Any, post: Any) -> Any:
    client.post("/api/v1/auth/signup", json=ADA)
    return client


def link(session: Any, kind: str) -> str:
    mails = " ".join(session.scalars(select(Mail.text)))
    return re.findall(rf"(/{kind}/\S+)", mails)[-1]


def test_the_way_of_a_forgotten_password(ada: Any, session: Any) -> None:
    ada.cookies.clear()
    assert 'href="/reset"' in shown(ada.get("/login"))
    pages = [shown(ada.post("/reset", data={"username": name})) for name in ("ada", EVIL)]
    assert pages[0] == pages[1]
    path = link(session, "reset")
    assert "New password for ada" in shown(ada.get(path))
    assert "too easy" in shown(ada.post(path, data={"password": "ada"}), 422)
    assert "The password is set" in shown(ada.post(path, data={"password": "quite another one"}))
    assert "not valid any more" in shown(ada.get(path), 404)
    assert "not valid any more" in shown(ada.post(path, data={"password": "a third good one"}), 404)


def test_an_address_is_confirmed_by_the_button_only(ada: Any, session: Any) -> None:
    path = link(session, "verify")
    assert "not confirmed yet" in shown(ada.get("/me"))
    shown(ada.get(path))
    assert "not confirmed yet" in shown(ada.get("/me"))
    assert "is confirmed" in shown(ada.post(path))
    assert "not confirmed yet" not in shown(ada.get("/me"))


def test_without_mail_the_page_says_whom_to_ask(client: Any) -> None:
    text = shown(client.get("/reset"))
    assert "python -m app.accounts password" in text
    assert '<form method="post" action="/reset"' not in text
    assert "sends no mail" in shown(client.post("/reset", data={"username": "ada"}), 409)
