"""Trusted publishing against a local issuer: who is believed, once, and what the token opens."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pytest_httpserver import HTTPServer

from app.accounts import identity
from app.competitions import publishing_routes
from app.settings import settings

AUDIENCE = "https://palmares.example.org"
KEY = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
OTHER = RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)


@pytest.fixture
def issuer(monkeypatch) -> Iterator[str]:
    """A CI system that publishes its key, and is trusted."""
    with HTTPServer("127.0.0.1") as server:
        place = server.url_for("").rstrip("/")
        keys = KeySet([KEY]).as_dict(private=False)
        server.expect_request("/.well-known/openid-configuration").respond_with_json({"jwks_uri": f"{place}/keys"})
        server.expect_request("/keys").respond_with_json(keys)
        monkeypatch.setattr(settings(), "oidc_issuers", json.dumps({place: ""}))
        monkeypatch.setattr(settings(), "public_url", AUDIENCE)
        monkeypatch.setattr(publishing_routes, "EXCHANGES", "100000/minute")
        identity._kept.clear()
        yield place


def claims(issuer: str, **changed: Any) -> dict[str, Any]:
    moment = int(time.time())
    said = {"iss": issuer, "aud": AUDIENCE, "iat": moment, "exp": moment + 300, "jti": f"job-{time.monotonic_ns()}"}
    said |= {"repository": "ada/model", "ref": "refs/heads/main", **changed}
    return {name: value for name, value in said.items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, alg: str = "RS256", kid: str = "one") -> str:
    return jwt.encode({"alg": alg, "kid": kid}, said, key, algorithms=[alg])


@pytest.fixture
def ada(client, world, issuer) -> dict[str, str]:
    """An entrant who trusts her repository's main branch."""
    headers = world.token(world.entrant())
    given = {"competition": "pairs", "issuer": issuer, "claims": {"repository": "ada/model", "ref": "refs/heads/main"}}
    assert client.post("/api/v1/me/publishers", json=given, headers=headers).status_code == 201
    return headers


def test_a_job_trades_its_identity_once_for_a_token_of_one_competition(client, ada, issuer):
    token = signed(claims(issuer))
    made = client.post("/api/v1/auth/oidc", json={"token": token})
    assert made.status_code == 200, made.text
    assert (made.json()["scopes"], made.json()["competition"]) == (["read", "submit"], "pairs")
    job = {"Authorization": f"Bearer {made.json()['token']}"}
    good = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n'
    sent = client.post("/api/v1/competitions/pairs/phases/main/submissions", content=good,
                       headers={**job, "Content-Type": "text/plain"})  # fmt: skip
    assert sent.status_code == 202, sent.text
    assert client.get(sent.headers["location"], headers=job).status_code == 200
    for path in ("/api/v1/competitions/other", "/api/v1/me/tokens", "/api/v1/submissions", "/competitions/pairs"):
        answer = client.get(path, headers=job)
        assert answer.status_code == 403, path
        assert "token_elsewhere" in answer.text or path == "/competitions/pairs"
    again = client.post("/api/v1/auth/oidc", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (403, "identity_invalid")


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://elsewhere.example.org"},
        {"aud": None},
        {"iss": "https://nobody.example.org"},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"jti": None},
    ],
)
def test_claims_that_do_not_hold_are_not_believed(client, ada, issuer, changed):
    answer = client.post("/api/v1/auth/oidc", json={"token": signed(claims(issuer, **changed))})
    assert (answer.status_code, answer.json()["code"]) == (403, "identity_invalid"), answer.text


@pytest.mark.parametrize("changed", [{"repository": "eve/model"}, {"ref": "refs/pull/1/merge"}, {"repository": None}])
def test_another_job_of_the_same_issuer_is_not_trusted(client, ada, issuer, changed):
    answer = client.post("/api/v1/auth/oidc", json={"token": signed(claims(issuer, **changed))})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_trusted")


def made_by_hand(said: dict[str, Any], alg: str, secret: bytes | None) -> str:
    """A token as no library would make it."""
    parts = ({"alg": alg, "kid": "one"}, said)
    body = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    proof = hmac.digest(secret, body, "sha256") if secret else b""
    return (body + b"." + base64.urlsafe_b64encode(proof).rstrip(b"=")).decode()


def test_signatures_that_prove_nothing_are_not_believed(client, ada, issuer):
    said = claims(issuer)
    for token in (
        made_by_hand(said, "none", None),
        made_by_hand(said, "HS256", KEY.as_pem(private=False)),
        made_by_hand(said, "RS256", None),
        signed(said, OTHER),
        signed(said, OTHER, kid="two"),
        signed(said)[:-8] + "AAAAAAAA",
        "no.token.",
        "x",
    ):
        answer = client.post("/api/v1/auth/oidc", json={"token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "identity_invalid"), (token[:40], answer.text)


def test_a_clock_that_is_a_little_off_is_forgiven(client, ada, issuer):
    moment = int(time.time())
    said = claims(issuer, iat=moment + 30, nbf=moment + 30, exp=moment + 300)
    assert client.post("/api/v1/auth/oidc", json={"token": signed(said)}).status_code == 200


def test_without_a_naming_claim_or_a_trusted_issuer_nothing_is_trusted(client, world, issuer):
    headers = world.token(world.entrant())
    given = {"competition": "pairs", "issuer": issuer, "claims": {"ref": "refs/heads/main"}}
    assert client.post("/api/v1/me/publishers", json=given, headers=headers).status_code == 422
    given = {"competition": "pairs", "issuer": "https://nobody.example.org", "claims": {"repository": "ada/model"}}
    assert client.post("/api/v1/me/publishers", json=given, headers=headers).status_code == 422
    assert client.get("/api/v1/me/publishers", headers=headers).json()["items"] == []


def test_removed_means_not_trusted(client, ada, issuer):
    [one] = client.get("/api/v1/me/publishers", headers=ada).json()["items"]
    assert client.delete(f"/api/v1/me/publishers/{one['ref']}", headers=ada).status_code == 204
    answer = client.post("/api/v1/auth/oidc", json={"token": signed(claims(issuer))})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_trusted")


def test_keys_that_cannot_be_had_are_not_the_jobs_fault(client, ada, issuer, monkeypatch):
    identity._kept.clear()
    monkeypatch.setattr(settings(), "oidc_issuers", json.dumps({issuer: "http://127.0.0.1:9/keys"}))
    answer = client.post("/api/v1/auth/oidc", json={"token": signed(claims(issuer))})
    assert answer.status_code == 503


def test_a_token_of_another_competition_reads_nothing_here_by_any_name(client, world):
    who = world.entrant()
    sent = world.submit(who)
    made = client.post("/api/v1/me/tokens", json={"name": "x", "competition": "other"}, headers=world.token(who))
    assert (made.status_code, made.json()["competition"]) == (201, "other")
    elsewhere = {"Authorization": f"Bearer {made.json()['token']}"}
    for path in (f"submissions/{sent.ref}", f"submissions/{sent.ref}/file", "competitions/pairs", "me/tokens"):
        answer = client.get(f"/api/v1/{path}", headers=elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (403, "token_elsewhere"), path
    assert client.get("/api/v1/me", headers=elsewhere).json()["token"]["competition"] == "other"
