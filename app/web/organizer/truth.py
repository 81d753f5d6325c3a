"""The ground truth's versions: give one, see which count, read what argues against itself."""

from fastapi import APIRouter, Request, Response

from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.competitions import routes as competitions
from app.competitions.schemas import TruthOut
from app.errors import Fault, Refused
from app.settings import settings
from app.web.organizer import frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/truth"
router = APIRouter(include_in_schema=False, route_class=Page)


@router.get(HERE)
def truth(request: Request, who: Organizer, slug: str) -> Response:
    """The versions of each phase's truth."""
    return _page(request, who, slug)


def _page(
    request: Request,
    who: Principal,
    slug: str,
    fault: Fault | None = None,
    made: tuple[str, TruthOut] | None = None,
) -> Response:
    phases = competitions.detail_of(who, slug).phases
    versions = {phase.slug: competitions.truths(who, slug, phase.slug).items for phase in phases}
    return frame.page(
        request, who, slug, "truth", fault=fault, versions=versions, made=made, most_bytes=settings().bundle_bytes
    )


@router.post(HERE + "/{phase}", max_body_size=competitions.BODY_BYTES)
def give(request: Request, who: Organizer, slug: str, phase: str, given: frame.Fields) -> Response:
    """Give a new version; where there are submissions, it counts once the phase was judged anew by it."""
    try:
        found = frame.upload(given, "file", settings().bundle_bytes)
        if found is None:
            raise Refused("Choose a file: .jsonl, .json or .csv.", field="file")
        made = competitions.give_truth(who, slug, phase, *found)
    except Fault as fault:
        return _page(request, who, slug, fault)
    return _page(request, who, slug, made=(phase, made))
