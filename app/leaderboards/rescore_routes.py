"""HTTP doors of re-scoring: begin, follow, see who moves, apply, cancel."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session as OrmSession

from app.accounts.guards import Organizer
from app.broker import nudge
from app.competitions.judges import plan_of
from app.db import Session
from app.leaderboards import service
from app.leaderboards.errors import BoardNotFound
from app.leaderboards.placing import boards_of
from app.leaderboards.preview import moves
from app.submissions import evaluation as machine
from app.submissions import rescoring
from app.submissions.models import Rescore

router = APIRouter(tags=["re-scoring"])
ALL = "/competitions/{slug}/phases/{phase}/rescores"
ONE = "/rescores/{ref}"


class RescoreIn(BaseModel):
    """What to judge by: another version of the truth, another plan, or neither: the scorer as it is now."""

    model_config = ConfigDict(extra="forbid")

    truth_version: Annotated[int | None, Field(ge=1)] = None
    plan: dict[str, Any] | None = Field(None, description="A plan as in a bundle's `scorer`.")
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = Field(
        "", description="Why, for participants to read beside their changed scores."
    )


class RescoreOut(BaseModel):
    """A re-scoring. `kept`: the first of those that were scored and could not be judged anew; `ends_at`: estimated."""

    ref: str
    competition: str
    phase: str
    state: str
    reason: str
    truth_version: int
    plan: dict[str, Any]
    total: int
    done: int
    failed: int
    remaining: int
    kept: list[str]
    created_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None


class RescoreList(BaseModel):
    """A phase's re-scorings, newest first."""

    items: list[RescoreOut]
    next_cursor: str | None = None


class End(BaseModel):
    """An entry's place before or after."""

    rank: int | None
    ref: str
    value: float | None


class Move(BaseModel):
    """An entry that changes: `places` it climbs (below 0: falls), `change` of the value that ranks, and by item."""

    participant: str
    team: bool
    baseline: bool
    old: End | None
    new: End | None
    places: int | None
    change: float | None
    items_changed: int
    items: dict[str, float]


class MovesOut(BaseModel):
    """What changes on a board: of `entries`, `changed` have another score or place, and `moved` another place."""

    version: int = 1
    rescore: str
    state: str
    complete: bool
    board: str
    key: str
    entries: int
    changed: int
    moved: int
    moves: list[Move]
    items: list[dict[str, Any]]


@router.post(ALL, status_code=status.HTTP_201_CREATED)
def start(who: Organizer, slug: str, phase: str, given: RescoreIn) -> RescoreOut:
    """Judge a phase anew beside the standing scores; nothing changes before it is applied. For its organizers."""
    plan = None if given.plan is None else plan_of(given.plan).model_dump(mode="json")
    with Session.begin() as session:
        made = rescoring.start(
            session, who, slug, phase, truth_version=given.truth_version, plan=plan, reason=given.reason.strip()
        )
        shown = _shown(session, made)
    with Session.begin() as session:
        rings = machine.due(session, machine.RESCORES_RUNG, priority=1)
    for task, evaluation_id in rings:
        if not nudge(task, evaluation_id):
            break
    return shown


@router.get(ALL)
def listing(who: Organizer, slug: str, phase: str) -> RescoreList:
    """A phase's re-scorings, newest first; for its organizers."""
    with Session.begin() as session:
        return RescoreList(items=[_shown(session, one) for one in rescoring.rescores_of(session, who, slug, phase)])


@router.get(ONE)
def rescore(who: Organizer, ref: str) -> RescoreOut:
    """How far a re-scoring is; for the competition's organizers."""
    with Session.begin() as session:
        return _shown(session, rescoring.rescore_of(session, who, ref))


@router.get(ONE + "/moves")
def moved(who: Organizer, ref: str, board: Annotated[Literal["main", "public", "late"], Query()] = "main") -> MovesOut:
    """Who moves, by how much and on which items, as far as it is judged; for the competition's organizers."""
    with Session.begin() as session:
        found = rescoring.rescore_of(session, who, ref)
        if board not in boards_of(found.phase):
            raise BoardNotFound(f"{found.phase.slug!r} has: {', '.join(boards_of(found.phase))}.")
        so_far = rescoring.progress(session, found)
        told = {"rescore": ref, "state": found.state, "complete": not so_far.remaining}
        return MovesOut.model_validate(told | moves(session, found, board))


@router.post(ONE + "/apply")
def apply(who: Organizer, ref: str, skip_failed: bool = False) -> RescoreOut:
    """Switch the phase to the new scores and boards, all at once; with `skip_failed`, what failed keeps its score."""
    with Session.begin() as session:
        return _shown(session, rescoring.apply(session, who, ref, service.rebuild, skip_failed=skip_failed))


@router.post(ONE + "/cancel")
def cancel(who: Organizer, ref: str) -> RescoreOut:
    """End a re-scoring and remove what it made."""
    with Session.begin() as session:
        return _shown(session, rescoring.cancel(session, who, ref))


def _shown(session: OrmSession, rescore: Rescore) -> RescoreOut:
    so_far = rescoring.progress(session, rescore)
    return RescoreOut(
        ref=rescore.ref,
        competition=rescore.phase.competition.slug,
        phase=rescore.phase.slug,
        state=rescore.state,
        reason=rescore.reason,
        truth_version=rescore.truth.number,
        plan=rescore.plan,
        total=so_far.total,
        done=so_far.done,
        failed=so_far.failed,
        remaining=so_far.remaining,
        kept=so_far.skipped,
        created_at=rescore.created_at,
        ends_at=so_far.ends_at if rescore.state == "open" else None,
        ended_at=rescore.ended_at,
    )
