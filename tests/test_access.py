"""Who may call what: every operation of the API, made from the routes, so that a new one without a row fails here.

Bodies are left out: who may is decided before what was sent is looked at. The organizers' acts, with bodies, are in
`tests/competitions/test_people_routes.py`.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.models import Account
from app.main import API, create_app
from tests.test_openapi import KNOWN, place

__all__ = ["place"]
# What anybody may call, and may read of an open competition.
PUBLIC = {
    "POST /auth/signup", "POST /auth/login", "POST /auth/logout", "POST /auth/password-reset",
    "POST /auth/password-reset/{token}", "POST /auth/email/{token}", "POST /auth/oidc",
    "GET /problems", "GET /status", "GET /competitions", "GET /competitions/{slug}", "GET /competitions/{slug}/image",
    "GET /competitions/{slug}/phases/{phase}/leaderboard/tops",
    "GET /competitions/{slug}/announcements", "GET /competitions/{slug}/leaderboard",
    "GET /competitions/{slug}/leaderboard.csv", "GET /competitions/{slug}/phases",
    "GET /competitions/{slug}/phases/{phase}/leaderboard", "GET /competitions/{slug}/phases/{phase}/leaderboard.csv",
    "GET /competitions/{slug}/teams", "GET /competitions/{slug}/phases/{phase}/public-data",
    "GET /competitions/{slug}/phases/{phase}/starting-kit",
}  # fmt: skip
# What every account may read: its own things, here none.
OWN = {
    "GET /me", "GET /me/tokens", "GET /me/export", "GET /me/mail-preferences", "GET /me/webhooks", "GET /me/publishers",
    "GET /me/invitations", "GET /me/competitions", "GET /submissions",
    "GET /competitions/{slug}/phases/{phase}/history", "GET /competitions/{slug}/phases/{phase}/submissions",
}  # fmt: skip
# Unsafe methods for which a token that may only read is enough, with the reason.
READ_IS_ENOUGH = {
    "DELETE /me": "needs a browser session and the password",
    "POST /me/password": "needs a browser session and the password",
    "POST /me/email": "needs a browser session and the password",
    "POST /me/email/verification": "mails the account's own address again",
    "POST /me/tokens": "a token makes none that may more than itself",
    "DELETE /me/tokens/{ref}": "who found a token may end it",
    "HEAD /uploads/{ref}": "changes nothing",
}
OPERATIONS = sorted(
    f"{method.upper()} {path.removeprefix(API)}"
    for path, methods in create_app().openapi()["paths"].items()
    if path.startswith(API)
    for method in methods
)


def filled(operation: str, refs: dict[str, str]) -> tuple[str, str]:
    """Method and address, each parameter naming something that exists."""
    method, _, path = operation.partition(" ")
    words = path.split("/")
    for number, word in enumerate(words):
        if word.startswith("{"):
            known = KNOWN[words[number - 1]][0]
            words[number] = refs.get(known, known)
    return method, API + "/".join(words)


def answers(client, place, operations, headers):
    """Each operation with what it answered, called by one person; nothing of it stays."""
    connection = place.session.connection()
    for operation in operations:
        method, path = filled(operation, place.refs)
        asked = {"with": place.refs["invalid"]} if "comparison" in path else {}
        mark = connection.begin_nested()
        yield operation, client.request(method, path, params=asked, headers=headers)
        if mark.is_active:
            mark.rollback()
        place.session.expire_all()


def test_a_stranger_is_asked_to_sign_in(client, place):
    wrong = []
    for operation, answer in answers(client, place, OPERATIONS, {}):
        refused = answer.status_code in (401, 403)
        told = operation.startswith("HEAD") or (refused and answer.json()["code"] == "not_signed_in")
        if refused == (operation in PUBLIC) or (refused and not told):
            wrong.append((operation, answer.status_code))
    assert not wrong


def test_an_outsider_reads_nothing_of_others(client, world, place):
    """Signed in, with every scope that an account of the role participant has, but of another competition."""
    reading = [one for one in OPERATIONS if one.startswith("GET ")]
    wrong = []
    for operation, answer in answers(client, place, reading, world.token(world.person())):
        allowed = {200, 404} if operation in PUBLIC | OWN else {403, 404}
        if answer.status_code not in allowed:
            wrong.append((operation, answer.status_code, answer.text[:200]))
    assert not wrong


@pytest.mark.parametrize("name", ["organizer", "ada"])
def test_a_token_that_reads_changes_nothing(client, place, session, name):
    """Not even with everything that its owner may do."""
    owner = session.scalars(select(Account).where(Account.username == name)).one()
    person = accounts.Principal(owner.id, name, owner.role, accounts.scopes_of(owner.role))
    secret = accounts.create_token(session, person, "reads", ["read"], timedelta(days=1))[1]
    session.commit()
    unsafe = [one for one in OPERATIONS if not one.startswith("GET ") and one not in PUBLIC]
    wrong = []
    for operation, answer in answers(client, place, unsafe, {"Authorization": f"Bearer {secret}"}):
        stopped = answer.status_code == 403 and "scope_missing" in answer.text
        if stopped == (operation in READ_IS_ENOUGH):
            wrong.append((operation, answer.status_code, answer.text[:200]))
    assert not wrong


def test_the_tables_name_only_what_exists():
    assert (PUBLIC | OWN | set(READ_IS_ENOUGH)) <= set(OPERATIONS)
