"""HTTP doors of leaderboards: JSON and CSV, with an ETag that is the board's version, and comparisons."""

import csv
import io
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response, status

from app.accounts.guards import Organizer, Reader
from app.broker import VALIDATE, nudge
from app.competitions import service as competitions
from app.db import Session
from app.leaderboards import board as boards
from app.leaderboards import carrying
from app.leaderboards.columns import columns_of
from app.leaderboards.comparison import comparison
from app.leaderboards.ranking import add_places
from app.leaderboards.schemas import BoardOut, CarriedOut

router = APIRouter(tags=["leaderboards"])
BOARD = "/competitions/{slug}/phases/{phase}/leaderboard"


Which = Annotated[Literal["main", "late"], Query(alias="board", description="`late`: what came after the end.")]


def board_of(slug: str, phase_slug: str, which: str = "main") -> BoardOut:
    """The phase's board, `main` or `late`. Raises CompetitionNotFound, PhaseNotFound."""
    with Session.begin() as session:
        phase = competitions.phase_of(session, slug, phase_slug)
        board = {
            "competition": slug,
            "phase": phase_slug,
            "board_version": boards.version_of(session, phase.id),
            "columns": columns_of(phase),
        }
        rows = boards.rows_of(session, phase, which)
    return BoardOut.model_validate({**board, "rows": add_places(rows)})


def _unchanged(request: Request, slug: str, phase_slug: str, kind: str) -> tuple[str, bool]:
    """The ETag, and whether the asker has this very version already: then no row is read."""
    with Session.begin() as session:
        phase = competitions.phase_of(session, slug, phase_slug)
        tag = f'"{phase.id}-{boards.version_of(session, phase.id)}-{kind}"'
    given = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return tag, tag in given or "*" in given


@router.get(BOARD, response_model=BoardOut)
def board_json(request: Request, response: Response, slug: str, phase: str, which: Which = "main") -> Any:
    """The board in order; 304 where `If-None-Match` names the present version."""
    tag, unchanged = _unchanged(request, slug, phase, f"{which}-json")
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if unchanged:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    response.headers.update(headers)
    return board_of(slug, phase, which)


@router.get(BOARD + ".csv", response_class=Response)
def board_csv(request: Request, slug: str, phase: str, which: Which = "main") -> Response:
    """The board as CSV: value and 95 % interval of each column."""
    tag, unchanged = _unchanged(request, slug, phase, f"{which}-csv")
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if unchanged:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{slug}-{phase}.csv"'
    return Response(as_csv(board_of(slug, phase, which)), media_type="text/csv", headers=headers)


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
