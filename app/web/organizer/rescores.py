"""Judging a phase anew: begin, follow, see who moves and on which items, apply or cancel."""

from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Query, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.competitions import routes as competitions
from app.competitions.bundle_schema import TaskIn
from app.competitions.errors import PhaseNotFound
from app.errors import Fault, Refused
from app.leaderboards import rescore_routes as rescoring
from app.submissions.errors import RescoreNotFound
from app.web.forms import to
from app.web.organizer import fields, frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/rescores"
router = APIRouter(include_in_schema=False, route_class=Page)
QUESTIONS = {
    "apply": "Let the new scores have effect? The boards change at once, and every participant sees why.",
    "cancel": "Cancel it? What it made is removed; the boards stay as they are.",
}
SECONDS = 3
Word = Annotated[str, Query(max_length=64)]


@router.get(HERE)
def rescores(
    request: Request, who: Organizer, slug: str, phase: Word = "", truth: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """What was judged anew, and the form that begins it."""
    return _page(request, who, slug, phase, truth)


def _page(
    request: Request, who: Principal, slug: str, phase_slug: str, truth: int | None, fault: Fault | None = None
) -> Response:
    phases = competitions.detail_of(who, slug).phases
    if not phases:
        raise PhaseNotFound(f"The competition {slug!r} has no phase.")
    phase = next((one for one in phases if one.slug == phase_slug), phases[0])
    plan = fields.widgets(TaskIn, ["scorer"], {"scorer": phase.scoring})
    return frame.page(
        request,
        who,
        slug,
        "rescores",
        fault=fault,
        phase=phase,
        rescores=rescoring.listing(who, slug, phase.slug).items,
        versions=competitions.truths(who, slug, phase.slug).items,
        truth_wanted=truth or phase.truth_version,
        plan=plan,
    )


@router.post(HERE)
def start(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Begin to judge a phase anew; nothing changes before it is applied."""
    phase_slug, version = frame.text(given, "phase"), frame.text(given, "truth_version")
    try:
        phase = next((one for one in competitions.detail_of(who, slug).phases if one.slug == phase_slug), None)
        if phase is None:
            raise PhaseNotFound(f"The competition {slug!r} has no phase {phase_slug!r}.")
        wanted: dict[str, Any] = {"reason": frame.text(given, "reason").strip()}
        if version:
            wanted["truth_version"] = version
        plan = fields.changed(fields.widgets(TaskIn, ["scorer"], {"scorer": phase.scoring}), given)
        if plan.get("scorer"):
            wanted["plan"] = plan["scorer"]
        made = rescoring.start(who, slug, phase_slug, frame.schema(rescoring.RescoreIn, wanted))
    except Fault as fault:
        return _page(request, who, slug, phase_slug, int(version) if version.isdigit() else None, fault)
    return to(f"/competitions/{slug}/organize/rescores/{made.ref}")


@router.get(HERE + "/{ref}")
def rescore(request: Request, who: Organizer, slug: str, ref: str, board: Word = "main") -> Response:
    """How far it is, and who moves."""
    return _one(request, who, slug, ref, board)


def _one(
    request: Request, who: Principal, slug: str, ref: str, board: str = "main", fault: Fault | None = None
) -> Response:
    found = rescoring.rescore(who, ref)
    if found.competition != slug:
        raise RescoreNotFound(f"There is no re-scoring {ref!r} in {slug!r}.")
    shown: Any = board if board in ("public", "late") else "main"
    moves = rescoring.moved(who, ref, shown) if found.state != "cancelled" else None
    phase = next(one for one in competitions.detail_of(who, slug).phases if one.slug == found.phase)
    return frame.page(
        request,
        who,
        slug,
        "rescores",
        template="rescore",
        fault=fault,
        rescore=found,
        moves=moves,
        phase=phase,
        boards=("main", "public", "late") if phase.split else ("main", "late"),
        plan=yaml.safe_dump(found.plan, sort_keys=False, allow_unicode=True).strip(),
        questions=QUESTIONS,
        told=frame.told,
        seconds=SECONDS,
    )


@router.post(HERE + "/{ref}")
def end(request: Request, who: Organizer, slug: str, ref: str, given: frame.Fields) -> Response:
    """Apply or cancel it, after a question."""
    act = frame.text(given, "act")
    if act not in QUESTIONS:
        raise Refused(f"There is no act {act!r}.", field="act")
    page = frame.asked(request, who, slug, "rescores", given, QUESTIONS[act])
    if page is not None:
        return page

    def do() -> None:
        if act == "apply":
            rescoring.apply(who, ref, skip_failed=frame.text(given, "skip_failed") == "yes")
        else:
            rescoring.cancel(who, ref)

    goal = f"/competitions/{slug}/organize/rescores/{ref}?done={'applied' if act == 'apply' else 'cancelled'}"
    return frame.attempt(do, goal, lambda fault: _one(request, who, slug, ref, fault=fault))
