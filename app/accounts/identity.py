"""Identity tokens of CI systems (OIDC): which issuer signed what about a job, for this server and now.

Decision: joserfc verifies; what is decided here is whom to believe. Issuers are the operator's setting, and only their
keys count: asymmetric ones, found by `kid`, fetched over HTTPS and kept for an hour; a key that is not known is asked
for at most once a minute. The audience is PALMARES_PUBLIC_URL and never what the request says of itself.
"""

import json
import time
from threading import Lock
from typing import Any

import httpx2
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.accounts.errors import IdentityInvalid
from app.errors import Unavailable
from app.settings import settings

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 60
KEPT_SECONDS, ASKED_AGAIN_SECONDS = 3600.0, 60.0
FETCH_SECONDS, FETCH_BYTES = 5.0, 256 * 1024


class _Keys:
    """An issuer's keys, as they were at a moment of this process's clock."""

    def __init__(self, keys: KeySet, at: float) -> None:
        self.keys, self.at = keys, at


_kept: dict[str, _Keys] = {}
_lock = Lock()


def verified(token: str) -> dict[str, Any]:
    """The claims of an identity token. Raises IdentityInvalid, Unavailable where the issuer's keys cannot be had."""
    try:
        seen = jws.extract_compact(token.encode())
        header, said = seen.headers(), json.loads(seen.payload)
    except (JoseError, ValueError) as error:
        raise IdentityInvalid("It is not a signed token.") from error
    issuer = str(said.get("iss", "")) if isinstance(said, dict) else ""
    if issuer not in settings().trusted_issuers:
        raise IdentityInvalid(f"This server does not trust the issuer {issuer[:100]!r}.")
    if header.get("alg") not in ALGORITHMS:
        raise IdentityInvalid(f"Only {' and '.join(ALGORITHMS)} are taken.")
    keys = _keys_of(issuer, str(header.get("kid", "")))
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": settings().public_url.rstrip("/")},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        registry.validate(claims)
    except (JoseError, ValueError) as error:
        raise IdentityInvalid(f"{type(error).__name__}: {error}") from error
    return dict(claims)


def _keys_of(issuer: str, kid: str) -> KeySet:
    with _lock:
        kept, moment = _kept.get(issuer), time.monotonic()
        age = moment - kept.at if kept else KEPT_SECONDS
        known = kept is not None and any(key.kid == kid for key in kept.keys.keys)
        if kept is None or age >= KEPT_SECONDS or (not known and age >= ASKED_AGAIN_SECONDS):
            kept = _kept[issuer] = _Keys(_fetched(issuer), moment)
        if not any(key.kid == kid for key in kept.keys.keys):
            raise IdentityInvalid("It is signed by a key that its issuer does not name.")
        return kept.keys


def _fetched(issuer: str) -> KeySet:
    try:
        where = (
            settings().trusted_issuers[issuer]
            or _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")["jwks_uri"]
        )
        return KeySet.import_key_set(_json(str(where)))
    except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"The keys of {issuer} cannot be had ({type(error).__name__}).") from error


def _json(url: str) -> Any:
    """A small document. Plain HTTP only from this very machine."""
    parts = httpx2.URL(url)
    if parts.scheme != "https" and parts.host not in ("127.0.0.1", "localhost"):
        raise ValueError("https only")
    with httpx2.stream("GET", url, timeout=FETCH_SECONDS, follow_redirects=False) as answer:
        answer.raise_for_status()
        content = b""
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > FETCH_BYTES:
                raise ValueError("too large")
    return json.loads(content)
