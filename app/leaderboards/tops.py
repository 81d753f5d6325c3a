"""Who led a board and when: each submission that was better than all that were sent before it.

Decision: it is made from what may count on the board that the asker may see, as a past board is, and not from boards of
the past one by one. So it stands still where the board does, and names nobody where names are hidden. A ladder shows no
score of a submission that did not climb, so it has none of this; nor has a board that ranks by a mean of ranks.
"""

from datetime import datetime

from pydantic import BaseModel

from app.accounts.service import Principal
from app.db import Session
from app.leaderboards.board import entrants_of
from app.leaderboards.columns import rule_of
from app.leaderboards.placing import candidates
from app.leaderboards.showing import Asked, look


class TopOut(BaseModel):
    """Since `at`, this was the best value; `participant` is null where names are hidden."""

    at: datetime
    value: float
    participant: str | None
    team: bool


class TopsOut(BaseModel):
    """The best values of a board's ranking column in the order of sending; `as_of` where the board stands still."""

    version: int = 1
    key: str
    direction: str
    as_of: datetime | None
    items: list[TopOut]


def tops_of(who: Principal | None, asked: Asked) -> TopsOut:
    """The tops of a board as the asker may see it. Raises as `look` does."""
    with Session.begin() as session:
        seen = look(session, who, asked)
        rule = rule_of(seen.phase)
        by_rank = any(one.key == rule.by.key and one.operation == "rank" for one in rule.computed)
        told = TopsOut(key=rule.by.key, direction=rule.by.direction, as_of=seen.as_of, items=[])
        if seen.view.ladder or by_rank:
            return told
        found = candidates(session, seen.phase, seen.board, at=seen.as_of)
        entrants = entrants_of(session, {one.entrant_id for one in found})
    best = float("-inf")
    for one in sorted(found, key=lambda one: (one.sent_at, one.submission_id)):
        entrant = entrants[one.entrant_id]
        if entrant["baseline"] or one.keys[0] <= best:
            continue
        best = one.keys[0]
        name = (entrant["participant"], entrant["team"]) if seen.view.named else (None, False)
        value = -best if rule.by.direction == "asc" else best
        told.items.append(TopOut(at=one.sent_at, value=value, participant=name[0], team=name[1]))
    return told
