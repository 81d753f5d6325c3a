"""Sign-up, log-in and tokens over HTTP."""

import pytest

GOOD = {"username": "Ada", "email": "ada@example.org", "password": "a long enough one"}


def test_sign_up_in_and_out(client):
    made = client.post("/api/v1/auth/signup", json=GOOD)
    assert (made.status_code, made.json()["username"], made.json()["role"]) == (201, "ada", "participant")
    cookie = made.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/api/v1/me").json()["email"] == "ada@example.org"
    assert client.post("/api/v1/auth/logout").status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    assert client.post(
        "/api/v1/auth/login", json={"username": "ADA@example.org", "password": GOOD["password"]}
    ).is_success


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"username": "a"}, 422, "payload_invalid"),
        ({"username": "../x"}, 422, "payload_invalid"),
        ({"email": "nowhere"}, 422, "payload_invalid"),
        ({"password": "short"}, 422, "password_weak"),
        ({"password": "password12345"}, 422, "password_weak"),
        ({"role": "admin"}, 422, "payload_invalid"),
    ],
)
def test_a_bad_sign_up_says_why_and_repeats_no_password(client, change, status, code):
    answer = client.post("/api/v1/auth/signup", json=GOOD | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert GOOD["password"] not in answer.text


def test_names_are_taken_once_and_wrong_credentials_say_nothing(client):
    client.post("/api/v1/auth/signup", json=GOOD)
    assert client.post("/api/v1/auth/signup", json=GOOD).json()["code"] == "account_exists"
    answers = [
        client.post("/api/v1/auth/login", json={"username": name, "password": "wrong words"}).json()
        for name in ("ada", "nobody")
    ]
    for answer in answers:
        answer.pop("request_id")
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "wrong_credentials"


def test_a_token_is_shown_once_kept_as_a_hash_and_can_be_revoked(client, session):
    from sqlalchemy import select

    from app.accounts.models import Token

    client.post("/api/v1/auth/signup", json=GOOD)
    made = client.post("/api/v1/me/tokens", json={"name": "ci", "scopes": ["submit", "read"]}).json()
    assert made["token"].startswith("plm_")
    assert session.scalars(select(Token.token_hash)).one() != made["token"]
    assert "token" not in client.get("/api/v1/me/tokens").json()["items"][0]
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert client.get("/api/v1/me", headers=headers).json()["token"]["name"] == "ci"
    beyond = client.post("/api/v1/me/tokens", json={"name": "x", "scopes": ["admin"]})
    assert (beyond.status_code, beyond.json()["field"]) == (422, "scopes")
    assert client.delete(f"/api/v1/me/tokens/{made['id']}").status_code == 204
    assert client.get("/api/v1/me", headers=headers).json()["code"] == "token_invalid"
    assert client.delete(f"/api/v1/me/tokens/{made['id']}").json()["code"] == "token_not_found"


def test_log_in_is_slowed_down(client):
    given = {"username": "somebody", "password": "wrong words"}
    codes = [client.post("/api/v1/auth/login", json=given) for _ in range(11)]
    assert codes[-1].status_code == 429
    assert codes[-1].json()["code"] == "rate_limited"
    assert int(codes[-1].headers["retry-after"]) >= 1
