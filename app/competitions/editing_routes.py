"""HTTP doors for changing, deleting and restoring a competition."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status

from app.accounts.guards import Organizer
from app.competitions import editing
from app.competitions.editing_schemas import CompetitionEdit, Edited, PhaseEdit
from app.db import Session

router = APIRouter(tags=["competitions"])
IfMatch = Annotated[str | None, Header(description="ETag of the competition, or `*` for whatever it is now.")]


@router.patch("/competitions/{slug}")
def change(
    request: Request, response: Response, who: Organizer, slug: str, given: CompetitionEdit, if_match: IfMatch = None
) -> Edited:
    """Change a competition and tell what changed; needs `If-Match`. For its organizers."""
    with Session.begin() as session:
        edit = editing.edit_competition(session, who, slug, if_match, given)
        for phase in edit.boards:
            request.app.state.rebuild(session, phase.id)
        return _edited(response, edit)


@router.patch("/competitions/{slug}/phases/{phase}")
def change_phase(
    request: Request, response: Response, who: Organizer, slug: str, phase: str, given: PhaseEdit,
    if_match: IfMatch = None,
) -> Edited:  # fmt: skip
    """Change a phase and tell what changed; needs `If-Match` (of the competition). For its organizers."""
    with Session.begin() as session:
        edit = editing.edit_phase(session, who, slug, phase, if_match, given)
        for one in edit.boards:
            request.app.state.rebuild(session, one.id)
        return _edited(response, edit)


def _edited(response: Response, edit: editing.Edit) -> Edited:
    response.headers["ETag"] = editing.etag(edit.competition.version)
    return Edited(slug=edit.competition.slug, version=edit.competition.version, changes=edit.changes)


@router.delete("/competitions/{slug}", status_code=status.HTTP_204_NO_CONTENT)
def delete(who: Organizer, slug: str) -> None:
    """Hide the competition from everybody at once; it can be restored for some days. For its organizer."""
    with Session.begin() as session:
        editing.delete(session, who, slug)


@router.post("/competitions/{slug}/restore")
def restore(response: Response, who: Organizer, slug: str) -> Edited:
    """Bring a deleted competition back, as it was. For its organizer."""
    with Session.begin() as session:
        return _edited(response, editing.Edit(editing.restore(session, who, slug)))
