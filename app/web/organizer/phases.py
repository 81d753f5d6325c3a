"""Phases by hand: open, close, extend, pause, freeze, publish, carry over, and their times and limits."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.competitions import editing_routes as editing
from app.competitions import routes as competitions
from app.competitions.bundle_schema import PhaseIn
from app.competitions.editing_schemas import PhaseEdit
from app.competitions.errors import PhaseNotFound
from app.competitions.schemas import PhaseOut
from app.errors import Fault, PreconditionFailed, Refused
from app.leaderboards import routes as boards
from app.web.forms import to
from app.web.organizer import fields, frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/phases"
router = APIRouter(include_in_schema=False, route_class=Page)
KEYS = (
    "start", "end", "max_submissions_per_day", "max_submissions", "limit_window", "max_concurrent",
    "max_invalid_per_day", "accept_late", "gate", "carry_from", "freeze_hours", "publish",
)  # fmt: skip
NAMES = {"start": "starts_at", "end": "ends_at"}
COUNTS = {"max_submissions_per_day", "max_submissions", "max_concurrent", "max_invalid_per_day", "freeze_hours"}
QUESTIONS = {
    "open": "Open %(phase)s now? From this moment on participants can submit.",
    "close": "Close %(phase)s now? From this moment on nothing is taken any more.",
    "extend": "Let %(phase)s end at another time? Participants see the new end at once.",
    "pause": "Pause %(phase)s? Nothing is taken until you resume it; what was sent goes on being judged.",
    "resume": "Take submissions to %(phase)s again?",
    "freeze": "Let the board of %(phase)s stand still for all but organizers, until it is published?",
    "unfreeze": "Let the board of %(phase)s move again for everybody?",
    "publish": "Publish %(phase)s? What is frozen, hidden or anonymous is shown to everybody.",
    "unpublish": "Take the publication of %(phase)s back? Who has seen it has seen it.",
    "carry": "Carry the counting submissions over into %(phase)s now? They are judged there at once.",
}
VALUES: dict[str, dict[str, Any]] = {
    "close": {"ends_at": "now"},
    "pause": {"paused": True},
    "resume": {"paused": False},
    "freeze": {"frozen": True},
    "unfreeze": {"frozen": False},
    "publish": {"published": True},
    "unpublish": {"published": False},
}


@router.get(HERE)
def phases(request: Request, who: Organizer, slug: str) -> Response:
    """The phases with what can be done to them."""
    return _page(request, who, slug)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    fault: Fault | None = None,
    typed: tuple[str, frame.FormData] | None = None,
) -> Response:
    found = competitions.detail_of(who, slug).phases
    forms = {}
    for phase in found:
        shown = form_of(phase, found)
        if typed is not None and typed[0] == phase.slug and not isinstance(fault, PreconditionFailed):
            shown = fields.typed(shown, typed[1])
        forms[phase.slug] = shown
    opened = typed[0] if typed is not None else ""
    return frame.page(
        request, who, slug, "phases", fault=fault, forms=forms, opened=opened, questions=QUESTIONS, told=frame.told
    )


def form_of(phase: PhaseOut, phases: list[PhaseOut]) -> list[fields.Widget]:
    """The fields of a phase's times and limits."""
    values = {key: getattr(phase, NAMES.get(key, key)) for key in KEYS}
    others = [one.slug for one in phases if one.slug != phase.slug]
    earlier = [one.slug for one in phases if one.index < phase.index]
    return fields.widgets(PhaseIn, KEYS, values, choices={"gate": others, "carry_from": earlier})


def phase_of(who: Principal, slug: str, phase: str) -> tuple[PhaseOut, list[PhaseOut]]:
    """The phase of this slug, and all of them. Raises PhaseNotFound."""
    found = competitions.detail_of(who, slug).phases
    for one in found:
        if one.slug == phase:
            return one, found
    raise PhaseNotFound(f"The competition {slug!r} has no phase {phase!r}.")


@router.post(HERE + "/{phase}/act")
def act(request: Request, who: Organizer, slug: str, phase: str, given: frame.Fields) -> Response:
    """Move a phase by hand, after a question."""
    name, version = frame.text(given, "act"), frame.text(given, "version")
    found, _ = phase_of(who, slug, phase)
    if name not in QUESTIONS:
        raise Refused(f"There is no act {name!r}.", field="act")
    page = frame.asked(request, who, slug, "phases", given, QUESTIONS[name], phase=found.name)
    if page is not None:
        return page

    def do() -> None:
        if name == "carry":
            boards.carry(who, slug, phase)
        else:
            values = VALUES.get(name) or _times(name, found, frame.text(given, "until"))
            change = frame.schema(PhaseEdit, values)
            editing.change_phase(request, Response(), who, slug, phase, change, frame.if_match(version))

    done = {"open": "opened", "close": "closed", "carry": "carried"}.get(name, "saved")
    goal = f"/competitions/{slug}/organize/phases?done={done}#{phase}"
    return frame.attempt(do, goal, lambda fault: _page(request, who, slug, fault), version)


def _times(name: str, phase: PhaseOut, until: str) -> dict[str, Any]:
    """What opening or extending a phase changes of its times."""
    ends = f"{until[:16]}:00Z" if until else None
    if name == "extend":
        return {"ends_at": ends}
    return {"starts_at": "now"} if phase.status == "upcoming" else {"ends_at": ends}


@router.post(HERE + "/{phase}")
def change(request: Request, who: Organizer, slug: str, phase: str, given: frame.Fields) -> Response:
    """Save a phase's times and limits."""
    version = frame.text(given, "version")
    done = "saved"

    def do() -> None:
        nonlocal done
        values = {
            NAMES.get(key, key): None if key in COUNTS and value in (0, "0") else value
            for key, value in fields.changed(form_of(*phase_of(who, slug, phase)), given).items()
        }
        edit = frame.schema(PhaseEdit, values)
        made = editing.change_phase(request, Response(), who, slug, phase, edit, frame.if_match(version))
        done = "saved" if made.changes else "unchanged"

    try:
        do()
    except Fault as fault:
        return _page(request, who, slug, frame.outdated(fault, version), (phase, given))
    return to(f"/competitions/{slug}/organize/phases?done={done}#{phase}")
