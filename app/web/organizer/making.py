"""One's own competitions, and new ones: from a form, from a bundle, or from the small example."""

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from fastapi import APIRouter, Request, Response

from app import problems, storage
from app.accounts.guards import Creator, Organizer
from app.accounts.service import Principal
from app.client.starter import FILES
from app.competitions import editing_routes as editing
from app.competitions import routes as competitions
from app.competitions.bundle import slugify
from app.competitions.bundle_reader import NAME, packed
from app.competitions.bundle_schema import CompetitionIn, PhaseIn
from app.errors import Fault, Refused
from app.settings import settings
from app.web.forms import to
from app.web.organizer import drafts, fields, frame
from app.web.organizer.settings import previewed
from app.web.rendering import Page, render

router = APIRouter(include_in_schema=False, route_class=Page)
GENERAL = ("title", "slug", "description", "registration_auto_approve", "contact_email")
PHASE = ("name", "start", "end", "max_submissions_per_day", "max_submissions")
NEW = '"0"'
"""The version of what is not there yet."""
OVERVIEW = "Say what the task is, how the data came about, and what the winner gets.\n"
TERMS = "Say what participants agree to.\n"


@router.get("/organize")
def mine(request: Request, who: Organizer) -> Response:
    """The competitions that one organizes, and those that can still be restored."""
    return _mine(request, who)


def _mine(request: Request, who: Principal, fault: Fault | None = None) -> Response:
    return render(
        request,
        "organizer/mine.html",
        problems.status_of(fault) if fault else 200,
        competitions=editing.organized(who).items,
        may_create=who.role in ("organizer", "admin"),
        fault=fault,
        done=frame.DONE.get(request.query_params.get("done", "")),
    )


@router.post("/organize/{slug}/restore")
def restore(request: Request, who: Organizer, slug: str) -> Response:
    """Bring a deleted competition back."""
    goal = f"/competitions/{slug}/organize?done=restored"
    return frame.attempt(lambda: editing.restore(Response(), who, slug), goal, lambda fault: _mine(request, who, fault))


@router.get("/organize/new")
def new(request: Request, who: Creator) -> Response:
    """The ways to a new competition."""
    return _new(request)


def _new(request: Request, fault: Fault | None = None, typed: frame.FormData | None = None) -> Response:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    dates = {"name": "Development", "start": today, "end": today + timedelta(days=90)}
    general = fields.widgets(CompetitionIn, GENERAL, {"registration_auto_approve": True})
    phase = fields.widgets(PhaseIn, PHASE, dates, "phase-")
    texts = {"overview": OVERVIEW, "terms": TERMS}
    if typed is not None:
        general, phase = fields.typed(general, typed), fields.typed(phase, typed)
        texts = {name: frame.text(typed, name) or text for name, text in texts.items()}
    return render(
        request,
        "organizer/new.html",
        problems.status_of(fault) if fault else 200,
        general=general,
        phase=phase,
        texts=texts,
        fault=fault,
        most_bytes=settings().bundle_bytes,
        typed={name: frame.text(typed, name) for name in ("example-slug", "example-title")} if typed else {},
    )


@router.post("/organize/new", max_body_size=competitions.BODY_BYTES)
def preview(request: Request, who: Creator, given: frame.Fields) -> Response:
    """Say what would be made; nothing is made yet."""
    ways = {"bundle": _from_bundle, "example": _from_example}
    try:
        content = ways.get(frame.text(given, "from"), _from_form)(given)
        applied = competitions.apply_bundle(request, who, content, True, NEW)
        sha256 = storage.put(content)
    except Fault as fault:
        return _new(request, fault, given)
    return render(request, "organizer/made.html", applied=applied, sha256=sha256, differences=[])


@router.post("/organize/new/save")
def save(request: Request, who: Creator, given: frame.Fields) -> Response:
    """Make the competition that was previewed."""
    try:
        made = competitions.apply_bundle(request, who, previewed(frame.text(given, "sha256")), False, NEW)
    except Fault as fault:
        return _new(request, fault)
    return to(f"/competitions/{made.slug}/organize?done=created")


def _from_form(given: frame.FormData) -> bytes:
    """A bundle with one phase, out of a form; its truth may come later."""
    blank: dict[str, Any] = {}
    general = fields.changed(fields.widgets(CompetitionIn, GENERAL, blank), given)
    phase = fields.changed(fields.widgets(PhaseIn, PHASE, blank, "phase-"), given)
    title = str(general.get("title", ""))
    general["slug"] = general.get("slug") or slugify(title)
    task: dict[str, Any] = {"index": 0, "name": phase.get("name", ""), "scorer": {"name": "pairwise-explained"}}
    files = {"overview.md": frame.text(given, "overview").encode(), "terms.md": frame.text(given, "terms").encode()}
    truth = frame.upload(given, "truth", settings().bundle_bytes)
    if truth is not None:
        kind = truth[1].rpartition(".")[2].lower()
        task["reference_data"] = f"truth.{kind if kind in ('json', 'csv') else 'jsonl'}"
        files[task["reference_data"]] = truth[0]
    document = {
        "version": 2,
        **general,
        "terms": "terms.md",
        "pages": [{"title": "Overview", "file": "overview.md"}],
        "tasks": [task],
        "phases": [{"index": 0, **phase, "tasks": [0]}],
    }
    return packed(files | {NAME: yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()})


def _from_bundle(given: frame.FormData) -> bytes:
    found = frame.upload(given, "bundle", settings().bundle_bytes)
    if found is None:
        raise Refused("Choose a bundle: a zip with competition.yaml at its root.", field="bundle")
    return found[0]


def _from_example(given: frame.FormData) -> bytes:
    """The bundle of `palmares competition init`, under a name of one's own."""
    today = datetime.now(UTC).date()
    dates = {"start": today.isoformat(), "end": (today + timedelta(days=90)).isoformat()}
    files = {name: (text % dates if name == NAME else text).encode() for name, text in FILES.items()}
    draft = drafts.unpacked(packed(files), 0)
    title = frame.text(given, "example-title").strip() or draft.document["title"]
    slug = frame.text(given, "example-slug").strip() or slugify(title)
    draft.document |= {"title": title, "slug": slug}
    return draft.packed()
