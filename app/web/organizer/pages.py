"""The router of organizers' pages, and the overview."""

from fastapi import APIRouter, Request, Response

from app.accounts.guards import Organizer
from app.submissions import organizing_routes as organizing
from app.web.organizer import frame, integrity, making, news, people, phases, rescores, sent, settings, truth
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize"
router = APIRouter(include_in_schema=False, route_class=Page)
for part in (phases, people, sent, truth, rescores, integrity, news, settings, making):
    router.include_router(part.router)


@router.get(HERE)
def overview(request: Request, who: Organizer, slug: str) -> Response:
    """The competition in numbers."""
    return frame.page(request, who, slug, "", numbers=organizing.overview(who, slug))
