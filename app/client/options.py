"""Options and arguments that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_WAIT = 600


Json = Annotated[bool, typer.Option("--json", help="Print one versioned JSON document.")]
Place = Annotated[
    str,
    typer.Argument(
        metavar="SLUG[/PHASE]",
        help="Competition (. is the default one), and phase where several are open.",
        show_default=False,
    ),
]
Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The competition.", show_default=False)]
Ref = Annotated[str, typer.Argument(metavar="REF", help="The submission, such as sub_7h3k9q2m.", show_default=False)]
Submission = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A zip, or a bare .jsonl, .json or .csv file.",
        exists=True,
        dir_okay=False,
        show_default=False,
    ),
]
Wait = Annotated[
    int | None,
    typer.Option(
        "--wait",
        metavar="[SECONDS]",
        min=1,
        show_default=False,
        help=f"Wait for the score, at most this long (default: {DEFAULT_WAIT}).",
    ),
]
FailUnder = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-under", metavar="KEY=VALUE", show_default=False, help="Exit with 9 below this score; may be repeated."
    ),
]


def with_default_wait(arguments: list[str]) -> list[str]:
    """Command-line arguments in which a bare `--wait` has its value: a number behind it is one, anything else is not.

    >>> with_default_wait(["submit", "--wait", "x", "f.zip", "--wait", "5"])
    ['submit', '--wait=600', 'x', 'f.zip', '--wait=5']
    """
    done: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*done, word, *rest]
        if word == "--wait":
            numeric = bool(rest) and rest[0].replace(".", "", 1).isdecimal()
            word = f"--wait={rest.pop(0) if numeric else DEFAULT_WAIT}"
        done.append(word)
    return done
