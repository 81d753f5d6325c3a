"""HTTP doors of leaderboards: JSON and CSV, with an ETag of what the asker may see, and comparisons."""

import csv
import io
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response, status

from app.accounts.guards import Organizer, Reader, Visitor
from app.accounts.service import Principal
from app.broker import VALIDATE, nudge
from app.competitions.auditing import harmless
from app.competitions.schemas import Instant
from app.db import Session
from app.leaderboards import carrying
from app.leaderboards.comparison import comparison
from app.leaderboards.integrity import fingerprints_of, radar_of
from app.leaderboards.likely_same import accounts_of
from app.leaderboards.overall import overall_of
from app.leaderboards.schemas import BoardOut, CarriedOut, OverallOut
from app.leaderboards.showing import Asked, board_of, digest, look, tag_of
from app.leaderboards.tops import TopsOut, tops_of

router = APIRouter(tags=["leaderboards"])
BOARD = "/competitions/{slug}/phases/{phase}/leaderboard"


Which = Annotated[
    Literal["", "main", "public", "late"],
    Query(alias="board", description="`late`: after the end; `public`: by the public items. Empty: the usual one."),
]
At = Annotated[Instant | None, Query(description="The board as it was at this moment, as far as you may see it.")]


def _board(
    request: Request, who: Principal | None, asked: Asked, kind: str, write: Callable[[BoardOut], str]
) -> Response:
    with Session.begin() as session:
        tag = tag_of(session, who, look(session, who, asked))
    return _answer(request, kind, tag, lambda: write(board_of(who, asked)))


def _answer(request: Request, kind: str, tag: str | None, write: Callable[[], str]) -> Response:
    """What `write` gives, or 304 where the asker has this very one already; with a `tag`, it is not even made then."""
    content = write() if tag is None else None
    headers = {
        "ETag": f'"{tag or digest(content)}-{kind}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
    }
    given = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in given or "*" in given:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    media = "text/csv" if kind == "csv" else "application/json"
    return Response(write() if content is None else content, headers=headers, media_type=media)


@router.get(BOARD, response_model=BoardOut)
def board_json(request: Request, who: Visitor, slug: str, phase: str, which: Which = "", at: At = None) -> Any:
    """The board in order, as you may see it; 304 where `If-None-Match` names the present version."""
    return _board(request, who, Asked(slug, phase, which, at), "json", BoardOut.model_dump_json)


@router.get(BOARD + ".csv", response_class=Response)
def board_csv(request: Request, who: Visitor, slug: str, phase: str, which: Which = "", at: At = None) -> Response:
    """The board as CSV: value and 95 % interval of each column."""
    answer = _board(request, who, Asked(slug, phase, which, at), "csv", as_csv)
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}-{phase}.csv"'
    return answer


@router.get(BOARD + "/tops")
def tops(who: Visitor, slug: str, phase: str, which: Which = "") -> TopsOut:
    """Who led the board and when, as far as you may see it: each submission better than all that were sent before."""
    return tops_of(who, Asked(slug, phase, which))


OVERALL = "/competitions/{slug}/leaderboard"


@router.get(OVERALL, response_model=OverallOut)
def overall_json(request: Request, who: Visitor, slug: str) -> Any:
    """The board over all phases, made from the boards that you may see; says which phases could be fitted to."""
    return _answer(request, "json", None, lambda: overall_of(who, slug).model_dump_json())


@router.get(OVERALL + ".csv", response_class=Response)
def overall_csv(request: Request, who: Visitor, slug: str) -> Response:
    """The board over all phases as CSV."""
    answer = _answer(request, "csv", None, lambda: overall_as_csv(overall_of(who, slug)))
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.csv"'
    return answer


def overall_as_csv(board: OverallOut) -> str:
    """The board over phases as CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    slugs = [phase.slug for phase in board.phases]
    writer.writerow(["rank", "participant", "overall", *slugs, "missing", "baseline"])
    for row in board.rows:
        values = (row.phases[slug] for slug in slugs)
        writer.writerow([row.rank, harmless(row.participant), row.value, *values, " ".join(row.missing), row.baseline])
    return text.getvalue()


def as_csv(board: BoardOut) -> str:
    """The board as CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = [column.key for column in board.columns]
    spread = [name for key in keys for name in (key, f"{key}_low", f"{key}_high")]
    places = ["shown_rank", "rank_low", "rank_high", "p_first"]
    writer.writerow(["rank", "participant", *spread, "entries", "submitted_at", "ref", *places, "baseline"])
    for row in board.rows:
        values: list[Any] = []
        for key in keys:
            score = row.scores.get(key, {})
            values += [score.get("value", ""), *(score.get("ci95") or ("", ""))]
        place = [row.shown_rank, *(row.rank_ci95 or (None, None)), row.p_first]
        sent = row.submitted_at.isoformat()
        writer.writerow(
            [row.rank, harmless(row.participant), *values, row.entries, sent, row.ref, *place, row.baseline]
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
