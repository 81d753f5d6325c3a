"""What entries and accounts say about labels and about one another: evidence for people, never an act by itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.guards import Organizer
from app.competitions import routes as competitions
from app.leaderboards import routes as boards
from app.web.organizer import frame
from app.web.rendering import Page

HERE = "/competitions/{slug}/organize/integrity"
router = APIRouter(include_in_schema=False, route_class=Page)
SHOWN = {"radar": "Doubtful labels", "fingerprints": "Entries that are alike", "accounts": "Accounts alike"}
Word = Annotated[str, Query(max_length=64)]


@router.get(HERE)
def integrity(request: Request, who: Organizer, slug: str, show: Word = "radar", phase: Word = "") -> Response:
    """One kind of evidence of a phase, or of the competition's accounts."""
    phases = competitions.detail_of(who, slug).phases
    chosen = next((one for one in phases if one.slug == phase), phases[0] if phases else None)
    show = show if show in SHOWN else "radar"
    found: dict[str, Any] = {}
    if show == "accounts":
        found = boards.accounts(who, slug)
    elif chosen is not None:
        found = (boards.radar if show == "radar" else boards.fingerprints)(who, slug, chosen.slug)
    return frame.page(request, who, slug, "integrity", shown=SHOWN, show=show, phase=chosen, found=found)
