"""The competition editor: all settings by form or as YAML, what would change before it is saved, delete and restore.

Decision: what is previewed is stored as a bundle under its hash, and saving names the hash: what was looked at is what
is applied, byte for byte. Who knows a hash has seen the content, so naming one gives nothing away.
"""

from copy import deepcopy
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app import storage
from app.accounts.guards import Creator, Organizer
from app.accounts.service import Principal
from app.competitions import editing_routes as editing
from app.competitions import routes as competitions
from app.competitions.bundle_schema import PhaseIn
from app.errors import Fault, PreconditionFailed, Refused
from app.settings import settings as knobs
from app.web.organizer import drafts, fields, frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/settings"
router = APIRouter(include_in_schema=False, route_class=Page)
MODES = {"form": "By form", "yaml": "As YAML", "bundle": "By a bundle"}


@router.get(HERE)
def settings(
    request: Request, who: Organizer, slug: str, how: Annotated[str, Query(max_length=8)] = "form"
) -> Response:
    """All settings, as a form, as YAML or by a bundle."""
    return _page(request, who, slug, how)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    how: str = "form",
    fault: Fault | None = None,
    typed: frame.FormData | None = None,
) -> Response:
    draft = drafts.draft_of(who, slug)
    kept = typed if typed is not None and not isinstance(fault, PreconditionFailed) else None
    general, phases = drafts.general_of(draft), drafts.phases_of(draft)
    new = fields.widgets(PhaseIn, drafts.NEW_PHASE, {}, "new-")
    if kept is not None and how == "form":
        general, new = fields.typed(general, kept), fields.typed(new, kept)
        phases = {name: fields.typed(found, kept) for name, found in phases.items()}
    return frame.page(
        request,
        who,
        slug,
        "settings",
        fault=fault,
        how=how if how in MODES else "form",
        modes=MODES,
        draft=draft,
        general=general,
        phases=phases,
        new_phase=[one if one.key == "slug" else fields.optional(one) for one in new],
        kept=kept if kept is not None else {},
        deleted_days=knobs().deleted_days,
    )


@router.post(HERE, max_body_size=competitions.BODY_BYTES)
def preview(request: Request, who: Creator, slug: str, given: frame.Fields) -> Response:
    """Say what would change, by form, YAML or bundle; nothing is changed yet."""
    how, version = frame.text(given, "how"), frame.text(given, "version")
    try:
        old = drafts.draft_of(who, slug)
        new = deepcopy(old)
        if how == "bundle":
            found = frame.upload(given, "bundle", knobs().bundle_bytes)
            if found is None:
                raise Refused("Choose a bundle: a zip with competition.yaml at its root.", field="bundle")
            packed = found[0]
        elif how == "yaml":
            packed = drafts.packed(new.files | {drafts.NAME: frame.text(given, "yaml").encode()})
        else:
            if str(old.version) != version:
                raise PreconditionFailed(f"The present version is {old.version}.", version=old.version)
            drafts.fill(new, given)
            packed = new.packed()
        applied = competitions.apply_bundle(request, who, packed, True, frame.if_match(version), slug)
        new = drafts.unpacked(packed, old.version)
        sha256 = storage.put(packed)
    except Fault as fault:
        return _page(request, who, slug, how, frame.outdated(fault, version), given)
    return frame.page(
        request,
        who,
        slug,
        "settings",
        template="preview",
        applied=applied,
        differences=drafts.differences(old, new),
        sha256=sha256,
        made_from=version,
        how=how if how in MODES else "form",
    )


@router.post(HERE + "/save")
def save(request: Request, who: Creator, slug: str, given: frame.Fields) -> Response:
    """Apply what was previewed, if the competition is still the version that it was made from."""
    version, sha256 = frame.text(given, "version"), frame.text(given, "sha256")

    def do() -> None:
        competitions.apply_bundle(request, who, previewed(sha256), False, frame.if_match(version), slug)

    goal = f"/competitions/{slug}/organize/settings?done=saved"
    return frame.attempt(do, goal, lambda fault: _page(request, who, slug, fault=fault), version)


def previewed(sha256: str) -> bytes:
    """The bundle that was previewed. Raises Refused, StorageFailed."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Refused("This is no bundle that was previewed.", field="sha256")
    return storage.get(sha256)


@router.post(HERE + "/delete")
def delete(request: Request, who: Organizer, slug: str, given: frame.Fields) -> Response:
    """Hide the competition from everybody, after a question; it can be restored for some days."""
    question = "Delete this competition? It is hidden from everybody at once. You can restore it for %(days)s days."
    page = frame.asked(request, who, slug, "settings", given, question, days=knobs().deleted_days)
    if page is not None:
        return page
    return frame.attempt(
        lambda: editing.delete(who, slug),
        "/organize?done=deleted",
        lambda fault: _page(request, who, slug, fault=fault),
    )
