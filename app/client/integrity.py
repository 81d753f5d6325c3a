"""Commands for organizers that show evidence: doubtful labels, and entries that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from . import show
from .http import opened
from .options import Json, Place, Slug
from .target import resolve, slug_of

All = Annotated[bool, typer.Option("--all", help="Show also what is within chance.")]


def radar(place: Place, everything: All = False, as_json: Json = False) -> None:
    """List items on which strong entries agree against the truth.

    The most suspicious first, with what speaks for and against it.
    """
    found = _asked(place, "radar")
    if as_json:
        show.document(found)
        return
    columns = ["item", "doubtful", "against", "weighted", "item-total", "p (Holm)", "wrong", "contradicting", "why"]
    rows = [
        (
            one["item_id"],
            "yes" if one["flagged"] else "",
            f"{one['strong_against']}/{one['strong']}",
            f"{one['against']:.2f}",
            "" if one["item_total"] is None else f"{one['item_total']:+.2f}",
            f"{one['p_holm']:.2g}",
            f"{one['difficulty']:.2f}",
            one["contradicting"],
            one["why"],
        )
        for one in found["items"]
        if one["flagged"] or everything
    ]
    _tell(found, columns, rows, "No label is doubtful beyond chance.")


def fingerprints(place: Place, everything: All = False, as_json: Json = False) -> None:
    """List pairs of entries that share more wrong answers or wording than chance allows.

    The most suspicious first. Pairs of one team are left out.
    """
    found = _asked(place, "fingerprints")
    if as_json:
        show.document(found)
        return
    columns = ["a", "b", "alike", "shared wrong", "by chance", "p (Holm)", "texts", "why"]
    rows = [
        (
            one["a"],
            one["b"],
            "yes" if one["flagged"] else "",
            one["shared_wrong"],
            "" if one["expected"] is None else f"{one['expected']:.1f}",
            "" if one["p_holm"] is None else f"{one['p_holm']:.2g}",
            "" if one["alike_texts"] is None else f"{one['alike_texts']:.0%}",
            one["why"],
        )
        for one in found["pairs"]
        if one["flagged"] or everything
    ]
    _tell(found, columns, rows, "No two entries are alike beyond chance.")


def accounts(slug: Slug, as_json: Json = False) -> None:
    """List accounts that may be one person's.

    By mailbox, files, answers and networks; those of one team are left out.
    """
    with opened(signed_in=True) as client:
        found = client.get(f"/competitions/{slug_of(slug)}/accounts")
    if as_json:
        show.document(found)
        return
    rows = [(one["kind"], ", ".join(one["accounts"]), one["why"]) for one in found["groups"]]
    _tell(found, ["kind", "accounts", "why"], rows, "No two accounts have anything in common.")


def _asked(place: str, what: str) -> dict[str, Any]:
    with opened(signed_in=True) as client:
        answer: dict[str, Any] = client.get(resolve(client, place, to_read=True).path(what))
    return answer


def _tell(found: dict[str, Any], columns: list[str], rows: Sequence[Sequence[object]], nothing: str) -> None:
    if found["note"]:
        show.talk(found["note"])
    if not rows:
        show.talk(nothing)
        return
    show.table(columns, rows, right=columns[2:-1])
    show.talk(found["caveat"])
