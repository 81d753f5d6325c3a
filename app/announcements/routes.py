"""HTTP doors of announcements."""

from typing import Any

from fastapi import APIRouter, status

from app.accounts.guards import Organizer
from app.announcements import service
from app.announcements.models import Announcement
from app.announcements.schemas import (
    AnnouncementChange,
    AnnouncementIn,
    AnnouncementList,
    AnnouncementMade,
    AnnouncementOut,
    MailsOut,
)
from app.db import Session

router = APIRouter(tags=["announcements"])
ALL = "/competitions/{slug}/announcements"


def shown(row: Announcement) -> dict[str, Any]:
    """An announcement's fields for the answer."""
    values = {name: getattr(row, name) for name in ("ref", "title", "body", "created_at", "edited_at")}
    return {**values, "author": row.author.username}


@router.get(ALL)
def listing(slug: str) -> AnnouncementList:
    """The competition's announcements, newest first."""
    with Session.begin() as session:
        rows = service.announcements(session, slug)
        return AnnouncementList(items=[AnnouncementOut(**shown(row)) for row in rows])


@router.post(ALL, status_code=status.HTTP_201_CREATED)
def post(who: Organizer, slug: str, given: AnnouncementIn) -> AnnouncementMade:
    """Announce something, with `mail` also by mail; for the competition's organizers."""
    with Session.begin() as session:
        made, mails = service.post(session, who, slug, given.title, given.body, mail=given.mail)
        return AnnouncementMade(**shown(made), mails=mails)


@router.get(ALL + "/mails")
def mails(who: Organizer, slug: str) -> dict[str, MailsOut]:
    """Of each announcement that was mailed: how many mails are sent, waiting or failed; for its organizers."""
    with Session.begin() as session:
        found = service.mailed(session, who, slug)
        return {ref: MailsOut.model_validate(counts) for ref, counts in found.items()}


@router.patch(ALL + "/{ref}")
def edit(who: Organizer, slug: str, ref: str, given: AnnouncementChange) -> AnnouncementOut:
    """Change an announcement; for the competition's organizers."""
    with Session.begin() as session:
        changes = given.model_dump(exclude_unset=True)
        return AnnouncementOut(**shown(service.edit(session, who, slug, ref, changes)))


@router.delete(ALL + "/{ref}", status_code=status.HTTP_204_NO_CONTENT)
def delete(who: Organizer, slug: str, ref: str) -> None:
    """Take an announcement back, with the mails of it that wait; for the competition's organizers."""
    with Session.begin() as session:
        service.delete(session, who, slug, ref)
