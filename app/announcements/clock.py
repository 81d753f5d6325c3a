"""What the clock tells participants: a phase began, a phase ended.

Decision: each round of the sweeper looks which phases began or ended within the last day and were not told yet. So a
scheduler that was down tells it late, but never of what is long past; the row that says "told" is written with the
mails and webhooks, so it happens once, also with two schedulers. Who is approved later gets no mail of it.
"""

from datetime import timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.announcements.models import PhaseNotice
from app.announcements.service import approved
from app.competitions.models import Competition, Phase
from app.messages import letters, outbox
from app.webhooks.events import phase_turned

LATEST = timedelta(days=1)


def tell(session: Session) -> None:
    """Write the mails and webhooks of phases that began or ended since the last time."""
    moment = func.clock_timestamp()
    begun = (Phase.starts_at.between(moment - LATEST, moment), or_(Phase.ends_at.is_(None), Phase.ends_at > moment))
    ended = (Phase.ends_at.between(moment - LATEST, moment),)
    for kind, which in (("phase_opened", begun), ("phase_closed", ended)):
        told = exists().where(PhaseNotice.phase_id == Phase.id, PhaseNotice.kind == kind)
        due = select(Phase).join(Competition).where(*which, ~told, Competition.deleted_at.is_(None))
        for phase in session.scalars(due.order_by(Phase.id)).all():
            row = insert(PhaseNotice).values(phase_id=phase.id, kind=kind).on_conflict_do_nothing()
            if session.execute(row.returning(PhaseNotice.phase_id)).first() is not None:
                readers = approved(session, phase.competition_id)
                outbox.queue(session, readers, kind, f"{kind}:{phase.id}", _letter(kind, phase))
                phase_turned(session, phase, "phase.opened" if kind == "phase_opened" else "phase.closed")


def _letter(kind: str, phase: Phase) -> letters.Letter:
    write = letters.phase_opened if kind == "phase_opened" else letters.phase_closed
    return write(phase.competition.slug, phase.competition.title, phase.slug, phase.name, phase.ends_at)
