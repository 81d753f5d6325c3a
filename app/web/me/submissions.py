"""Pages of one's submissions: one with its result, all of a phase with their history, two side by side; and marks."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from app import problems
from app.accounts.guards import Reader, Submitter
from app.accounts.service import Principal
from app.errors import Fault, NotFound
from app.leaderboards import mark_routes as marks
from app.leaderboards import routes as boards
from app.submissions import routes as submissions
from app.submissions.models import STATES
from app.web.addresses import local, to
from app.web.me.chart import HEIGHT, LEFT, RIGHT, WIDTH, chart_of
from app.web.me.results import comparisons_part, phase_of, submission_page
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
SHOWN = 25
ACTS = {
    "cancel": submissions.cancel,
    "choose": marks.choose,
    "unchoose": marks.unchoose,
    "withdraw": marks.withdraw,
}
Short = Annotated[str, Query(max_length=100)]
Cursor = Annotated[str, Query(max_length=300)]
Number = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/submissions")
def everywhere(request: Request, who: Reader, state: Short = "", cursor: Cursor = "") -> Response:
    """One's submissions to all competitions, newest first."""
    found = submissions.mine(request, who, state=state or None, limit=SHOWN, cursor=cursor or None)
    return render(request, "me/everywhere.html", found=found, state=state, cursor=cursor, states=STATES)


@router.get("/submissions/{ref}")
def one(request: Request, who: Reader, ref: str, page: Number = 1, wrong: Short = "", find: Short = "") -> Response:
    """A submission: its state, live, and what came of it."""
    return submission_page(request, who, ref, page=page, wrong=bool(wrong), find=find)


@router.get("/submissions/{ref}/comparisons")
def comparisons(request: Request, who: Reader, ref: str) -> Response:
    """The differences to one's best and to the leader, for the page that asks for them later."""
    return comparisons_part(request, who, ref)


@router.post("/submissions/{ref}/{act}")
def mark(
    request: Request,
    who: Submitter,
    ref: str,
    act: str,
    next: Annotated[str, Form(max_length=1000)] = "",  # noqa: A002
) -> Response:
    """Cancel, choose, take a choice back, or withdraw."""
    if act not in ACTS:
        raise NotFound(f"There is nothing to do by the name {act!r}.")
    try:
        ACTS[act](request, who, ref)
    except Fault as fault:
        return submission_page(request, who, ref, fault)
    return to(local(next) if next else f"/submissions/{ref}")


@router.get("/competitions/{slug}/phases/{phase}/mine")
def mine(request: Request, who: Reader, slug: str, phase: str, state: Short = "", cursor: Cursor = "") -> Response:
    """One's submissions to a phase: the history of scores, choices, comparison of two."""
    return mine_page(request, who, slug, phase, state, cursor)


def mine_page(
    request: Request,
    who: Principal,
    slug: str,
    phase: str,
    state: str = "",
    cursor: str = "",
    fault: Fault | None = None,
) -> Response:
    """The page of a phase's own submissions; `fault` is what went wrong with its form."""
    shown = phase_of(who, slug, phase)
    history = submissions.history(who, slug, phase)
    found = submissions.mine(
        request, who, competition=slug, phase=phase, state=state or None, limit=SHOWN, cursor=cursor or None
    )
    return render(
        request,
        "me/mine.html",
        problems.status_of(fault) if fault else 200,
        slug=slug,
        phase=shown,
        history=history,
        chosen=[point for point in history.items if point.chosen and not (point.withdrawn or point.disqualified)],
        chart=chart_of(history.items),
        frame=(WIDTH, HEIGHT, LEFT, RIGHT),
        found=found,
        state=state,
        cursor=cursor,
        states=STATES,
        fault=fault,
    )


@router.get("/compare")
def compare(request: Request, who: Reader, ref: Annotated[list[str], Query(max_length=50)]) -> Response:
    """Two submissions of a phase side by side."""
    refs = list(dict.fromkeys(one[:32] for one in ref))
    if len(refs) != 2:
        return render(request, "me/choose_two.html", 422, count=len(refs))
    found = boards.compare(who, *refs)
    return render(request, "me/compare.html", found=found, refs=refs, names=names_of(request, who, refs))


def names_of(request: Request, who: Principal, refs: list[str]) -> dict[str, str]:
    """The notes of those of these submissions that the asker may read."""
    names = {}
    for ref in refs:
        try:
            names[ref] = submissions.read(request, who, ref).message
        except Fault:
            continue
    return names
