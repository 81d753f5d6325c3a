"""How sure the places of a board are: rank intervals and ties of its entries, from their values per item.

Decision: computed when a board is read and kept by the evaluations that count, which never change: a submission that
improves nothing, and the same board read again, cost a look-up. One computation at a time per process, outside any
transaction, for the best 1,000 entries at most. Rejected: computing where scores are placed, which every score of a
busy phase would wait for; a column of ranks, which is wrong with the next score.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import select

from app.db import Session
from app.leaderboards.items import ranked_items
from app.scoring.comparing import Place, places
from app.submissions.models import Evaluation

TOP = 1000
KEPT = 256
Places = dict[int, Place]
_known: "OrderedDict[tuple[str, tuple[int, ...]], Places]" = OrderedDict()
computing = Lock()
"""Held while statistics are computed: their memory is bounded once per process, not once per thread."""


def places_of(evaluation_ids: tuple[int, ...], part: str = "") -> Places:
    """The places of these evaluations, best first, among one another; those without values per item have none.

    `part`: by the `public` or the `private` items of a phase that splits them; empty: by all.
    """
    best = (part, evaluation_ids[:TOP])
    found = _known.get(best)
    if found is not None:
        return found
    with computing:
        found = _known.get(best)
        if found is None:
            found = _known[best] = _computed(best[1], part)
            while len(_known) > KEPT:
                _known.popitem(last=False)
    return found


def _computed(evaluation_ids: tuple[int, ...], part: str) -> Places:
    with Session.begin() as session:
        rows = session.execute(select(Evaluation.id, Evaluation.item_finals).where(Evaluation.id.in_(evaluation_ids)))
        finals = {row.id: np.frombuffer(row.item_finals, "<f8") for row in rows if row.item_finals is not None}
        ids = [one for one in evaluation_ids if one in finals]
        if not ids:
            return {}
        items = ranked_items(session, ids[0], part)
    if not items.places:
        return {}
    same = [one for one in ids if len(finals[one]) == len(items.strata)]
    values = np.array([finals[one][items.places] for one in same])
    return dict(zip(same, places(values, [items.strata[place] for place in items.places]), strict=True))


def add_places(rows: list[dict[str, Any]], part: str = "") -> list[dict[str, Any]]:
    """The rows of a board with `shown_rank`, `rank_ci95` and `p_first`; null where an entry cannot be compared.

    An entry that cannot be compared keeps its place, and moves those below it down by one; a baseline has no place.
    """
    ids = tuple(row["evaluation_id"] for row in rows if row.pop("comparable") and not row["baseline"])
    found = places_of(ids, part) if ids else {}
    others = 0
    for row in rows:
        place = found.get(row.pop("evaluation_id"))
        if place is None:
            others += not row["baseline"]
            row.update(shown_rank=None, rank_ci95=None, p_first=None)
            continue
        first, last = (one + others for one in place.tie)
        row.update(
            shown_rank=f"{first}-{last}" if last > first else f"{first}",
            rank_ci95=[min(place.low + others, row["rank"]), max(place.high + others, row["rank"])],
            p_first=0.0 if others else place.p_first,
        )
    return rows
