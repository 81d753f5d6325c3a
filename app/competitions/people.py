"""Who takes part and who organizes: join, decide, ban, mark as baseline; add, remove and transfer organizers.

Decision: the scope `organize` says what a session or token may be used for; in which competition is said by its rows
(owner, co-organizers), asked by `service.organizes` at every act. So each account may carry the scope, and a
co-organizer needs no role. Only to apply bundles the role `organizer` is needed. Organizers know too much to compete:
what they send is a baseline. Rejected: scopes per competition, which every token would have to name.
"""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit
from app.accounts.errors import AccountNotFound, EmailUnverified
from app.accounts.models import Account
from app.accounts.service import Principal
from app.competitions import errors
from app.competitions.models import Competition, CoOrganizer, Participation
from app.competitions.service import competition_of, is_organizer, organizes, participation_of
from app.db import now
from app.errors import Conflict, Denied
from app.messages import letters, outbox
from app.settings import settings


def invited(competition: Competition, email: str) -> bool:
    """True where the e-mail list is empty or holds this address or exactly its domain (`@example.org`)."""
    allowed = {str(entry).strip().lower() for entry in competition.allowed_emails}
    address = email.lower()
    return not allowed or address in allowed or "@" + address.rpartition("@")[2] in allowed


def join(session: Session, who: Principal, slug: str, accept_terms: bool) -> Participation:
    """Join a competition and accept its present terms; joining again accepts terms that changed since.

    Raises CompetitionNotFound, TermsNotAccepted, NotInvited, EmailUnverified.
    """
    competition = competition_of(session, slug)
    if not accept_terms:
        raise errors.TermsNotAccepted
    found = participation_of(session, competition, who.account_id)
    if found is None:
        organizing = is_organizer(competition, who.account_id)
        if not organizing and not invited(competition, session.get_one(Account, who.account_id).email):
            raise errors.NotInvited
        listed = bool(competition.allowed_emails)
        if not organizing:
            _require_verified(session, who, listed=listed)
        at_once = competition.registration_auto_approve or listed or organizes(who, competition)
        session.execute(
            insert(Participation)
            .values(
                competition_id=competition.id,
                account_id=who.account_id,
                status="approved" if at_once or organizing else "pending",
                terms_version=competition.terms_version,
                baseline=organizing,
            )
            .on_conflict_do_nothing()
        )
        found = participation_of(session, competition, who.account_id)
        assert found is not None  # noqa: S101  (inserted above, by us or at the same moment)
    found.terms_version = max(found.terms_version, competition.terms_version)
    session.flush()
    return found


def _require_verified(session: Session, who: Principal, *, listed: bool) -> None:
    """Raise EmailUnverified where the setting or a list of addresses asks for a confirmed one."""
    asked = settings().verified_to_join or (listed and settings().sends_mail)
    account = session.get_one(Account, who.account_id)
    if asked and account.email_verified_at is None:
        raise EmailUnverified(f"Confirm {account.email} first.")


def organized(session: Session, who: Principal, slug: str) -> Competition:
    """The competition where the asker organizes it. Raises CompetitionNotFound, Denied."""
    competition = competition_of(session, slug)
    if not organizes(who, competition):
        raise Denied("Only the competition's organizers may do this.")
    return competition


def participants(competition: Competition, status: str | None = None, search: str = "") -> Select[tuple[Participation]]:
    """The query for those who joined or asked to, first come first; `search` is a part of the user name."""
    rows = select(Participation).join(Account, Account.id == Participation.account_id)
    rows = rows.where(Participation.competition_id == competition.id)
    if status:
        rows = rows.where(Participation.status == status)
    if search:
        rows = rows.where(Account.username.contains(search.lower(), autoescape=True))
    return rows.order_by(Participation.created_at, Participation.id)


def decide(
    session: Session, who: Principal, slug: str, username: str, given: dict[str, Any]
) -> tuple[Participation, bool]:
    """Change a participant's `status`, `reason` or `baseline`, whichever are given and not None.

    Returns the participation and whether the boards change: its entries enter or leave them, or compete no more.
    Approving clears the reason. Raises CompetitionNotFound, Denied, ParticipantNotFound, OrganizersDoNotCompete.
    """
    competition = organized(session, who, slug)
    mine = (Participation.competition_id == competition.id, Account.username == username.lower())
    found = session.scalar(
        select(Participation)
        .join(Account, Account.id == Participation.account_id)
        .where(*mine)
        # NO KEY: a board change that runs holds the board and needs this row's key.
        .with_for_update(of=Participation, key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise errors.ParticipantNotFound(f"{username!r} has not asked to join {slug!r}.")
    wanted = {key: value for key, value in given.items() if value is not None}
    if wanted.get("status") == "approved":
        wanted["reason"] = ""
    barred = wanted.get("status", "approved") != "approved" or wanted.get("baseline") is False
    if barred and is_organizer(competition, found.account_id):
        raise errors.OrganizersDoNotCompete
    before = {key: getattr(found, key) for key, value in wanted.items() if getattr(found, key) != value}
    if not before:
        return found, False
    for key in before:
        setattr(found, key, wanted[key])
    session.flush()
    action = f"participant.{found.status}" if "status" in before else "participant.changed"
    after = {key: wanted[key] for key in before}
    audit.record(session, who, action, found.account.username, competition=slug, before=before, after=after)
    if "status" in before:
        letter = letters.decided(slug, competition.title, found.status, found.reason)
        outbox.queue(
            session, [found.account_id], "approved", f"participation:{found.id}:{now(session).isoformat()}", letter
        )
    return found, "baseline" in before or "banned" in (before.get("status"), after.get("status"))


def mine(session: Session, account_id: int) -> list[dict[str, Any]]:
    """An account's participations: competition, status, reason, baseline, terms_accepted."""
    rows = select(Participation, Competition).join(Competition, Competition.id == Participation.competition_id)
    rows = rows.where(Participation.account_id == account_id).order_by(Participation.id)
    return [
        {
            "competition": competition.slug,
            "status": row.status,
            "reason": row.reason,
            "baseline": row.baseline,
            "terms_accepted": row.terms_version >= competition.terms_version,
        }
        for row, competition in session.execute(rows)
    ]


def add_organizer(session: Session, who: Principal, slug: str, username: str) -> Competition:
    """Make an account a co-organizer; again is no error. Raises Denied, AccountNotFound."""
    competition = _owned(session, who, slug)
    account = _account(session, username)
    if not is_organizer(competition, account.id):
        found = participation_of(session, competition, account.id)
        if found is not None and found.status == "banned":
            raise Conflict(f"{account.username} is banned from {slug!r}: lift the ban first.")
        session.add(CoOrganizer(competition_id=competition.id, account_id=account.id, added_by=who.account_id))
        if found is not None:
            # Who organizes neither competes nor is kept out.
            found.status, found.reason, found.baseline = "approved", "", True
        audit.record(session, who, "organizer.added", account.username, competition=slug)
        _reload(session, competition)
    return competition


def remove_organizer(session: Session, who: Principal, slug: str, username: str) -> Competition:
    """Take a co-organizer's rights; what they sent stays a baseline. Raises Denied, OrganizerNotFound."""
    competition = _owned(session, who, slug)
    for row in competition.organizers:
        if row.account.username == username.lower():
            session.delete(row)
            audit.record(session, who, "organizer.removed", row.account.username, competition=slug)
            _reload(session, competition)
            return competition
    raise errors.OrganizerNotFound(f"{username!r} is no co-organizer of {slug!r}.")


def transfer(session: Session, who: Principal, slug: str, username: str) -> Competition:
    """Give the competition to a co-organizer; the owner before stays as a co-organizer.

    Raises Denied, OrganizerNotFound.
    """
    competition = _owned(session, who, slug)
    old = competition.organizer
    if old.username == username.lower():
        return competition
    row = next((row for row in competition.organizers if row.account.username == username.lower()), None)
    if row is None:
        raise errors.OrganizerNotFound(f"{username!r} is no co-organizer of {slug!r}: add them first.")
    new = row.account
    session.delete(row)
    session.add(CoOrganizer(competition_id=competition.id, account_id=old.id, added_by=who.account_id))
    competition.organizer_id = new.id
    before, after = {"owner": old.username}, {"owner": new.username}
    audit.record(session, who, "organizer.transferred", new.username, competition=slug, before=before, after=after)
    _reload(session, competition)
    return competition


def _owned(session: Session, who: Principal, slug: str) -> Competition:
    # Held, so that two changes of the organizers come one after the other.
    competition = competition_of(session, slug)
    session.refresh(competition, with_for_update={"of": Competition, "key_share": True})
    owner = who.may("organize") and competition.organizer_id == who.account_id
    if not (owner or who.is_admin):
        raise Denied("Only the competition's owner and administrators may change who organizes it.")
    return competition


def _reload(session: Session, competition: Competition) -> None:
    session.flush()
    session.refresh(competition, ["organizer", "organizers"])


def _account(session: Session, username: str) -> Account:
    found = session.scalar(select(Account).where(Account.username == username.lower(), Account.active))
    if found is None:
        raise AccountNotFound(f"There is no account {username!r}.")
    return found
