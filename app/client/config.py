"""Which server, and as whom: the environment first, then one private file.

Decision: a JSON file of mode 0600 under the user's configuration folder; keyrings resolve to nothing on servers and in
CI. Tokens are kept per server address, so that the token of one server is never sent to another.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .exits import Problem

DEFAULT_URL = "http://127.0.0.1:8000"
PROJECT = Path(".palmares.toml")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Server:
    """Where to send requests, and the token to send along (empty: none)."""

    url: str
    token: str = field(default="", repr=False)
    from_environment: bool = False
    """Whether the token is PALMARES_TOKEN's."""

    @property
    def loopback(self) -> bool:
        """True where the address is this very machine."""
        return urlsplit(self.url).hostname in LOOPBACK


def default_place() -> str:
    """The competition that `.` means: PALMARES_COMPETITION, else `competition` of .palmares.toml in the working folder.

    Raises Problem (usage) where neither names one.
    """
    given = os.environ.get("PALMARES_COMPETITION", "").strip()
    if given:
        return given
    import tomllib

    try:
        found = tomllib.loads(PROJECT.read_text(encoding="utf-8")).get("competition")
    except FileNotFoundError:
        found = None
    except (OSError, ValueError) as error:
        raise Problem("config_unreadable", f"{PROJECT} cannot be read: {error}", "Mend it.") from error
    if not isinstance(found, str) or not found:
        fix = f'Give SLUG[/PHASE], or put competition = "SLUG/PHASE" into {PROJECT}, or set PALMARES_COMPETITION.'
        raise Problem("usage", "No competition is named.", fix)
    return found


def path() -> Path:
    """Where the file is: PALMARES_CONFIG, else in the user's configuration folder."""
    given = os.environ.get("PALMARES_CONFIG", "")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_config_path

    return user_config_path("palmares", appauthor=False) / "config.json"


def normal_url(text: str) -> str:
    """An address in one spelling, without slash at the end. Raises Problem for what is no http(s) address."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme.lower() not in ("http", "https") or "@" in parts.netloc:
        raise Problem(
            "url_invalid", f"{text!r} is not the address of a server.", "Give one such as https://palmares.example.org."
        )
    name = f"[{host}]" if ":" in host else host
    place = parts.path.rstrip("/").removesuffix("/api/v1")
    return urlunsplit((parts.scheme.lower(), name if port is None else f"{name}:{port}", place, "", ""))


def read() -> dict[str, Any]:
    """The file's content: `url` and `tokens` by address; empty where there is no file. Raises Problem if unreadable."""
    try:
        found = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"version": 1, "url": "", "tokens": {}}
    except (OSError, ValueError) as error:
        raise Problem(
            "config_unreadable",
            f"The configuration file {path()} cannot be read: {error}",
            "Mend or delete it, then run `palmares login`.",
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("tokens"), dict):
        raise Problem(
            "config_unreadable",
            f"The configuration file {path()} is not one of ours.",
            "Delete it, then run `palmares login`.",
        )
    return found


def write(content: dict[str, Any]) -> None:
    """Replace the file in one step; only its owner may read it (0600)."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".palmares-")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remember(url: str, token: str, token_id: str, username: str) -> None:
    """Keep a token for a server and make that server the default."""
    content = read()
    content["url"] = url
    content["tokens"][url] = {"token": token, "id": token_id, "username": username}
    write(content)


def forget(url: str) -> None:
    """Drop what is kept for a server."""
    content = read()
    if content["tokens"].pop(url, None) is not None:
        write(content)


def kept(url: str) -> dict[str, str]:
    """What the file holds for a server: token, id, username; empty if nothing."""
    found = read()["tokens"].get(url)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def server(url: str = "", token: str = "") -> Server:
    """The server to talk to: the address given, else PALMARES_URL, else the file's, else this machine.

    The token: the one given, else PALMARES_TOKEN, else the one kept for that address.

    Raises Problem for an address or a token that cannot be one.
    """
    address = normal_url(url or os.environ.get("PALMARES_URL", "") or str(read().get("url") or "") or DEFAULT_URL)
    if token:
        return Server(address, checked_token(token))
    token = os.environ.get("PALMARES_TOKEN", "").strip()
    if token:
        return Server(address, checked_token(token), from_environment=True)
    return Server(address, checked_token(kept(address).get("token", "")))


def checked_token(token: str) -> str:
    """The token, if it can travel in a header. Raises Problem if it holds blanks or anything but ASCII."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Problem("token_invalid", "The token holds characters that no token has.", "Copy it again.", status=401)
    return token


def too_open() -> str:
    """The file's mode, such as `0644`, where others than its owner may read it; else empty."""
    try:
        mode = path().stat().st_mode & 0o777
    except OSError:
        return ""
    return f"{mode:04o}" if os.name == "posix" and mode & 0o077 else ""
