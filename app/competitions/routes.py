"""HTTP doors of competitions: list, apply a bundle, truth, files."""

import hashlib
from collections.abc import Sequence

import anyio
from fastapi import APIRouter, Request, Response, status
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from app import audit, storage
from app.accounts.guards import Creator, Organizer, Visitor
from app.accounts.service import Principal
from app.competitions import applying, editing, exporting, queries, service
from app.competitions.bundle import canonical_truth, kind_of_image, read_bundle
from app.competitions.editing_schemas import IfMatch
from app.competitions.errors import FileNotThere, TruthInvalid
from app.competitions.models import Phase, Truth
from app.competitions.schemas import (
    Applied,
    CompetitionDetail,
    CompetitionList,
    PhaseOut,
    TruthList,
    TruthOut,
    phase_out,
)
from app.db import Session, now
from app.errors import Denied, Refused, TooLarge
from app.scoring.claims.directions import doubtful
from app.scoring.findings import Invalid
from app.scoring.reading import read_references
from app.settings import MIB, settings

router = APIRouter(tags=["competitions"])
# The framework's last stop, a little above our own so that ours speaks first.
BODY_BYTES = settings().bundle_bytes + MIB
PHASES = "/competitions/{slug}/phases"
ZIP_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def body_of(request: Request, cap: int) -> bytes:
    """The body, read to the end but never beyond the cap. Raises TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > cap:
            raise TooLarge(f"Reading stopped after {cap} bytes.", limit_bytes=cap)
    return bytes(body)


@router.get("/competitions")
def listing(who: Visitor) -> CompetitionList:
    """All competitions, newest first."""
    with Session.begin() as session:
        return CompetitionList(items=list(queries.all_competitions(session, who)))


@router.post("/competitions", openapi_extra=ZIP_BODY, max_body_size=BODY_BYTES, responses={201: {"model": Applied}})
async def apply(
    request: Request, response: Response, who: Creator, dry_run: bool = False, if_match: IfMatch = None
) -> Applied:
    """Create a competition from a bundle (zip) or bring it to what the bundle says; names each change."""
    packed = await body_of(request, settings().bundle_bytes)
    applied = await anyio.to_thread.run_sync(apply_bundle, request, who, packed, dry_run, if_match)
    response.status_code = status.HTTP_201_CREATED if applied.created and not dry_run else status.HTTP_200_OK
    return applied


def apply_bundle(
    request: Request, who: Principal, packed: bytes, dry_run: bool, if_match: str | None = None, slug: str | None = None
) -> Applied:
    """Apply a bundle, or say what it would change; with `slug`, only one of this very competition.

    Raises BundleInvalid, Denied, CompetitionDeleted, ScoringInUse, PreconditionFailed, Refused.
    """
    bundle = read_bundle(packed)
    if slug is not None and bundle.values["slug"] != slug:
        raise Refused(f"The bundle is of {bundle.values['slug']!r}, not of {slug!r}.", field="slug")
    hashes = applying.store(bundle, dry_run=dry_run)
    with Session() as session:
        done = applying.apply(session, who, bundle, hashes, if_match)
        for phase in done.boards:
            request.app.state.rebuild(session, phase.id)
        applied = Applied(
            slug=done.competition.slug, created=done.created, dry_run=dry_run, changes=done.changes, notes=bundle.notes
        )
        if not dry_run:
            session.commit()
    return applied


@router.get("/competitions/{slug}/bundle", response_class=Response)
def export_bundle(who: Organizer, slug: str, truth: bool = True) -> Response:
    """The competition as a bundle (zip) that applies to the same; with the ground truth, unless `truth=false`.

    For the competition's organizers; that the truth was fetched is written into the audit log.
    """
    with Session.begin() as session:
        competition = service.competition_of(session, slug)
        if not service.organizes(who, competition):
            raise Denied("Only the competition's organizers may export it.")
        audit.record(session, who, "competition.exported", slug, competition=slug, after={"truth": truth})
    packed = exporting.export(competition, storage.get, truth=truth)
    headers = {"Content-Disposition": f'attachment; filename="{slug}.zip"', "Cache-Control": "no-store"}
    return Response(packed, media_type="application/zip", headers=headers)


def draft_of(who: Principal, slug: str) -> tuple[int, bytes]:
    """The competition's version, and a bundle of it without its truth, to be changed. Raises Denied."""
    with Session.begin() as session:
        competition = service.competition_of(session, slug)
        if not service.organizes(who, competition):
            raise Denied("Only the competition's organizers may change it.")
        return competition.version, exporting.export(competition, storage.get, truth=False)


@router.get("/competitions/{slug}/image", response_class=Response)
def image(slug: str) -> Response:
    """The competition's image."""
    with Session.begin() as session:
        sha256 = service.competition_of(session, slug).image_sha256
    if sha256 is None:
        raise FileNotThere
    content = storage.get(sha256)
    headers = {"Cache-Control": "public, max-age=300", "Content-Security-Policy": "sandbox"}
    return Response(content, media_type=kind_of_image(content), headers=headers)


@router.get("/competitions/{slug}")
def detail(response: Response, who: Visitor, slug: str) -> CompetitionDetail:
    """A competition with its phases, pages and terms; its ETag is what a change names in `If-Match`."""
    found = detail_of(who, slug)
    response.headers["ETag"] = editing.etag(found.version)
    return found


def detail_of(who: Principal | None, slug: str) -> CompetitionDetail:
    """A competition as the asker sees it. Raises CompetitionNotFound."""
    with Session.begin() as session:
        return queries.one_competition(session, who, slug)


@router.get(PHASES)
def phases(slug: str) -> list[PhaseOut]:
    """The competition's phases in order."""
    with Session.begin() as session:
        moment = now(session)
        return [phase_out(phase, moment) for phase in service.competition_of(session, slug).phases]


@router.put(
    PHASES + "/{phase}/truth", status_code=status.HTTP_201_CREATED, openapi_extra=ZIP_BODY, max_body_size=BODY_BYTES
)
async def put_truth(request: Request, who: Organizer, slug: str, phase: str) -> TruthOut:
    """A new version of the phase's ground truth (JSON Lines, JSON or CSV; RAIM-PIQA's training file as it is)."""
    content = await body_of(request, settings().bundle_bytes)
    name = request.headers.get("x-filename", "truth.jsonl")
    return await anyio.to_thread.run_sync(give_truth, who, slug, phase, content, name)


def give_truth(who: Principal, slug: str, phase_slug: str, content: bytes, name: str) -> TruthOut:
    """Keep a new version of a phase's truth; it counts at once where nothing was judged yet.

    Raises TruthInvalid, CompetitionNotFound, PhaseNotFound, Denied, TruthItemsDiffer.
    """
    try:
        truth, item_ids = canonical_truth(content, name)
    except Invalid as error:
        found = [finding.as_dict() for finding in error.findings]
        raise TruthInvalid(error.args[0], findings=found, findings_total=error.total) from error
    sha256 = hashlib.sha256(truth).hexdigest()
    with Session.begin() as session:
        if not service.organizes(who, service.phase_of(session, slug, phase_slug).competition):
            raise Denied("Only the competition's organizers may give its truth.")
    storage.put(truth)
    against = doubtful(read_references(truth, "truth.jsonl"))
    with Session.begin() as session:
        phase = service.phase_of(session, slug, phase_slug)
        service.hold(session, phase)
        before, number = phase.truth, service.newest_truth(session, phase)
        if applying.used(session, phase):
            service.require_same_items(phase, item_ids)
            made = service.keep_truth(session, phase, sha256, item_ids, who.account_id)
        else:
            made = service.add_truth(session, phase, sha256, item_ids, who.account_id)
        session.flush()
        session.refresh(made)
        if made.number > number:
            told = {"version": made.number, "sha256": sha256[:12], "items": len(item_ids)}
            where = f"{slug}/{phase_slug}"
            old = {"version": before.number if before else None}
            audit.record(session, who, "truth.given", where, competition=slug, before=old, after=told)
        return _truth_out(phase, made, against)


@router.get(PHASES + "/{phase}/truth")
def truths(who: Organizer, slug: str, phase: str) -> TruthList:
    """The versions of the phase's ground truth, newest first, without their content; for its organizers."""
    with Session.begin() as session:
        found = service.phase_of(session, slug, phase)
        if not service.organizes(who, found.competition):
            raise Denied("Only the competition's organizers may see its truth's versions.")
        rows = select(Truth).where(Truth.phase_id == found.id).order_by(Truth.number.desc())
        return TruthList(items=[_truth_out(found, one) for one in session.scalars(rows)])


def _truth_out(phase: Phase, truth: Truth, against: Sequence[str] = ()) -> TruthOut:
    return TruthOut(
        version=truth.number,
        n_items=len(truth.item_ids),
        sha256=truth.sha256,
        created_at=truth.created_at,
        current=truth.id == phase.truth_id,
        argues_against=list(against),
    )


@router.get(PHASES + "/{phase}/starting-kit", response_class=Response)
def starting_kit(slug: str, phase: str) -> Response:
    """The phase's starting kit (zip)."""
    with Session.begin() as session:
        sha256 = service.phase_of(session, slug, phase).starting_kit_sha256
    return _zip(sha256, f"{slug}-starting-kit.zip")


@router.get(PHASES + "/{phase}/public-data", response_class=Response)
def public_data(slug: str, phase: str) -> Response:
    """The phase's public data (zip)."""
    with Session.begin() as session:
        sha256 = service.phase_of(session, slug, phase).public_data_sha256
    return _zip(sha256, f"{slug}-public-data.zip")


def _zip(sha256: str | None, name: str) -> Response:
    if sha256 is None:
        raise FileNotThere
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(storage.stream(sha256), media_type="application/zip", headers=headers)
