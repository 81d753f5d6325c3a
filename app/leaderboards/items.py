"""The items by which a board ranks: all of a phase's, or its public or hidden ones alone."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.competitions.models import Phase, Truth
from app.scoring.splitting import public_items
from app.submissions.models import Evaluation


@dataclass(frozen=True, slots=True)
class Items:
    """The categories of all items in the order of their ids, and the places of those that rank."""

    strata: list[str | None]
    places: list[int]


def ranked_items(session: Session, evaluation_id: int, part: str) -> Items:
    """The items of an evaluation's truth; `part`: `public`, `private`, or empty for all."""
    found = select(Evaluation.item_categories, Truth.item_ids, Phase.split)
    found = found.join(Truth, Truth.id == Evaluation.truth_id).join(Phase, Phase.id == Truth.phase_id)
    strata, ids, split = session.execute(found.where(Evaluation.id == evaluation_id)).one()
    ids = sorted(ids)
    if not part or split is None or len(ids) != len(strata):
        return Items(strata, list(range(len(strata))))
    public = public_items(ids, strata, **split)
    return Items(strata, [place for place, item_id in enumerate(ids) if (item_id in public) == (part == "public")])
