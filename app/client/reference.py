"""docs/cli.md, written from the commands themselves: `python -m app.client.reference > docs/cli.md`; a test holds both
equal, so that the page cannot fall behind.
"""

from __future__ import annotations

import sys
from typing import Any

import typer

from .exits import MEANINGS
from .main import COMMANDS, build
from .schemas import by_command

WIDTH = 100
INTRODUCTION = """\
# The `palmares` command

This page is written from the commands themselves (`python -m app.client.reference > docs/cli.md`).

- Data goes to stdout, talk to stderr. `--json` prints one versioned document, also for a failure:
  `{"version": 1, "error": {"code", "detail", "fix", …}, "exit_code": n}`.
- `PALMARES_URL` and `PALMARES_TOKEN` go before what `palmares login` kept: a file of mode 0600 in the user's
  configuration folder, or at `PALMARES_CONFIG`. Tokens are kept per server.
- Without a terminal nothing is asked; the message names the option to give.
- Times are shown in the local zone, in `--json` in UTC. `NO_COLOR` is honoured. Bars and questions come on a terminal
  only, and not where `CI` is set.
- `.` is a default competition: `PALMARES_COMPETITION`, or `competition = "SLUG/PHASE"` in `.palmares.toml` of the
  working folder.
- Reads, uploads and other calls that cannot count twice are sent again a few times when the server is away or says when
  to come back (`Retry-After`).
- `palmares completion SHELL` prints the completion script; `palmares --debug …` shows each request with its id, and
  tracebacks; tokens are never shown.
- Every document has a JSON Schema, named below ([of a failure](schemas/failure.json)). A document's keys stay; new ones
  may come. The same calls from Python: [python.md](python.md).

## Exit codes
"""


def reference() -> str:
    """The page, as Markdown."""
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items())
    sections = "\n".join(_section(name) for name, _, _ in COMMANDS)
    return f"{INTRODUCTION}\n| code | meaning |\n| ---: | --- |\n{rows}\n\n## Commands\n\n{sections}"


def _section(name: str) -> str:
    command: Any = typer.main.get_command(build())
    for word in name.split():
        command = command.commands[word]
    context = typer.Context(command, info_name=f"palmares {name}", terminal_width=WIDTH)
    document = by_command().get(name)
    schema = f"\n`--json`: [{document}](schemas/{document}.json)\n" if document else ""
    return f"### {name}\n\n```text\n{command.get_help(context)}\n```\n{schema}"


if __name__ == "__main__":
    sys.stdout.write(reference())
