"""What a submission's page tells: scores and parts, categories, the difference to one's best and to the leader, items.

Everything is asked of the API's doors, so that the page shows what they show and is silent where they refuse. The
comparisons cost up to a second for a large truth, so a script asks for them when the page stands; without it, links do.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from fastapi import Request, Response

from app import problems, storage
from app.accounts.service import Principal
from app.competitions import routes as competitions
from app.competitions.errors import PhaseNotFound
from app.competitions.schemas import PhaseOut
from app.errors import Fault
from app.leaderboards.comparison import comparison
from app.leaderboards.schemas import BoardOut, Row
from app.leaderboards.showing import Asked, board_of
from app.scoring.archive import predictions
from app.scoring.findings import Invalid
from app.scoring.metrics import CATALOGUE
from app.settings import MIB, settings
from app.submissions import routes as submissions
from app.submissions.history import HistoryOut
from app.submissions.schemas import SubmissionOut
from app.web.rendering import render

SHOWN_ITEMS = 50
LONGEST_LINE = 240
QUOTED_BYTES = 4 * MIB
MAIN = ("final", "accuracy", "explanation")
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Against:
    """Another submission to be compared with: `best` of one's own, the `leader`, or the `next` behind one who leads."""

    kind: str
    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A score that the main ones are made of, or that is only told: its key, title, and what it measures."""

    key: str
    title: str
    measures: str


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of values per item, lowest first where asked so, with the counts of verdicts over all items."""

    rows: list[Item]
    total: int
    page: int
    verdicts: Counter[str]
    right: int
    of: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // SHOWN_ITEMS))


def submission_page(
    request: Request,
    who: Principal,
    ref: str,
    fault: Fault | None = None,
    *,
    page: int = 1,
    wrong: bool = False,
    find: str = "",
) -> Response:
    """A submission's page; `fault` is what went wrong with an action on it."""
    found = submissions.read(request, who, ref)
    phase = phase_of(who, found.competition, found.phase)
    report = _report(who, found)
    own = ref in {point.ref for point in submissions.history(who, found.competition, found.phase).items}
    return render(
        request,
        "submission.html",
        problems.status_of(fault) if fault else 200,
        submission=found,
        phase=phase,
        own=own,
        report=report,
        parts=parts_of(report),
        against=against(who, found) if report else [],
        items=_items(who, phase, ref, page, wrong=wrong, find=find) if report else None,
        wrong=wrong,
        find=find,
        quoted=quoted_lines(found),
        fault=fault,
    )


def phase_of(who: Principal, slug: str, phase_slug: str) -> PhaseOut:
    """A competition's phase as the API tells it. Raises CompetitionNotFound, PhaseNotFound."""
    for phase in competitions.detail_of(who, slug).phases:
        if phase.slug == phase_slug:
            return phase
    raise PhaseNotFound(f"The competition {slug!r} has no phase {phase_slug!r}.")


def _report(who: Principal, found: SubmissionOut) -> dict[str, Any] | None:
    if found.state != "scored":
        return None
    try:
        return dict(submissions.report(who, found.ref))
    except Fault:
        return None  # a ladder shows no more than its score


def parts_of(report: dict[str, Any] | None) -> list[Part]:
    """The scores beside the main three, in the order of the report."""
    found = []
    for key, score in (report or {}).items():
        if key not in MAIN and isinstance(score, dict) and "ci95" in score:
            metric = CATALOGUE.get(key)
            found.append(Part(key, metric.title if metric else key, metric.measures if metric else ""))
    return found


def against(who: Principal, found: SubmissionOut) -> list[Against]:
    """With what the submission is compared: one's best other one, and the leader, or who is next behind it."""
    chosen = []
    history = submissions.history(who, found.competition, found.phase)
    best = best_other(history, found.ref)
    if best is not None:
        chosen.append(Against("best", best, ""))
    board = board_of(who, Asked(found.competition, found.phase))
    rival = rival_of(board, found.ref)
    if rival is not None:
        leads = rival is not next((row for row in board.rows if not row.baseline), None)
        chosen.append(Against("next" if leads else "leader", rival.ref, rival.participant))
    return chosen


def best_other(history: HistoryOut, ref: str) -> str | None:
    """The best scored one of one's history beside this one; None where this one is not of it or alone."""
    if ref not in {point.ref for point in history.items}:
        return None
    others = [point for point in history.items if point.ref != ref and point.final is not None and not point.withdrawn]
    return max(others, key=lambda point: point.final or 0).ref if others else None


def rival_of(board: BoardOut, ref: str) -> Row | None:
    """The first on the board who is neither this submission nor one's own."""
    return next((row for row in board.rows if not row.mine and not row.baseline and row.ref != ref), None)


def comparisons_part(request: Request, who: Principal, ref: str) -> Response:
    """The differences to one's best and to the leader, as a piece of the submission's page."""
    found = submissions.read(request, who, ref)
    rows: list[tuple[Against, dict[str, Any]]] = []
    for one in against(who, found) if _report(who, found) else []:
        try:
            rows.append((one, comparison(who, ref, one.ref)))
        except Fault:
            continue  # what the board hides is not told here either
    return render(request, "me/comparisons.html", submission=found, rows=rows)


def _items(who: Principal, phase: PhaseOut, ref: str, page: int, *, wrong: bool, find: str) -> ItemPage | None:
    """The values per item, None where the phase does not show them."""
    if not phase.show_items:
        return None
    try:
        lines = submissions.item_lines(who, ref)
    except Fault:
        return None
    return item_page([json.loads(line) for line in lines], page, wrong=wrong, find=find)


def item_page(items: list[Item], page: int, *, wrong: bool, find: str) -> ItemPage:
    """A page of the items, the lowest scores first; `wrong`: wrong choices only; `find`: a part of the id."""
    verdicts: Counter[str] = Counter()
    for one in items:
        verdicts.update(claims_of(one, "reference"))
        verdicts["unsupported"] += claims_of(one, "own")["unsupported"]
    right = sum(one["answer_correct"] for one in items)
    kept = [one for one in items if not (wrong and one["answer_correct"]) and find.lower() in one["item_id"].lower()]
    kept.sort(key=lambda one: (one["final"], one["explanation"], one["item_id"]))
    start = (max(1, page) - 1) * SHOWN_ITEMS
    return ItemPage(kept[start : start + SHOWN_ITEMS], len(kept), max(1, page), verdicts, right, len(items))


def claims_of(item: Item, whose: str) -> Counter[str]:
    """How often each verdict was given in an item, of the expert's (`reference`) or one's `own` claims."""
    claims = (item.get("claims") or {}).get(whose, [])
    return Counter(claim["verdict"] for claim in claims)


def quoted_lines(found: SubmissionOut) -> dict[int, str]:
    """The lines of the sent file that findings name, shortened; empty where they cannot be read at little cost."""
    wanted = {one["line"] for one in [*found.findings, *found.warnings] if one.get("line")}
    if not wanted or found.file.size > QUOTED_BYTES:
        return {}
    limits = replace(settings().submission_limits, unpacked_bytes=8 * QUOTED_BYTES)
    try:
        data = predictions(BytesIO(storage.get(found.file.sha256)), found.file.name, limits).data
    except (Invalid, Fault):
        return {}
    lines = data.split(b"\n")
    return {line: shortened(lines[line - 1].decode("utf-8", "replace")) for line in wanted if line <= len(lines)}


def shortened(line: str) -> str:
    """The beginning of a line, with an ellipsis where it goes on."""
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + " …"
