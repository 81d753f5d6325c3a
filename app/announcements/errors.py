"""Faults of announcements."""

from app.errors import NotFound


class AnnouncementNotFound(NotFound):
    """The competition has no announcement of this ref."""

    code = "announcement_not_found"
    title = "No such announcement"
    fix = "List them: `palmares announcement list SLUG`."
