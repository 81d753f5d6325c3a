"""What people see: data on stdout, talk on stderr, and nothing that a file or a server wrote can draw on the terminal.

Decision: text from outside loses escape sequences, control and bidirectional characters before it is shown. JSON goes
out as ASCII, which needs no such care. Tables are rich's, and as wide as they need to be: nothing is cut or folded, in
a pipe or in a narrow terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

VERSION = 1
"""Version of every document that `--json` prints."""

# CSI and OSC sequences with their arguments; other escapes lose the escape character below.
_SEQUENCES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")
WIDEST = 10_000
_KEPT = frozenset("\n\t\u200c\u200d")  # the joiners are part of words and emoji


def plain(text: object) -> str:
    r"""Text from outside without escape sequences, control, bidirectional and other invisible characters.

    >>> plain("a\x1b[31mb\u202ec\rd")
    'abcd'
    """
    cut = _SEQUENCES.sub("", str(text))
    if cut.isprintable():
        return cut
    return "".join(character for character in cut if character in _KEPT or not _invisible(character))


def line(text: object) -> str:
    """Text from outside as one line."""
    return " ".join(plain(text).split())


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def interactive() -> bool:
    """Whether somebody sits there: a terminal, and no CI system (`CI` is set by all of them)."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return sys.stderr.isatty() and not in_ci


def talk(text: object) -> None:
    """Say something to a person, on stderr."""
    print(plain(text), file=sys.stderr, flush=True)


def out(text: object) -> None:
    """Print data, on stdout."""
    print(plain(text), flush=True)


def document(content: Mapping[str, Any]) -> None:
    """Print the one versioned JSON document of `--json`."""
    print(json.dumps({"version": VERSION, **content}, indent=2), flush=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> None:
    """Print rows under their columns' titles; the columns named in `right` hold numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numeric = set(right)
    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in columns:
        grid.add_column(title, justify="right" if title in numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(line(cell)) for cell in row))
    Console(file=sys.stdout, width=WIDEST, highlight=False, markup=False).print(grid, soft_wrap=True)


def moment(text: str | None, seconds: bool = False) -> str:
    """A time in the reader's own zone, to the minute or the second; empty for None, as it came if it is no time."""
    if not text:
        return ""
    try:
        return datetime.fromisoformat(text).astimezone().strftime(f"%Y-%m-%d %H:%M{':%S' if seconds else ''} %Z")
    except ValueError:
        return line(text)


def score(entry: Mapping[str, Any] | None, precision: int = 4) -> str:
    """A value with its interval, such as `0.9300 [0.8700, 0.9700]`; empty for None."""
    if not entry or entry.get("value") is None:
        return ""
    value = f"{float(entry['value']):.{precision}f}"
    interval = entry.get("ci95")
    if not interval:
        return value
    low, high = (float(bound) for bound in interval)
    return f"{value} [{low:.{precision}f}, {high:.{precision}f}]"


def finding(found: Mapping[str, Any]) -> str:
    """A finding as `file:line: code: message`, with how to mend it in a second line."""
    place = line(found.get("file") or "")
    if found.get("line"):
        place += f":{found['line']}"
    item = f" ({line(found['item_id'])})" if found.get("item_id") else ""
    head = f"{place}: " if place else ""
    text = f"{head}{line(found.get('code') or 'finding')}: {line(found.get('message') or '')}{item}"
    return f"{text}\n    {line(found['fix'])}" if found.get("fix") else text


def findings(given: Mapping[str, Any]) -> list[str]:
    """The findings of a validation document, a problem or a submission, as lines; the rest is counted."""
    kept = [found for found in given.get("findings") or [] if isinstance(found, Mapping)]
    lines = [finding(found) for found in kept]
    more = int(given.get("findings_total") or 0) - len(kept)
    return [*lines, f"… and {more} more"] if more > 0 else lines
