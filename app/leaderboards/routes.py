"""HTTP doors of leaderboards: JSON and CSV, with an ETag that is the board's version, and comparisons."""

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status

from app.accounts.guards import Organizer, Reader
from app.broker import VALIDATE, nudge
from app.competitions import service as competitions
from app.db import Session
from app.leaderboards import carrying, service
from app.leaderboards.comparison import comparison
from app.leaderboards.integrity import fingerprints_of, radar_of
from app.leaderboards.likely_same import accounts_of
from app.leaderboards.ranking import add_places
from app.leaderboards.schemas import BoardOut, CarriedOut

router = APIRouter(tags=["leaderboards"])
BOARD = "/competitions/{slug}/phases/{phase}/leaderboard"


def board_of(slug: str, phase_slug: str) -> BoardOut:
    """The phase's board. Raises CompetitionNotFound, PhaseNotFound."""
    with Session.begin() as session:
        phase = competitions.phase_of(session, slug, phase_slug)
        board = {
            "competition": slug,
            "phase": phase_slug,
            "board_version": service.version_of(session, phase.id),
            "columns": service.columns_of(phase),
        }
        rows = service.rows_of(session, phase)
    return BoardOut.model_validate({**board, "rows": add_places(rows)})


def _unchanged(request: Request, slug: str, phase_slug: str, kind: str) -> tuple[str, bool]:
    """The ETag, and whether the asker has this very version already: then no row is read."""
    with Session.begin() as session:
        phase = competitions.phase_of(session, slug, phase_slug)
        tag = f'"{phase.id}-{service.version_of(session, phase.id)}-{kind}"'
    given = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag, tag in given or "*" in given


@router.get(BOARD, response_model=BoardOut)
def board_json(request: Request, response: Response, slug: str, phase: str) -> Any:
    """The board in order; 304 where `If-None-Match` names the present version."""
    tag, unchanged = _unchanged(request, slug, phase, "json")
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if unchanged:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return board_of(slug, phase)


@router.get(BOARD + ".csv", response_class=Response)
def board_csv(request: Request, slug: str, phase: str) -> Response:
    """The board as CSV: value and 95 % interval of each column."""
    tag, unchanged = _unchanged(request, slug, phase, "csv")
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if unchanged:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{slug}-{phase}.csv"'
    return Response(as_csv(board_of(slug, phase)), media_type="text/csv", headers=headers)


def as_csv(board: BoardOut) -> str:
    """The board as CSV text. User names hold no character that a spreadsheet would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [column.key for column in board.columns]
    spread = [name for key in keys for name in (key, f"{key}_low", f"{key}_high")]
    places = ["shown_rank", "rank_low", "rank_high", "p_first"]
    writer.writerow(["rank", "participant", *spread, "entries", "submitted_at", "ref", *places])
    for row in board.rows:
        values: list[Any] = []
        for key in keys:
            score = row.scores.get(key, {})
            values += [score.get("value", ""), *(score.get("ci95") or ("", ""))]
        place = [row.shown_rank, *(row.rank_ci95 or (None, None)), row.p_first]
        writer.writerow(
            [row.rank, row.participant, *values, row.entries, row.submitted_at.isoformat(), row.ref, *place]
        )
    return text.getvalue()


@router.get("/submissions/{ref}/comparison")
def compare(who: Reader, ref: str, other: Annotated[str, Query(alias="with", max_length=32)]) -> dict[str, Any]:
    """How a submission differs from another of its phase, with intervals and tests; other people's only as means."""
    return comparison(who, ref, other)


@router.post("/competitions/{slug}/phases/{phase}/carry")
def carry(who: Organizer, slug: str, phase: str) -> CarriedOut:
    """Carry the counting submissions of the phase `carry_from` into this one now; who was carried is left alone."""
    with Session.begin() as session:
        carried = carrying.carry_by_hand(session, who, slug, phase)
    for evaluation_id in carried.evaluation_ids:
        if not nudge(VALIDATE, evaluation_id):
            break
    return CarriedOut(carried=len(carried.evaluation_ids), pending=carried.pending)


@router.get("/competitions/{slug}/phases/{phase}/radar")
def radar(who: Organizer, slug: str, phase: str) -> dict[str, Any]:
    """Items whose label is doubtful by what the entries answered, most suspicious first; for its organizers."""
    return radar_of(who, slug, phase)


@router.get("/competitions/{slug}/phases/{phase}/fingerprints")
def fingerprints(who: Organizer, slug: str, phase: str) -> dict[str, Any]:
    """Pairs of entries that share more than chance allows, most suspicious first; for its organizers."""
    return fingerprints_of(who, slug, phase)


@router.get("/competitions/{slug}/accounts")
def accounts(who: Organizer, slug: str) -> dict[str, Any]:
    """Accounts that may be one person's, by mailbox, files, answers and networks; for its organizers."""
    with Session.begin() as session:
        return accounts_of(session, who, slug)
