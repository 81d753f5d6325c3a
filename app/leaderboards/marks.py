"""What is said about a submission later: chosen or withdrawn by its sender, disqualified and reinstated by organizers.

Decision: the submission and its scores stay as they are; a mark only decides whether it counts. It is set under the
entrant's lock, and the entrant's place is made anew in the same transaction.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.competitions import entrants
from app.competitions import service as competitions
from app.competitions.errors import PhaseNotOpen
from app.competitions.models import Participation, Phase
from app.competitions.visibility import published
from app.db import now
from app.errors import Denied
from app.leaderboards.columns import rule_of
from app.leaderboards.errors import NotChoosable, ResultsPublished, TooManyChosen
from app.leaderboards.service import replace
from app.submissions import service as submissions
from app.submissions.models import Mark, Submission

LOST = ("invalid", "failed", "cancelled")


def choose(session: Session, who: Principal, ref: str) -> Submission:
    """Choose what is to count, while the phase is open; again: nothing.

    Raises SubmissionNotFound, Denied, PhaseNotOpen, NotChoosable, TooManyChosen.
    """
    found, mark = _own(session, who, ref)
    _require_open(found.phase, now(session))
    rule = rule_of(found.phase)
    if rule.counting != "choice":
        raise NotChoosable(f"In {found.phase.slug!r} the rule is: {rule.counting}.", counting=rule.counting)
    if not _can_count(found):
        raise NotChoosable(f"{ref} is {_why_not(found)}.", counting=rule.counting)
    others = [one.ref for one in _chosen(session, found) if one.id != found.id]
    if len(others) >= rule.choices:
        raise TooManyChosen(f"{rule.choices} may be chosen, and {', '.join(others)} are.", chosen=others)
    if mark.chosen_at is None:
        mark.chosen_at = now(session)
        _settle(session, who, found, "submission.chosen")
    return found


def unchoose(session: Session, who: Principal, ref: str) -> Submission:
    """Take a choice back, while the phase is open. Raises SubmissionNotFound, Denied, PhaseNotOpen."""
    found, mark = _own(session, who, ref)
    _require_open(found.phase, now(session))
    if mark.chosen_at is not None:
        mark.chosen_at = None
        _settle(session, who, found, "submission.unchosen")
    return found


def withdraw(session: Session, who: Principal, ref: str) -> Submission:
    """Let it not count, for good, until the phase is published; it stays used of the limits.

    Raises SubmissionNotFound, Denied, ResultsPublished.
    """
    found, mark = _own(session, who, ref)
    if mark.withdrawn_at is None:
        moment = now(session)
        if published(found.phase, moment):
            raise ResultsPublished(f"{found.phase.slug!r} is published.")
        mark.withdrawn_at = moment
        _settle(session, who, found, "submission.withdrawn")
    return found


def disqualify(session: Session, who: Principal, ref: str, reason: str) -> Submission:
    """Let it not count, with the reason for its sender to read; at any time. Raises SubmissionNotFound, Denied."""
    found, mark = _organized(session, who, ref)
    if mark.disqualified_at is None or mark.reason != reason:
        before = {"reason": mark.reason} if mark.disqualified_at is not None else None
        mark.disqualified_at, mark.reason = mark.disqualified_at or now(session), reason
        _settle(session, who, found, "submission.disqualified", before, {"reason": reason})
    return found


def reinstate(session: Session, who: Principal, ref: str) -> Submission:
    """Take a disqualification back. Raises SubmissionNotFound, Denied."""
    found, mark = _organized(session, who, ref)
    if mark.disqualified_at is not None:
        before = {"reason": mark.reason}
        mark.disqualified_at, mark.reason = None, ""
        _settle(session, who, found, "submission.reinstated", before)
    return found


def _own(session: Session, who: Principal, ref: str) -> tuple[Submission, Mark]:
    """The submission of the asker or their present team, held."""
    found = submissions.submission_of(session, who, ref)
    mine = select(Participation.id).where(Participation.id == found.participation_id)
    if session.scalar(mine.where(entrants.belongs_to(who.account_id))) is None:
        raise Denied("Only its sender and their team may choose or withdraw a submission; organizers disqualify it.")
    return found, _held(session, found)


def _organized(session: Session, who: Principal, ref: str) -> tuple[Submission, Mark]:
    found = submissions.submission_of(session, who, ref)
    if not competitions.organizes(who, found.phase.competition):
        raise Denied("Only the competition's organizers may disqualify and reinstate.")
    return found, _held(session, found)


def _held(session: Session, found: Submission) -> Mark:
    """The submission's mark, under the lock of its entrant."""
    competitions.hold(session, found.phase, shared=True)
    entrants.hold(session, found.participation)
    session.refresh(found, ["mark"])
    if found.mark is None:
        found.mark = Mark(submission_id=found.id, reason="")
    else:
        session.refresh(found.mark)
    return found.mark


def _require_open(phase: Phase, moment: datetime) -> None:
    status = competitions.status_of(phase, moment)
    if status != "open":
        raise PhaseNotOpen(f"What counts is chosen while {phase.slug!r} is open; it is {status}.")


def _can_count(found: Submission) -> bool:
    mark = found.mark
    marked = mark is not None and (mark.withdrawn_at is not None or mark.disqualified_at is not None)
    return not marked and found.evaluation.state not in LOST


def _why_not(found: Submission) -> str:
    if found.mark is not None and found.mark.withdrawn_at is not None:
        return "withdrawn"
    disqualified = found.mark is not None and found.mark.disqualified_at is not None
    return "disqualified" if disqualified else found.evaluation.state


def _chosen(session: Session, found: Submission) -> list[Submission]:
    """What the entrant has chosen in this phase and can count, first sent first."""
    members = entrants.members_of(session, found.participation)
    rows = select(Submission).join(Mark, Mark.submission_id == Submission.id)
    rows = rows.where(Submission.phase_id == found.phase_id, Submission.participation_id.in_(members))
    chosen = session.scalars(rows.where(Mark.chosen_at.is_not(None)).order_by(Submission.created_at, Submission.id))
    return [one for one in chosen if _can_count(one)]


def _settle(
    session: Session,
    who: Principal,
    found: Submission,
    action: str,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    """Write the act down and make the entrant's place anew."""
    session.flush()
    audit.record(
        session, who, action, found.ref, competition=found.phase.competition.slug, before=before, after=after
    )  # fmt: skip
    replace(session, found.phase_id, found.participation_id)
