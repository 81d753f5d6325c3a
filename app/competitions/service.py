"""What can be done with competitions: find, enter a phase, give truth. Plain functions on an open session."""

from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.errors import TokenElsewhere
from app.accounts.service import Principal
from app.competitions import entrants, errors
from app.competitions.models import Competition, Participation, Phase, Truth
from app.db import now
from app.errors import Fault

Status = Literal["upcoming", "open", "closed"]
NAMED = 10
"""So many of the items that differ are named."""


def competition_of(session: Session, slug: str) -> Competition:
    """The competition of this slug, unless it is deleted. Raises CompetitionNotFound."""
    found = session.scalar(select(Competition).where(Competition.slug == slug, Competition.deleted_at.is_(None)))
    if found is None:
        raise errors.CompetitionNotFound(f"There is no competition {slug!r}.")
    return found


def phase_of(session: Session, slug: str, phase: str) -> Phase:
    """The phase of this competition. Raises CompetitionNotFound, PhaseNotFound."""
    competition = competition_of(session, slug)
    for found in competition.phases:
        if found.slug == phase:
            set_committed_value(found, "competition", competition)  # else it would be read once more
            return found
    raise errors.PhaseNotFound(f"The competition {slug!r} has no phase {phase!r}.")


def status_of(phase: Phase, moment: datetime) -> Status:
    """Whether the phase is upcoming, open or closed at this moment (half-open interval)."""
    if moment < phase.starts_at:
        return "upcoming"
    return "closed" if phase.ends_at is not None and moment >= phase.ends_at else "open"


def intake_fault(phase: Phase, moment: datetime) -> Fault | None:
    """Why the phase takes no submission at this moment, None where it does.

    After its end it does where late ones are accepted, until it is published by hand.
    """
    status = status_of(phase, moment)
    if status == "upcoming":
        opens = phase.starts_at.isoformat()
        return errors.PhaseNotOpen(f"It opens at {opens}.", opens_at=opens)
    if status == "closed" and not (phase.accept_late and phase.published_at is None):
        ended = phase.ends_at.isoformat() if phase.ends_at else ""
        return errors.PhaseNotOpen(f"It closed at {ended}.", closed_at=ended)
    if phase.paused:
        return errors.PhasePaused(f"The organizers have paused {phase.slug!r}.")
    return errors.PhaseNotReady() if phase.truth is None else None


def is_organizer(competition: Competition, account_id: int) -> bool:
    """True where the account owns or co-organizes the competition."""
    return account_id == competition.organizer_id or any(row.account_id == account_id for row in competition.organizers)


def organizes(who: Principal | None, competition: Competition) -> bool:
    """True where the asker may see and change what organizers may."""
    return who is not None and (who.is_admin or (who.may("organize") and is_organizer(competition, who.account_id)))


def participation_of(session: Session, competition: Competition, account_id: int) -> Participation | None:
    """The account's participation, None where it never joined."""
    mine = (Participation.competition_id == competition.id, Participation.account_id == account_id)
    return session.scalar(select(Participation).where(*mine))


def hold(session: Session, phase: Phase, *, shared: bool = False) -> None:
    """Lock the phase's row until the transaction ends, then read it anew.

    In two steps: one statement that waited for the row would join it with the truth that it had before. Not against
    key references: what is being placed on the phase's board needs them.
    """
    row = select(Phase.id).where(Phase.id == phase.id)
    session.execute(row.with_for_update(read=shared, key_share=not shared))
    session.refresh(phase, [*Phase.__mapper__.column_attrs.keys(), "truth", "gate", "carry_from"])


def entry(
    session: Session, who: Principal, slug: str, phase: str, *, lock: bool = False
) -> tuple[Phase, Participation]:
    """The phase and the asker's participation where they may submit to it now, by the database's clock.

    With `lock`, the phase is held for share and the entrant for update, in that order, until the transaction ends: what
    is counted is then exact. Raises CompetitionNotFound, PhaseNotFound, NotJoined, JoinPending,
    JoinDenied, Banned, TermsChanged, PhaseNotOpen, PhasePaused, PhaseNotReady.
    """
    if who.competition not in (None, slug):
        raise TokenElsewhere(f"It acts in {who.competition!r} only.")
    found = phase_of(session, slug, phase)
    if lock:
        hold(session, found, shared=True)
    participation = participation_of(session, found.competition, who.account_id)
    if participation is None:
        raise errors.NotJoined
    if lock:
        entrants.hold(session, participation)
    if participation.status == "pending":
        raise errors.JoinPending
    if participation.status == "denied":
        raise errors.JoinDenied(participation.reason)
    if participation.status == "banned":
        raise errors.Banned(participation.reason)
    if participation.terms_version < found.competition.terms_version:
        raise errors.TermsChanged(terms_version=found.competition.terms_version)
    fault = intake_fault(found, now(session))
    if fault is not None:
        raise fault
    return found, participation


def add_truth(session: Session, phase: Phase, sha256: str, item_ids: list[str], account_id: int) -> Truth:
    """A new version of the phase's truth, unless it is the present one. The blob must be stored already."""
    if phase.truth is not None and phase.truth.sha256 == sha256:
        return phase.truth
    phase.truth = keep_truth(session, phase, sha256, item_ids, account_id)
    return phase.truth


def newest_truth(session: Session, phase: Phase) -> int:
    """The number of the phase's newest truth, 0 where it has none."""
    return session.scalar(select(func.max(Truth.number)).where(Truth.phase_id == phase.id)) or 0


def keep_truth(session: Session, phase: Phase, sha256: str, item_ids: list[str], account_id: int) -> Truth:
    """A version of the phase's truth that counts nowhere yet; the one that there is where it was given before."""
    known = select(Truth).where(Truth.phase_id == phase.id, Truth.sha256 == sha256)
    found = session.scalars(known.order_by(Truth.number.desc()).limit(1)).first()
    if found is not None:
        return found
    number = newest_truth(session, phase) + 1
    truth = Truth(phase_id=phase.id, number=number, sha256=sha256, item_ids=item_ids, created_by=account_id)
    session.add(truth)
    session.flush()
    return truth


def require_same_items(phase: Phase, item_ids: list[str]) -> None:
    """Raise TruthItemsDiffer where these are not the items of the phase's truth: answers were read by those."""
    present = set(phase.truth.item_ids if phase.truth else ())
    missing, added = sorted(present - set(item_ids)), sorted(set(item_ids) - present)
    if missing or added:
        raise errors.TruthItemsDiffer(
            f"{len(missing)} items of {phase.slug!r} are missing, {len(added)} are new.",
            missing=missing[:NAMED],
            added=added[:NAMED],
        )
