"""Commands for scripts and shells: `api`, `open`, `completion`.

Decision: `api` calls only the server in force, so that no address in an argument can get the token.
"""

from __future__ import annotations

import json
import sys
import webbrowser
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import show
from .boundary import run
from .exits import Problem
from .http import opened
from .target import slug_of


class Method(StrEnum):
    """What `api` can send."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Shell(StrEnum):
    """A shell that commands can be completed in."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"


def api(
    method: Annotated[Method, typer.Argument(metavar="METHOD", help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Under /api/v1, or a whole one that begins with /api/.")],
    content: Annotated[
        str, typer.Option("--data", "-d", metavar="JSON", help="The body: JSON, @FILE, or @- for standard input.")
    ] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", metavar="NAME:VALUE", help="May be repeated.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the answer there, as it came.")
    ] = None,
) -> None:
    """Send a request with your token, and print the answer.

    A failure is a document on stdout, as with --json. What the server offers: docs/api.md, or its /api/v1/docs.
    """
    run.json = True
    headers = {"Content-Type": "application/json"} if content else {}
    for one in header or []:
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise Problem("usage", f"{one!r} is not NAME:VALUE.", "For example: -H 'If-Match: *'")
        headers[name.strip()] = value.strip()
    with opened() as client:
        answer = client.call(method.value, path, _bytes(content), headers)
    if output is not None:
        output.write_bytes(answer.content)
    elif "json" in answer.headers.get("content-type", ""):
        print(json.dumps(answer.json(), indent=2), flush=True)
    elif answer.content:
        show.out(answer.text.rstrip("\r\n"))


def _bytes(content: str) -> bytes | None:
    if content == "@-":
        return sys.stdin.buffer.read()
    if content.startswith("@"):
        return Path(content[1:]).read_bytes()
    if not content:
        return None
    try:
        json.loads(content)
    except ValueError as error:
        raise Problem("usage", f"The body is no JSON: {error}", "Give JSON, or @FILE for anything else.") from error
    return content.encode()


def open_page(
    what: Annotated[str, typer.Argument(metavar="REF|SLUG", help="A submission, or a competition.")],
    only_print: Annotated[bool, typer.Option("--print", help="Open no browser.")] = False,
) -> None:
    """Print the address of a page; on a terminal, open it too."""
    with opened() as client:
        if what.startswith("sub_"):
            page = client.submission(what)["links"]["page"]
        else:
            page = f"/competitions/{client.competition(slug_of(what))['slug']}"
        address = client.link(page)
    show.out(address)
    if not only_print and show.interactive() and sys.stdout.isatty():
        webbrowser.open(address)


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print a shell's completion script.

    It completes commands and options. In bash and zsh: eval "$(palmares completion bash)", for example in ~/.bashrc.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    print(get_completion_script(prog_name="palmares", complete_var="_PALMARES_COMPLETE", shell=shell.value))
