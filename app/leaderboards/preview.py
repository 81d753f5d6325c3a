"""What a re-scoring moves: the board as it is beside the board as it would be (or was made by it).

Decision: both boards are read by the very code that places and shows them, the second one with the re-scoring's
judgements as if they had effect. So what is shown before is what stands there after.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.leaderboards.board import Row, rows_of
from app.leaderboards.columns import rule_of
from app.submissions.errors import RescoreEnded
from app.submissions.models import Evaluation, Rescore

SHOWN = 200
ITEMS = 20
LEAST = 1e-9


def moves(session: Session, rescore: Rescore, board: str = "main") -> dict[str, Any]:
    """Who moves on a board and by how much, the farthest first, and on which items scores change.

    Raises RescoreEnded where it was cancelled.
    """
    phase = rescore.phase
    if rescore.state == "cancelled":
        raise RescoreEnded(f"{rescore.ref} is cancelled, and what it made is removed.", state=rescore.state)
    if rescore.ended_at is None:
        old, new = rows_of(session, phase, board), rows_of(session, phase, board, rescore_id=rescore.id)
    else:
        before = rescore.ended_at - timedelta(microseconds=1)
        old, new = (rows_of(session, phase, board, at) for at in (before, rescore.ended_at))
    by, several = rule_of(phase).by.key, rule_of(phase).counting == "all"
    pairs = _pairs(old, new, several=several)
    changes = _changes(session, rescore, [two for _, two in pairs if two is not None])
    found = [_move(one, two, by, changes) for one, two in pairs]
    moved = [move for move in found if _differs(move)]
    moved.sort(key=lambda move: (-abs(move["places"] or 0), -abs(move["change"] or 0), move["participant"]))
    return {
        "board": board,
        "key": by,
        "entries": len(found),
        "changed": len(moved),
        "moved": sum(bool(move["places"]) for move in moved),
        "moves": moved[:SHOWN],
        "items": _items(changes),
    }


def _pairs(old: Sequence[Row], new: Sequence[Row], *, several: bool) -> list[tuple[Row | None, Row | None]]:
    """The rows before and after of each entrant, or of each entry where several of one count."""

    def keyed(rows: Sequence[Row]) -> dict[Any, Row]:
        return {(row["entrant_id"], row["ref"] if several else ""): row for row in rows}

    before, after = keyed(old), keyed(new)
    return [(before.get(key), after.get(key)) for key in after | before]


def _move(one: Row | None, two: Row | None, by: str, changes: dict[int, dict[str, float]]) -> dict[str, Any]:
    row: Row = two or one or {}
    ends = [_end(one, by), _end(two, by)]
    ranks, values = ([end and end[name] for end in ends] for name in ("rank", "value"))
    items = changes.get(row["evaluation_id"], {})
    largest = sorted(items, key=lambda item: (-abs(items[item]), item))[:ITEMS]
    return {
        "participant": row["participant"],
        "team": row["team"],
        "baseline": row["baseline"],
        "old": ends[0],
        "new": ends[1],
        "places": ranks[0] - ranks[1] if None not in ranks else None,
        "change": values[1] - values[0] if None not in values else None,
        "items_changed": len(items),
        "items": {item: items[item] for item in largest},
    }


def _end(row: Row | None, by: str) -> dict[str, Any] | None:
    if row is None:
        return None
    score = row["scores"].get(by)
    return {"rank": row["rank"], "ref": row["ref"], "value": score["value"] if score else None}


def _differs(move: dict[str, Any]) -> bool:
    same = move["old"] == move["new"]
    return not same or bool(move["items_changed"])


def _changes(session: Session, rescore: Rescore, rows: Sequence[Row]) -> dict[int, dict[str, float]]:
    """Of each counting evaluation, by how much each item's final differs from the judgement before."""
    before = aliased(Evaluation)
    ids = [row["evaluation_id"] for row in rows]
    found = session.execute(
        select(Evaluation.id, Evaluation.item_finals, before.item_finals, before.version)
        .join(before, before.submission_id == Evaluation.submission_id)
        .where(
            Evaluation.id.in_(ids),
            Evaluation.rescore_id == rescore.id,
            before.version < Evaluation.version,
            before.effective_at.is_not(None),
        )
        .order_by(Evaluation.id, before.version)
    )
    names = sorted(rescore.truth.item_ids)
    changes = {}
    for evaluation_id, new, old, _ in found:  # the last one before stays
        if new is None or old is None or len(new) != len(old):
            continue
        delta = np.frombuffer(new, "<f8") - np.frombuffer(old, "<f8")
        changes[evaluation_id] = {names[at]: float(delta[at]) for at in np.flatnonzero(np.abs(delta) > LEAST)}
    return changes


def _items(changes: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    """The items on which most scores change, and by how much on the mean of those."""
    of_item: dict[str, list[float]] = {}
    for items in changes.values():
        for item, change in items.items():
            of_item.setdefault(item, []).append(change)
    found = [
        {"item_id": item, "entries": len(deltas), "mean_change": float(np.mean(deltas))}
        for item, deltas in of_item.items()
    ]
    return sorted(found, key=lambda one: (-one["entries"], -abs(one["mean_change"]), one["item_id"]))[:ITEMS]
