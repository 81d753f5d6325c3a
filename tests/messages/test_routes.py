"""Preferences over HTTP, and unsubscribing without signing in: a page with a button, and a mail program's one click."""

import re

from app.accounts.models import Account
from app.messages import links, service
from app.messages.models import DEFAULTS

PATH = "/api/v1/me/mail-preferences"


def test_preferences_are_read_and_replaced(client, world):
    headers = world.token(world.person())
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=headers).json() == DEFAULTS
    changed = {"scored": True, "announcement": False}
    assert client.put(PATH, json=changed, headers=headers).json() == DEFAULTS | changed
    assert client.get(PATH, headers=headers).json() == DEFAULTS | changed
    assert client.put(PATH, json={}, headers=headers).json() == DEFAULTS
    assert client.put(PATH, json={"spam": True}, headers=headers).status_code == 422
    assert client.put(PATH, json={"failed": False}, headers=world.token(world.person(), "read")).status_code == 403


def path_of(session, world) -> tuple[int, str]:
    account = session.get_one(Account, world.person().account_id)
    session.commit()
    return account.id, re.sub(r"^https?://[^/]+", "", links.unsubscribe_link(account, "failed"))


def test_a_link_that_is_only_followed_changes_nothing_and_its_button_does(client, session, world):
    account_id, path = path_of(session, world)
    page = client.get(path)
    assert page.status_code == 200
    assert '<form method="post"' in page.text
    assert service.preferences(session, account_id) == DEFAULTS
    done = client.post(path, headers={"Sec-Fetch-Site": "same-origin"})
    assert (done.status_code, "It is done" in done.text) == (200, True)
    assert service.preferences(session, account_id) == DEFAULTS | {"failed": False}
    client.post(path, data={"scope": "all"})
    assert set(service.preferences(session, account_id).values()) == {False}


def test_one_click_of_a_mail_program_is_enough(client, session, world):
    account_id, path = path_of(session, world)
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert service.preferences(session, account_id) == DEFAULTS | {"failed": False}
    multipart = client.post(path, files={"List-Unsubscribe": (None, "One-Click")})
    assert multipart.status_code == 200


def test_a_forged_link_is_a_page_that_says_so(client, session, world):
    account_id, path = path_of(session, world)
    for answer in (client.get(path[:-1]), client.post(path[:-1])):
        assert answer.status_code == 404
        assert "unsubscribe_invalid" in answer.text
    assert service.preferences(session, account_id) == DEFAULTS
