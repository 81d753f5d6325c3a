"""What the counting entries of a phase say about its labels and about one another, for its organizers only.

Decision: computed from the files of the counting evaluations when it is asked for, and not kept: it is read seldom, and
the answer is always of the present board. Bounded by entries and by cells (entries times items); the rest, from the
bottom of the board, is left out and counted.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from app import storage
from app.accounts.models import Account
from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Participation, Phase
from app.db import Session
from app.errors import Denied
from app.leaderboards.models import Standing
from app.leaderboards.ranking import computing
from app.scoring.integrity import fingerprints as likeness
from app.scoring.integrity import radar as doubt
from app.submissions.models import Evaluation, Submission

ENTRIES = 500
CELLS = 500_000
TOP = 200


@dataclass(frozen=True, slots=True)
class _Row:
    ref: str
    items_sha256: str
    entry: likeness.Entry


@dataclass(frozen=True, slots=True)
class _Board:
    head: dict[str, Any]
    item_ids: list[str]
    rows: list[_Row]


class _Sheets:
    """What the entries answered, arrays of shape (entries, items); texts only of the items that are compared."""

    def __init__(self, board: _Board, *, texts: bool) -> None:
        shape = (len(board.rows), len(board.item_ids))
        self.correct, self.answered, self.contradicted = (np.zeros(shape, dtype=bool) for _ in range(3))
        self.explanations: NDArray[np.float64] = np.zeros(shape)
        self.texts: list[list[str]] = []
        wanted = [board.item_ids[place] for place in likeness.sampled(*shape)] if texts else []
        for number, row in enumerate(board.rows):
            items = {one["item_id"]: one for one in _lines(row.items_sha256)}
            answers = {one["id"]: one["explanation"] for one in _lines(row.entry.answers_sha256)}
            for place, item_id in enumerate(board.item_ids):
                item = items[item_id]
                self.correct[number, place] = item["answer_correct"]
                self.answered[number, place] = item_id in answers
                self.explanations[number, place] = item["explanation"]
                self.contradicted[number, place] = _contradicts(item)
            self.texts.append([answers.get(item_id, "") for item_id in wanted])


def radar_of(who: Principal, slug: str, phase_slug: str) -> dict[str, Any]:
    """Items whose label is doubtful. Raises CompetitionNotFound, PhaseNotFound, Denied."""
    board = _board(who, slug, phase_slug)
    with computing:
        sheets = _Sheets(board, texts=False)
        items = doubt.radar(
            board.item_ids, sheets.correct, sheets.answered, sheets.explanations, sheets.contradicted
        )  # fmt: skip
    told = {"flagged": sum(item.flagged for item in items), "items": [item.as_dict() for item in items[:TOP]]}
    return {**board.head, "caveat": doubt.CAVEAT, "note": _note(board, doubt.FEWEST), **told}


def fingerprints_of(who: Principal, slug: str, phase_slug: str) -> dict[str, Any]:
    """Pairs of entries that are alike. Raises CompetitionNotFound, PhaseNotFound, Denied."""
    board = _board(who, slug, phase_slug)
    with computing:
        sheets = _Sheets(board, texts=True)
        entries = [row.entry for row in board.rows]
        pairs = likeness.fingerprints(entries, sheets.correct, sheets.answered, sheets.texts)
    refs = {row.entry.name: row.ref for row in board.rows}
    shown = [{**pair.as_dict(), "ref_a": refs[pair.a], "ref_b": refs[pair.b]} for pair in pairs]
    told = {"flagged": sum(pair.flagged for pair in pairs), "pairs": shown}
    return {**board.head, "caveat": likeness.CAVEAT, "note": _note(board, likeness.FEWEST), **told}


def _board(who: Principal, slug: str, phase_slug: str) -> _Board:
    with Session.begin() as session:
        phase = competitions.phase_of(session, slug, phase_slug)
        if not competitions.organizes(who, phase.competition):
            raise Denied("Only the competition's organizers may read what its entries have in common.")
        item_ids = sorted(phase.truth.item_ids) if phase.truth else []
        found = _counting(session, phase)
    kept = found[: min(ENTRIES, CELLS // max(1, len(item_ids)))]
    head = {"version": 1, "competition": slug, "phase": phase_slug}
    return _Board({**head, "entries": len(kept), "left_out": len(found) - len(kept)}, item_ids, kept)


def _counting(session: OrmSession, phase: Phase) -> list[_Row]:
    """The best counting entry of each participant under the present truth, best first."""
    best = func.row_number().over(
        partition_by=Standing.participation_id, order_by=(Standing.sort_keys.desc(), Standing.submitted_at)
    )
    rows = session.execute(
        select(
            Submission.ref,
            Submission.file_sha256,
            Evaluation.items_sha256,
            Evaluation.answers_sha256,
            Account.username,
            Participation.team_id,
            best.label("place"),
        )
        .select_from(Standing)
        .join(Evaluation, Evaluation.id == Standing.evaluation_id)
        .join(Submission, Submission.id == Evaluation.submission_id)
        .join(Participation, Participation.id == Standing.participation_id)
        .join(Account, Account.id == Participation.account_id)
        .where(Standing.phase_id == phase.id, Standing.board == "main", Evaluation.truth_id == phase.truth_id)
        .where(Evaluation.items_sha256.is_not(None), Evaluation.answers_sha256.is_not(None))
        .order_by(Standing.sort_keys.desc(), Standing.submitted_at, Account.username)
    )
    return [
        _Row(
            row.ref,
            row.items_sha256,
            likeness.Entry(row.username, row.team_id, row.file_sha256, row.answers_sha256),
        )
        for row in rows
        if row.place == 1
    ]


def _lines(sha256: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in storage.get(sha256).splitlines()]


def _contradicts(item: dict[str, Any]) -> bool:
    """Whether a claim of the reference was contradicted; of reports without verdicts, whether it stands below 0."""
    claims = item.get("claims")
    if claims is None:
        return bool(item["explanation"] < 0)
    return any(claim["verdict"] == "contradicted" for claim in claims["reference"])


def _note(board: _Board, fewest: int) -> str:
    """Why there is nothing to read, or that some entries were left out."""
    if len(board.rows) < fewest:
        return f"{len(board.rows)} entries count so far; with fewer than {fewest} nothing can be said of chance."
    left_out = board.head["left_out"]
    return f"The {left_out} lowest entries were left out." if left_out else ""
