"""`explain`: why a submission has the score that it has, down to the claims where the phase shows them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated, Any

import typer

from . import show
from .exits import Problem
from .http import Client, opened
from .options import Json, Ref
from .submissions import result_lines
from .target import ref_of

Item = dict[str, Any]
VERDICTS = ("matched", "contradicted", "missed", "unsupported")


def explain(
    ref: Ref,
    item: Annotated[
        str, typer.Option("--item", metavar="ID", help="All that is known of this pair.", show_default=False)
    ] = "",
    most: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="So many pairs, the lowest first.")] = 10,
    as_json: Json = False,
) -> None:
    """Explain a score.

    Which claims matched the expert's, contradicted them or were missed, pair by pair, where the phase shows values per
    pair; the findings of an invalid submission with their cures.
    """
    with opened(signed_in=True) as client:
        found = client.get(f"/submissions/{ref_of(ref)}")
        items = _items(client, found["ref"]) if found["state"] == "scored" else None
    if item:
        items = [one for one in items or [] if one["item_id"] == item]
        if not items:
            raise Problem("item_not_found", f"Nothing is shown of {item!r}.", "Leave --item out to see what is shown.")
    if as_json:
        show.document({"ref": found["ref"], "state": found["state"], "scores": found["scores"], "items": items})
        return
    show.out(f"{found['ref']} {found['competition']}/{found['phase']}: {found['state']}")
    for text in result_lines(found):
        show.out(text)
    if item and items:
        _one(items[0])
    elif items:
        _several(items, most)
    elif items is None and found["state"] == "scored":
        show.talk("This phase shows no values per pair: they would tell the hidden answers.")


def _items(client: Client, ref: str) -> list[Item] | None:
    """The values per pair, None where the phase does not show them."""
    try:
        text = client.text(f"/submissions/{ref}/items")
    except Problem as problem:
        if problem.code == "not_allowed":
            return None
        raise
    return [json.loads(line) for line in text.splitlines()]


def counts(items: list[Item]) -> Counter[str]:
    """How often each verdict was given: of the expert's claims, and of the own ones those without support."""
    found: Counter[str] = Counter()
    for one in items:
        claims = one.get("claims") or {"reference": [], "own": []}
        found.update(claim["verdict"] for claim in claims["reference"])
        found["unsupported"] += sum(claim["verdict"] == "unsupported" for claim in claims["own"])
    return found


def _several(items: list[Item], most: int) -> None:
    total = counts(items)
    of = sum(total[verdict] for verdict in VERDICTS[:3])
    wrong = sum(not one["answer_correct"] for one in items)
    show.out(
        f"choices: {len(items) - wrong} right, {wrong} wrong; of the experts' {of} claims {total['matched']} matched, "
        f"{total['contradicted']} contradicted, {total['missed']} missed; {total['unsupported']} of yours unsupported"
    )
    lowest = sorted(items, key=lambda one: (one["final"], one["explanation"], one["item_id"]))[:most]
    show.table(
        ["pair", "choice", "final", "explanation", "matched", "contradicted", "missed"],
        [
            (
                one["item_id"],
                "right" if one["answer_correct"] else "wrong",
                f"{one['final']:.4f}",
                f"{one['explanation']:.4f}",
                *(_aspects(one, verdict) for verdict in VERDICTS[:3]),
            )
            for one in lowest
        ],
        right=["final", "explanation"],
    )
    show.talk(f"the {len(lowest)} lowest of {len(items)} pairs; --limit N shows more, --item ID one of them whole")


def _aspects(one: Item, verdict: str) -> str:
    claims = (one.get("claims") or {}).get("reference", [])
    return ", ".join(claim["about"] for claim in claims if claim["verdict"] == verdict)


def _one(one: Item) -> None:
    for key, value in one.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            show.out(f"{key}: {value:.4f}")
    show.out(f"choice: {'right' if one['answer_correct'] else 'wrong'}")
    claims = one.get("claims") or {}
    rows = [("expert", claim) for claim in claims.get("reference", [])]
    rows += [("yours", claim) for claim in claims.get("own", [])]
    show.table(["claim of", "about", "verdict"], [(whose, claim["about"], claim["verdict"]) for whose, claim in rows])
