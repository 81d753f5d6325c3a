"""Commands about the mail that you get: mail list, mail set."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from . import show
from .exits import Problem
from .http import opened
from .options import Json

PATH = "/me/mail-preferences"
WORDS = {"on": True, "off": False}


def mail_list(as_json: Json = False) -> None:
    """Say which kinds of mail you get."""
    with opened(signed_in=True) as client:
        found = client.get(PATH)
    _print(found, as_json)


def mail_set(
    choices: Annotated[
        list[str], typer.Argument(metavar="KIND=on|off", help="What to change, as in `mail list`.", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Choose which kinds of mail you get."""
    changes = dict(_choice(text) for text in choices)
    with opened(signed_in=True) as client:
        known = client.get(PATH)
        for kind in changes:
            if kind not in known:
                raise Problem("usage", f"There is no mail of the kind {kind!r}.", f"There are: {', '.join(known)}.")
        found = client.ask("PUT", PATH, json={**known, **changes}, again=True).document
    _print(found, as_json)


def _choice(text: str) -> tuple[str, bool]:
    kind, _, word = text.partition("=")
    if word not in WORDS:
        raise Problem("usage", f"{text!r} is not KIND=on or KIND=off.", "See `palmares mail list`.")
    return kind, WORDS[word]


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(found)
        return
    show.table(["mail", "you get it"], [(kind, "on" if wanted else "off") for kind, wanted in found.items()])
