"""Trusted publishing: a CI job proves who it is by its CI system's identity token (OIDC), so that no secret is stored.

Decision: the token is asked for with the server's own address as its audience, so that no other server could use it.
GitHub is asked for one; elsewhere, as in GitLab, the job's file names a variable that holds one.
"""

from __future__ import annotations

import os
from typing import Any

from . import config
from .exits import Problem
from .transport import Connection

VARIABLE = "PALMARES_ID_TOKEN"


def exchange(server: config.Server) -> dict[str, Any]:
    """A short token of Palmares for this job's identity: `token`, and perhaps `id`. Raises Problem."""
    identity = os.environ.get(VARIABLE, "").strip() or _of_github(server.url)
    with Connection(config.Server(server.url)) as client:
        found: dict[str, Any] = client.ask("POST", "/auth/oidc", json={"token": identity}, again=True).document
    return {"id": "", **found, "token": config.checked_token(str(found["token"]))}


def _of_github(audience: str) -> str:
    """The identity token of this GitHub job. Raises Problem (no_identity)."""
    import httpx2

    url = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
    secret = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    if not url or not secret:
        raise Problem(
            "no_identity",
            "This job has no identity token.",
            f"On GitHub, give the job `permissions: id-token: write`; elsewhere set {VARIABLE} to one for {audience}.",
            status=401,
        )
    try:
        answer = httpx2.get(
            httpx2.URL(url).copy_merge_params({"audience": audience}),
            headers={"Authorization": f"bearer {secret}", "Accept": "application/json"},
            timeout=30,
        )
        return str(answer.raise_for_status().json()["value"])
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError, TypeError) as error:
        kind = type(error).__name__
        raise Problem(
            "no_identity", f"GitHub gives this job no identity token ({kind}).", "Run the job again.", status=502
        ) from error
