"""Everybody's submissions: list, disqualify with a reason, reinstate, have a failed one judged once more."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.errors import Fault, Refused
from app.leaderboards import mark_routes as marks
from app.submissions import organizing_routes as organizing
from app.web.organizer import frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/submissions"
router = APIRouter(include_in_schema=False, route_class=Page)
PER_PAGE = 50
STATES: tuple[str, ...] = get_args(organizing.Wanted)
QUESTIONS = {
    "disqualify": "Let %(ref)s not count? Its sender is shown the reason.",
    "reinstate": "Let %(ref)s count again?",
    "retry": "Judge %(ref)s once more, as it was sent?",
}
DONE = {"disqualify": "disqualified", "reinstate": "reinstated", "retry": "retried"}
Word = Annotated[str, Query(max_length=64)]


@router.get(HERE)
def submissions(
    request: Request,
    who: Organizer,
    slug: str,
    phase: Word = "",
    state: Word = "",
    participant: Word = "",
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """The submissions that were asked for."""
    asked = {"phase": phase, "state": state if state in STATES else "", "participant": participant}
    return _page(request, who, slug, asked, cursor)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    asked: dict[str, Any],
    cursor: str | None = None,
    fault: Fault | None = None,
) -> Response:
    found = organizing.everybodys(
        who, slug, asked["phase"] or None, asked["state"] or None, asked["participant"], PER_PAGE, cursor
    )
    return frame.page(
        request,
        who,
        slug,
        "submissions",
        fault=fault,
        submissions=found.items,
        next_cursor=found.next_cursor,
        asked=asked,
        states=STATES,
        questions=QUESTIONS,
        told=frame.told,
    )


@router.post(HERE + "/{ref}")
def act(request: Request, who: Organizer, slug: str, ref: str, given: frame.Fields) -> Response:
    """Disqualify, reinstate or retry a submission, after a question."""
    name = frame.text(given, "act")
    asked = {"phase": "", "state": "", "participant": ""}
    if name not in QUESTIONS:
        raise Refused(f"There is no act {name!r}.", field="act")
    page = frame.asked(request, who, slug, "submissions", given, QUESTIONS[name], ref=ref)
    if page is not None:
        return page

    def do() -> None:
        if name == "disqualify":
            reason = frame.schema(marks.Disqualify, {"reason": frame.text(given, "reason").strip()})
            marks.disqualify(request, who, ref, reason)
        else:
            (marks.reinstate if name == "reinstate" else organizing.retry)(request, who, ref)

    goal = f"/competitions/{slug}/organize/submissions?done={DONE[name]}"
    return frame.attempt(do, goal, lambda fault: _page(request, who, slug, asked, fault=fault))
