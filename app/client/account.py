"""Commands about you: login, logout, whoami, token create|list|revoke.

Decision: `login` exchanges the password for a token of its own at once and keeps only that; the password is read from
the terminal or, in scripts, from standard input, never from an argument that other processes can see.
"""

from __future__ import annotations

import platform
import sys
from typing import Annotated, Any

import typer

from . import config, oidc, show
from .asking import ask
from .exits import Problem
from .http import Client, opened
from .options import Json
from .target import slug_of

LOGIN_DAYS = 90
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", metavar="SCOPE", help="read, submit, organize or admin; may be repeated.", show_default=False
    ),
]


def login(
    url: Annotated[
        str, typer.Option(metavar="URL", help="The server's address.", show_default="PALMARES_URL, else the last one")
    ] = "",
    username: Annotated[
        str, typer.Option(metavar="NAME", help="User name or e-mail address.", show_default="asked for")
    ] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    token_stdin: Annotated[
        bool,
        typer.Option("--token-stdin", help="Read a token made elsewhere from standard input, instead of signing in."),
    ] = False,
    by_oidc: Annotated[
        bool, typer.Option("--oidc", help="In a CI job: sign in by the job's identity, without any secret.")
    ] = False,
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the token.", show_default="this machine's")] = "",
    scope: Scopes = None,
    days: Annotated[int, typer.Option(metavar="DAYS", help="Life of the token.", min=1, max=365)] = LOGIN_DAYS,
    as_json: Json = False,
) -> None:
    """Sign in and keep a token.

    It is kept in a private file (mode 0600). Scopes default to read and submit, and organize for organizers.
    """
    if password_stdin + token_stdin + by_oidc > 1:
        raise Problem("usage", "Only one of --password-stdin, --token-stdin and --oidc can be given.")
    server = config.server(url)
    if server.url.startswith("http://") and not server.loopback:
        show.talk(f"note: {server.url} is not encrypted; others on the way can read your password and token")
    if token_stdin:
        made = {"token": config.checked_token(sys.stdin.readline().strip()), "id": ""}
    elif by_oidc:
        made = oidc.exchange(server)
    else:
        made = _token_by_password(server.url, username, password_stdin, name, scope, days)
    with Client(config.Server(server.url, made["token"])) as client:
        me = client.get("/me")
    token = me.get("token") or {}
    config.remember(server.url, made["token"], made["id"] or str(token.get("id") or ""), me["username"])
    if server.from_environment:
        show.talk("note: PALMARES_TOKEN is set and goes before the token that was kept now")
    if as_json:
        show.document({"url": server.url, **me})
    else:
        until = f", token valid until {show.moment(token.get('expires_at'))}" if token else ""
        show.out(f"signed in at {server.url} as {me['username']}{until}")


def _token_by_password(
    url: str, username: str, password_stdin: bool, name: str, scope: list[str] | None, days: int
) -> dict[str, Any]:
    instead = "or set PALMARES_TOKEN instead of signing in"
    if not username:
        username = ask("User name or e-mail address", "A user name is needed", f"Give --username NAME, {instead}.")
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = ask("Password", "A password is needed", f"Give --password-stdin, {instead}.", hidden=True)
    with Client(config.Server(url)) as client:
        me = client.post("/auth/login", {"username": username, "password": password})
        scopes = scope or ["read", "submit", *(["organize"] if me.get("role") in ("organizer", "admin") else [])]
        given = {"name": name or f"palmares on {platform.node() or 'this machine'}"[:80], "scopes": scopes}
        made: dict[str, Any] = client.post("/me/tokens", {**given, "expires_in_days": days})
        try:
            client.post("/auth/logout")  # the token is all that is needed from here on
        except Problem:
            show.talk("note: the sign-in's session could not be ended; it ends by itself")
    return made


def logout() -> None:
    """Revoke the kept token and forget it."""
    address = config.server().url
    kept = config.kept(address)
    if not kept.get("token"):
        show.talk(f"not signed in at {address}")
        return
    try:
        with Client(config.Server(address, config.checked_token(kept["token"]))) as client:
            client.delete(f"/me/tokens/{kept.get('id', '')}")
    except Problem as problem:
        if problem.status not in (401, 404):
            show.talk(f"note: the server did not revoke the token ({problem.detail}); it ends by itself")
    config.forget(address)
    show.talk(f"signed out at {address}")


def whoami(as_json: Json = False) -> None:
    """Say who you are, and where."""
    with opened(signed_in=True) as client:
        me = client.me()
    if as_json:
        show.document({"url": client.server.url, "token_from_environment": client.server.from_environment, **me})
        return
    show.out(f"{me['username']} ({me['role']}) at {client.server.url}")
    token = me.get("token")
    if token:
        until = show.moment(token["expires_at"])
        show.out(f"token {token['name']} ({', '.join(token['scopes'])}), valid until {until}")


def token_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.", show_default=False)],
    scope: Scopes = None,
    days: Annotated[int, typer.Option(metavar="DAYS", help="Life of the token.", min=1, max=365)] = LOGIN_DAYS,
    competition: Annotated[
        str, typer.Option(metavar="SLUG", help="The only competition in which it acts.", show_default=False)
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a token. It is printed this once and never shown again.

    Scopes default to read and submit.
    """
    with opened(signed_in=True) as client:
        given = {"name": name, "scopes": scope or ["read", "submit"], "expires_in_days": days}
        made = client.post("/me/tokens", given | ({"competition": slug_of(competition)} if competition else {}))
    if as_json:
        show.document(made)
        return
    show.talk(f"{made['id']} ({', '.join(made['scopes'])}), valid until {show.moment(made['expires_at'])}")
    show.out(made["token"])


def token_list(as_json: Json = False) -> None:
    """List your tokens, without secrets."""
    with opened(signed_in=True) as client:
        items = client.all("/me/tokens")
    if as_json:
        show.document({"items": items})
        return
    show.table(
        ["id", "name", "scopes", "valid until", "last used"],
        [
            (
                item["id"],
                item["name"],
                ", ".join(item["scopes"]),
                show.moment(item["expires_at"]),
                show.moment(item["last_used_at"]) or "never",
            )
            for item in items
        ],
    )


def token_revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token, as in `token list`.", show_default=False)],
) -> None:
    """Revoke a token; it stops working at once."""
    from .target import ref_of

    with opened(signed_in=True) as client:
        client.delete(f"/me/tokens/{ref_of(token_id)}")
    show.talk(f"revoked {token_id}")
