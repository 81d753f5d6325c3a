"""Doors of leaderboards: always the board that the asker may see, and no other."""

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select

from app import rates
from app.accounts.service import Principal
from app.codabench import documents, finding
from app.codabench.door import Door, listed
from app.codabench.guards import Asker, Organizer
from app.competitions import people
from app.competitions.auditing import table
from app.competitions.visibility import view_of
from app.db import Session, now
from app.leaderboards.schemas import BoardOut
from app.leaderboards.showing import Asked, board_of
from app.submissions.models import Submission

router = APIRouter(
    prefix="/api", route_class=Door, include_in_schema=False, dependencies=[Depends(rates.by_address)]
)  # fmt: skip


def _board(who: Principal | None, number: int) -> tuple[documents.JSON, BoardOut, dict[str, int]]:
    """The phase's leaderboard, its rows as the asker may see them, and their submissions' ids by ref."""
    with Session.begin() as session:
        phase = finding.phase_of(session, who, number)
        told = documents.leaderboard(phase, view_of(phase, who, now(session)))
        asked = Asked(phase.competition.slug, phase.slug)
    board = board_of(who, asked)
    with Session.begin() as session:
        ids = select(Submission.ref, Submission.id).where(Submission.phase_id == number)
        refs = {row.ref for row in board.rows}
        found = {ref: row for ref, row in session.execute(ids) if ref in refs}
    return told, board, found


def _rows(board: BoardOut, ids: dict[str, int], number: int, *, rounded: bool = False) -> Iterable[documents.JSON]:
    columns = [column.model_dump() for column in board.columns]
    for row in board.rows:
        values = {key: score.get("value") for key, score in row.scores.items()}
        scores = documents.scores(columns, values, rounded=rounded)
        yield {
            "id": ids[row.ref],
            "ref": row.ref,
            "parent": None,
            "owner": row.participant,
            "display_name": row.participant,
            "leaderboard_id": number,
            "task": number,
            "scores": [one | {"task_id": number} for one in scores],
            "fact_sheet_answers": None,
            "slug_url": None,
            "organization": None,
            "detailed_result": None,
            "detailed_results": [],
            "created_when": documents.instant(row.submitted_at),
            "rank": row.rank,
            "shown_rank": row.shown_rank,
            "is_baseline": row.baseline,
        }


def _whole(who: Principal | None, number: int) -> documents.JSON:
    told, board, ids = _board(who, number)
    return told | {"submissions": list(_rows(board, ids, number))}


@router.get("/leaderboards/")
def leaderboards(request: Request, who: Asker, phase: int | None = None) -> Any:
    """The leaderboard of a phase, with its rows; without `phase` none."""
    return listed(request, [] if phase is None else [_whole(who, phase)], lambda one: one)


@router.get("/leaderboards/{number:int}/")
def leaderboard(who: Asker, number: int) -> documents.JSON:
    """A phase's leaderboard, best first, with ranks."""
    return _whole(who, number)


@router.get("/phases/{number:int}/get_leaderboard/")
def of_phase(who: Asker, number: int) -> documents.JSON:
    """The same as CodaBench's pages read it: values rounded to their column's precision, columns by task."""
    told, board, ids = _board(who, number)
    task = {"id": number, "name": told["title"], "colWidth": len(told["columns"]), "columns": told["columns"]}
    return {
        "id": number,
        "title": told["title"],
        "submissions": list(_rows(board, ids, number, rounded=True)),
        "tasks": [task],
        "fact_sheet_keys": None,
        "primary_index": told["primary_index"],
    }


def _results(who: Principal, number: int, phase: int | None) -> dict[str, dict[str, dict[str, str]]]:
    """By board, submission and column: the values, for the competition's organizers."""
    with Session.begin() as session:
        row = people.organized(session, who, finding.competition_of(session, who, number).slug)
        phases = [(one.id, one.name) for one in row.phases if phase in (None, one.id)]
    found = {}
    for phase_id, name in phases:
        told, board, ids = _board(who, phase_id)
        titles = {column["key"]: column["title"] for column in told["columns"]}
        found[f"{told['title']} - {name}({phase_id})"] = {
            f"{row['owner']}-{row['id']}": {
                f"{name}({phase_id})-{titles[one['column_key']]}": one["score"] for one in row["scores"]
            }
            for row in _rows(board, ids, phase_id)
        }
    return found


RESULTS = "/competitions/{number:int}/results"


@router.get(RESULTS + ".json")
def results_json(who: Organizer, number: int, phase: int | None = None) -> Any:
    """All boards of the competition, or one."""
    return _results(who, number, phase)


@router.get(RESULTS + ".csv")
def results_csv(who: Organizer, number: int, phase: int | None = None) -> Response:
    """One board, or the first of all, as CSV."""
    found = list(_results(who, number, phase).values())
    return Response(_csv(found[0]) if found else "", media_type="text/csv; charset=utf-8")


@router.get(RESULTS + ".zip")
def results_zip(who: Organizer, number: int, phase: int | None = None) -> Response:
    """Each board as a CSV file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, rows in enumerate(_results(who, number, phase).values()):
            archive.writestr(f"board-{place + 1}.csv", _csv(rows))
    return Response(packed.getvalue(), media_type="application/zip")


def _csv(rows: dict[str, dict[str, str]]) -> str:
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    return table(
        ["Username", "fact_sheet_answers", *columns],
        ([name, "", *(row.get(key, "") for key in columns)] for name, row in rows.items()),
    )
