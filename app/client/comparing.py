"""`diff`: two submissions side by side, asked of the server by their references or computed here from two files.

Decision: what is given decides: two files are compared offline, two references on the server; a mixture is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from . import show
from .exits import Problem
from .http import opened
from .options import Json
from .target import ref_of

FEW = 20
"""So many ids of items are named in words; --json has all."""
TITLES = {"final": "Final", "accuracy": "Accuracy", "explanation": "Explanation"}


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A reference, or a file of items.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="The one to compare it with.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Compare two submissions.

    Says by how much A is better than B, and whether chance could be the reason. A and B are references of one phase's
    submissions, or, offline, two files that `palmares score --items` wrote. Of somebody else's entry on the
    board, only means and tests are told.
    """
    files = [Path(text).is_file() for text in (a, b)]
    if all(files):
        found = offline(Path(a), Path(b))
    elif any(files):
        raise Problem("usage", "One is a file and the other is not.", "Give two references, or two files of items.")
    else:
        first, second = ref_of(a), ref_of(b)
        with opened(signed_in=True) as client:
            found = dict(client.compare(first, second))
    if as_json:
        show.document(found)
    else:
        show_comparison(found)


def offline(a: Path, b: Path) -> dict[str, Any]:
    """The comparison of two files of items. Raises Problem (same_submission, items_unusable)."""
    from ..scoring.comparing import ItemsUnusable, compare, read_items

    if a.samefile(b):
        raise Problem("same_submission", f"{a} and {b} are one file.", "Name two different files.")
    read = []
    for path in (a, b):
        try:
            read.append(read_items(path.read_bytes()))
        except ItemsUnusable as error:
            raise Problem(error.code, f"{path}: {error}", error.fix) from error
    try:
        found = compare(read[0], read[1])
    except ItemsUnusable as error:
        raise Problem(error.code, f"{a} and {b}: {error}", error.fix) from error
    return {"a": str(a), "b": str(b), **found.as_dict()}


def show_comparison(found: dict[str, Any]) -> None:
    """Print a comparison: differences with intervals and p-values, overall and by category, then the verdict."""
    rows = [("all", found["n_items"], key, found["scores"][key], "") for key in TITLES]
    for name, group in found["categories"].items():
        p_holm = f"{group['p_holm']:.4f}"
        rows.append((name, group["n_items"], "final", group["scores"]["final"], p_holm))
        rows.append((name, group["n_items"], "accuracy", group["scores"]["accuracy"], ""))
    show.table(
        ["items", "n", "score", "A", "B", "A - B [95 %]", "p", "p (Holm)"],
        [
            (items, n, TITLES[key], f"{one['a']:.4f}", f"{one['b']:.4f}", _signed(one), f"{one['p_value']:.4f}", p)
            for items, n, key, one, p in rows
        ],
        right=["n", "A", "B", "A - B [95 %]", "p", "p (Holm)"],
    )
    show.out("")
    if "items" in found:
        counts, choice = found["items"], found["choice"]
        show.out(f"items: A better in {counts['won']}, B better in {counts['lost']}, equal in {counts['tied']}")
        show.out(f"choice: right only in A {choice['only_a_right']}, only in B {choice['only_b_right']}")
    for side, ids in (("A", "won"), ("B", "lost")):
        named = found.get("item_ids", {}).get(ids)
        if named:
            more = f" … and {len(named) - FEW} more" if len(named) > FEW else ""
            show.out(f"{side} better in: {', '.join(map(show.line, named[:FEW]))}{more}")
    better = "A" if found["scores"]["final"]["difference"] > 0 else "B"
    show.out(f"{better} is better (5 %)" if found["separable"] else "They cannot be told apart (5 %).")


def _signed(one: dict[str, Any]) -> str:
    low, high = one["ci95"]
    return f"{one['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
