"""Questions to a person: only where there is a terminal and no CI system, and never on stdout, which is for data.

Decision: not typer's prompts, because they write a blank to stdout before they read.
"""

from __future__ import annotations

import sys

import typer

from . import show
from .exits import Problem


def ask(question: str, without: str, instead: str, *, hidden: bool = False) -> str:
    """The answer to a question; `hidden`: it is not echoed.

    Raises Problem (usage) where there is no terminal: `without` says what is needed, `instead` what to give.
    """
    if not (sys.stdin.isatty() and show.interactive()):
        raise Problem("input_needed", f"{without}, and there is no terminal to ask at.", instead)
    if hidden:
        import getpass

        try:
            return getpass.getpass(f"{question}: ", stream=sys.stderr)
        except EOFError as error:
            raise typer.Abort from error
    print(f"{show.line(question)}: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise typer.Abort
    return answer.strip()
