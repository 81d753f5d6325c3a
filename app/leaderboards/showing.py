"""A board as somebody may see it: which one, as of when, under which names, with which columns.

Decision: a pseudonym is made from the ref of the entrant's first submission in the phase. A ref is random and known to
its sender only, or stands on this very board, so that neither can be turned back into a person, nor the order of
pseudonyms into that of joining; and the names of another, published phase do not help.
"""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session as OrmSession

from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Participation, Phase, Team
from app.competitions.visibility import View, view_of
from app.db import ALPHABET, Session, now
from app.leaderboards.board import Row, as_ladder, rows_of, version_of
from app.leaderboards.columns import columns_of
from app.leaderboards.errors import BoardHidden, BoardNotFound
from app.leaderboards.keeping import Made, Shelf
from app.leaderboards.placing import ENTRANT, boards_of, part_of
from app.leaderboards.ranking import add_places
from app.leaderboards.schemas import BoardOut
from app.submissions.models import Submission
from app.submissions.rescoring import last_applied

LETTERS = 6
_kept = Shelf()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: a board (empty: the one that is shown first), and a past moment (None: as it is shown now)."""

    slug: str
    phase: str
    board: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A board as this viewer may see it; `as_of` is None for the present one."""

    phase: Phase
    view: View
    board: str
    as_of: datetime | None


def look(session: OrmSession, who: Principal | None, asked: Asked) -> Look:
    """Decide what is shown. Raises CompetitionNotFound, PhaseNotFound, BoardNotFound, BoardHidden."""
    phase = competitions.phase_of(session, asked.slug, asked.phase)
    moment = now(session)
    view = view_of(phase, who, moment)
    board = asked.board or view.boards[0]
    if board not in boards_of(phase):
        raise BoardNotFound(f"{asked.phase!r} has: {', '.join(boards_of(phase))}.")
    if board not in view.boards:
        raise BoardHidden(f"Of {asked.phase!r} is shown now: {', '.join(view.boards)}.")
    until = view.frozen_at or moment
    return Look(phase, view, board, asked.at if asked.at is not None and asked.at < until else view.frozen_at)


def tag_of(session: OrmSession, who: Principal | None, seen: Look) -> str | None:
    """What changes with the board, before any row is read; None for one of the past: only its content tells that.

    The number of changes of the present board would tell that something goes on behind one that stands still.
    """
    if seen.as_of is not None:
        return None
    viewer = who.account_id if who is not None else None
    return digest(seen.phase.id, version_of(session, seen.phase.id), seen.board, seen.view, viewer)


def digest(*parts: Any) -> str:
    """Parts as a short string for an ETag."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def board_of(who: Principal | None, asked: Asked) -> BoardOut:
    """The board as the asker may see it. Raises as `look` does."""
    with Session.begin() as session:
        seen = look(session, who, asked)
        mine = own_entrant(session, seen.phase.competition_id, who)
        # Read before the rows: what is kept under a version is never older than it.
        version = version_of(session, seen.phase.id)
        key = _key(seen, version)
        made = _kept.get(key)
        if made is not None:
            return made.seen_by(mine)
        rows = rows_of(session, seen.phase, seen.board, seen.as_of)
        rows = as_ladder(rows) if seen.view.ladder else rows
        entrants = _hide_names(session, seen, rows)
        told = _told(session, seen, asked, version)
    shown = {column["key"] for column in told["columns"]}
    for row in rows:
        row["scores"] = {key: score for key, score in row["scores"].items() if key in shown}
    board = BoardOut.model_validate({**told, "rows": add_places(rows, part_of(seen.phase, seen.board))})
    made = Made(board, entrants)
    _kept.put(key, made)
    return made.seen_by(mine)


def _key(seen: Look, version: int) -> Hashable:
    """All that a board is made from. An edit of the competition may change it without a new version of the board."""
    phase = seen.phase
    rules = repr((phase.board, phase.plan, phase.split))
    return phase.id, version, phase.competition.version, rules, seen.board, seen.view, seen.as_of


def _told(session: OrmSession, seen: Look, asked: Asked, version: int) -> dict[str, Any]:
    """What stands above the rows."""
    phase, view = seen.phase, seen.view
    columns = columns_of(phase, organizer=view.organizer)
    return {
        "competition": asked.slug,
        "phase": asked.phase,
        "board": seen.board,
        "boards": view.boards,
        "board_version": None if seen.as_of else version,
        "as_of": seen.as_of,
        "frozen": view.frozen_at is not None,
        "published": view.published,
        "anonymous": not view.named,
        "rescored": _rescored(session, seen),
        "columns": [column for column in columns if column["primary"] or not view.ladder],
    }


def _rescored(session: OrmSession, seen: Look) -> dict[str, Any] | None:
    found = last_applied(session, seen.phase, seen.as_of)
    return found and {"at": found.ended_at, "reason": found.reason, "truth_version": found.truth.number}


def _hide_names(session: OrmSession, seen: Look, rows: list[Row]) -> list[tuple[int, str, bool]]:
    """Hide names where they are hidden; returns each row's entrant with the name that is theirs."""
    hidden = {} if seen.view.named else pseudonyms(session, seen.phase)
    entrants = []
    for row in rows:
        entrant_id = row.pop("entrant_id")
        entrants.append((entrant_id, row["participant"], row["team"]))
        if hidden and not row["baseline"]:
            row.update(participant=hidden[entrant_id], team=False)
    return entrants


def own_entrant(session: OrmSession, competition_id: int, who: Principal | None) -> int | None:
    """The asker's entrant in the competition: their own participation, or that of their team's lead."""
    if who is None:
        return None
    own = select(ENTRANT).select_from(Participation).outerjoin(Team, Team.id == Participation.team_id)
    mine = (Participation.competition_id == competition_id, Participation.account_id == who.account_id)
    found: int | None = session.scalar(own.where(*mine))
    return found


def pseudonyms(session: OrmSession, phase: Phase) -> dict[int, str]:
    """A name of chance for each entrant of the phase."""
    first = (
        select(ENTRANT, Submission.ref)
        .ext(distinct_on(ENTRANT))
        .select_from(Submission)
        .join(Participation, Participation.id == Submission.participation_id)
        .outerjoin(Team, Team.id == Participation.team_id)
        .where(Submission.phase_id == phase.id)
        .order_by(ENTRANT, Submission.id)
    )
    return {entrant_id: _pseudonym(ref) for entrant_id, ref in session.execute(first)}


def _pseudonym(ref: str) -> str:
    drawn = hashlib.sha256(f"pseudonym {ref}".encode()).digest()
    return "anonymous-" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in drawn[:LETTERS])
