"""What can be done with announcements. Plain functions on an open session."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.announcements.errors import AnnouncementNotFound
from app.announcements.models import Announcement
from app.competitions import service as competitions
from app.competitions.models import Competition, Participation
from app.db import new_ref, now
from app.errors import Denied
from app.messages import letters, outbox
from app.messages.errors import MailOff
from app.messages.models import Mail
from app.settings import settings


def announcements(session: Session, slug: str) -> list[Announcement]:
    """The competition's announcements, newest first. Raises CompetitionNotFound."""
    competition = competitions.competition_of(session, slug)
    rows = select(Announcement).where(Announcement.competition_id == competition.id)
    return list(session.scalars(rows.order_by(Announcement.created_at.desc(), Announcement.ref)))


def post(
    session: Session, who: Principal, slug: str, title: str, body: str, *, mail: bool = False
) -> tuple[Announcement, int]:
    """Announce something; with `mail`, also to the approved participants who want it. Returns it and the mails' number.

    Raises CompetitionNotFound, Denied, MailOff.
    """
    competition = _organized(session, who, slug)
    if mail and not settings().sends_mail:
        raise MailOff
    made = Announcement(
        ref=new_ref("ann"),
        competition_id=competition.id,
        author_id=who.account_id,
        title=title,
        body=body,
        created_at=now(session),
    )
    session.add(made)
    session.flush()
    told = {"title": title, "mail": mail}
    audit.record(session, who, "announcement.posted", made.ref, competition=slug, after=told)
    if not mail:
        return made, 0
    letter = letters.announcement(slug, competition.title, title, body)
    readers = approved(session, competition.id)
    return made, outbox.queue(session, readers, "announcement", _key(made.ref), letter)


def approved(session: Session, competition_id: int) -> list[int]:
    """The accounts of the approved participants."""
    rows = select(Participation.account_id).where(Participation.competition_id == competition_id)
    return list(session.scalars(rows.where(Participation.status == "approved")))


def mailed(session: Session, who: Principal, slug: str) -> dict[str, dict[str, int]]:
    """Of each announcement that was mailed: how many mails are sent, waiting or failed. Raises as `post` does."""
    competition = _organized(session, who, slug)
    state = case((Mail.state == "sending", "waiting"), else_=Mail.state)
    mine = func.concat("announcement:", Announcement.ref)
    rows = (
        select(Announcement.ref, state, func.count())
        .join(Mail, Mail.key == mine)
        .where(Announcement.competition_id == competition.id)
        .group_by(Announcement.ref, state)
    )
    found: dict[str, dict[str, int]] = {}
    for ref, kind, count in session.execute(rows):
        found.setdefault(ref, {"sent": 0, "waiting": 0, "failed": 0})[kind] = count
    return found


def edit(session: Session, who: Principal, slug: str, ref: str, changes: dict[str, str]) -> Announcement:
    """Change title or body; nothing is mailed again. Raises CompetitionNotFound, Denied, AnnouncementNotFound."""
    found = _announcement(session, who, slug, ref)
    before = {name: getattr(found, name) for name in changes}
    audit.record(session, who, "announcement.changed", ref, competition=slug, before=before, after=dict(changes))
    for name, value in changes.items():
        setattr(found, name, value)
    found.edited_at = now(session)
    session.flush()
    return found


def delete(session: Session, who: Principal, slug: str, ref: str) -> None:
    """Take it back, with the mails of it that wait. Raises CompetitionNotFound, Denied, AnnouncementNotFound."""
    found = _announcement(session, who, slug, ref)
    audit.record(session, who, "announcement.deleted", ref, competition=slug, before={"title": found.title})
    session.delete(found)
    outbox.drop(session, Mail.key == _key(ref))


def _key(ref: str) -> str:
    return f"announcement:{ref}"


def _organized(session: Session, who: Principal, slug: str) -> Competition:
    competition = competitions.competition_of(session, slug)
    if not competitions.organizes(who, competition):
        raise Denied("Only the competition's organizers may announce something.")
    return competition


def _announcement(session: Session, who: Principal, slug: str, ref: str) -> Announcement:
    competition = _organized(session, who, slug)
    found = session.get(Announcement, ref)
    if found is None or found.competition_id != competition.id:
        raise AnnouncementNotFound(f"The competition {slug!r} has no announcement {ref!r}.")
    return found
