"""HTTP doors for changing, deleting and restoring a competition."""

from fastapi import APIRouter, Request, Response, status

from app.accounts.guards import Organizer
from app.competitions import editing, queries
from app.competitions.editing_schemas import CompetitionEdit, Edited, IfMatch, OrganizedList, OrganizedOut, PhaseEdit
from app.db import Session, now

router = APIRouter(tags=["competitions"])


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


@router.get("/me/competitions")
def organized(who: Organizer) -> OrganizedList:
    """The competitions that you organize, newest first, deleted ones too while they can be restored."""
    with Session.begin() as session:
        oldest = editing.gone_before(session)
        return OrganizedList(
            items=[
                OrganizedOut(
                    slug=row.slug,
                    title=row.title,
                    owner=row.organizer_id == who.account_id,
                    deleted_at=row.deleted_at,
                    restorable_until=row.deleted_at + (now(session) - oldest) if row.deleted_at else None,
                )
                for row in queries.organized_by(session, who, oldest)
            ]
        )
