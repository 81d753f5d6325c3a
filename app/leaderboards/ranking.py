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
from sqlalchemy.orm import Session as OrmSession

from app.competitions.models import Phase, Truth
from app.db import Session
from app.scoring.comparing import Place, places
from app.scoring.splitting import public_items
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
        strata, chosen = _strata(session, ids[0], part)
    same = [one for one in ids if len(finals[one]) == len(strata)]
    values = np.array([finals[one][chosen] for one in same])
    found = places(values, [strata[place] for place in chosen]) if chosen else []
    return dict(zip(same, found, strict=True)) if chosen else {}


def _strata(session: OrmSession, evaluation_id: int, part: str) -> tuple[list[str | None], list[int]]:
    """The categories of the items in order, and the places of those that rank."""
    found = select(Evaluation.item_categories, Truth.item_ids, Phase.split)
    found = found.join(Truth, Truth.id == Evaluation.truth_id).join(Phase, Phase.id == Truth.phase_id)
    strata, ids, split = session.execute(found.where(Evaluation.id == evaluation_id)).one()
    ids = sorted(ids)
    if not part or split is None or len(ids) != len(strata):
        return strata, list(range(len(strata)))
    public = public_items(ids, strata, **split)
    return strata, [place for place, item_id in enumerate(ids) if (item_id in public) == (part == "public")]


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
