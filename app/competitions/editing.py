"""Change a competition or a phase by hand, delete and restore it; nobody's change is lost under another's.

Decision: one version stands for a competition and all of its phases, and its row is the lock: what two phases say of
one another is checked under it. Who changes must name the version that they read (`If-Match`); `*` says that it does
not matter, which is right for a command such as `phase close`, and never for a form.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.service import Principal
from app.competitions import errors, service
from app.competitions.applying import require_unused
from app.competitions.editing_schemas import CompetitionEdit, PhaseEdit, resolved
from app.competitions.models import Competition, Phase
from app.competitions.rules import BoardRule
from app.db import now
from app.errors import Denied, PreconditionFailed, PreconditionRequired
from app.settings import settings

ON_THE_BOARD = {"board", "split", "ends_at", "freeze_hours", "frozen_at", "publish", "published_at"}
"""Of a phase: what changes how its board looks."""
LONGEST_SHOWN = 120


@dataclass
class Edit:
    """What was changed, by path, and the phases whose boards must be made anew."""

    competition: Competition
    changes: list[dict[str, Any]] = field(default_factory=list)
    boards: list[Phase] = field(default_factory=list)


def etag(version: int) -> str:
    """The ETag of a competition's version."""
    return f'"{version}"'


def edit_competition(session: Session, who: Principal, slug: str, if_match: str | None, given: CompetitionEdit) -> Edit:
    """Change a competition.

    Raises CompetitionNotFound, Denied, PreconditionFailed, PreconditionRequired, RuleInvalid.
    """
    edit, phases = _begin(session, who, slug, if_match)
    values = given.model_dump(mode="json", exclude_unset=True)
    competition = edit.competition
    weights = (values.get("overall") or {}).get("weights") or {}
    unknown = set(weights) - {phase.slug for phase in phases}
    if unknown:
        raise _invalid("overall.weights", f"there is no phase {min(unknown)!r}; there are: {_names(phases)}.")
    if values.get("terms", competition.terms) != competition.terms:
        values["terms_version"] = competition.terms_version + 1
    if values.get("anonymous", competition.anonymous) != competition.anonymous:
        edit.boards = phases
    _set(session, who, edit, competition, values, "competition.changed", slug)
    return edit


def edit_phase(
    session: Session, who: Principal, slug: str, phase_slug: str, if_match: str | None, given: PhaseEdit
) -> Edit:
    """Change a phase. Raises as `edit_competition` does, and PhaseNotFound, ScoringInUse."""
    edit, phases = _begin(session, who, slug, if_match)
    phase = next((one for one in phases if one.slug == phase_slug), None)
    if phase is None:
        raise errors.PhaseNotFound(f"The competition {slug!r} has no phase {phase_slug!r}.")
    values = _values(given, phase, phases, now(session))
    _check_times(values, phase)
    _check_others(values, phase)
    _check_split(session, values, phase)
    _set(session, who, edit, phase, values, "phase.changed", f"{slug}/{phase_slug}", f"phases.{phase_slug}.")
    if {change["path"].rpartition(".")[2] for change in edit.changes} & ON_THE_BOARD:
        edit.boards = [phase]
    return edit


def delete(session: Session, who: Principal, slug: str) -> None:
    """Hide a competition from everybody at once. Raises CompetitionNotFound, Denied.

    It can be restored for some days; then the sweep removes it with all that belongs to it (blobs stay in storage).
    """
    competition = service.competition_of(session, slug)
    _require_owner(who, competition)
    session.refresh(competition, with_for_update={"of": Competition})
    competition.deleted_at = competition.deleted_at or now(session)
    competition.version += 1
    audit.record(session, who, "competition.deleted", slug, competition=slug)


def restore(session: Session, who: Principal, slug: str) -> Competition:
    """Bring a deleted competition back; one that is not deleted stays. Raises CompetitionNotFound, Denied."""
    found = session.scalar(select(Competition).where(Competition.slug == slug).with_for_update(of=Competition))
    gone = found is not None and found.deleted_at is not None and found.deleted_at <= gone_before(session)
    # To others, what is deleted was never there.
    if found is None or gone or not service.organizes(who, found):
        raise errors.CompetitionNotFound(f"There is no competition {slug!r}.")
    _require_owner(who, found)
    if found.deleted_at is not None:
        found.deleted_at = None
        found.version += 1
        audit.record(session, who, "competition.restored", slug, competition=slug)
    return found


def gone_before(session: Session) -> datetime:
    """What was deleted up to this moment cannot be restored any more."""
    return now(session) - timedelta(days=settings().deleted_days)


def _require_owner(who: Principal, competition: Competition) -> None:
    """Raise Denied for all but the organizer and administrators; co-organizers may not delete."""
    if not (service.organizes(who, competition) and (who.is_admin or who.account_id == competition.organizer_id)):
        raise Denied(f"Only {competition.organizer.username} may delete or restore {competition.slug!r}.")


def _begin(session: Session, who: Principal, slug: str, if_match: str | None) -> tuple[Edit, list[Phase]]:
    """The competition and its phases, held until the transaction ends, where the asker may change this version."""
    competition = service.competition_of(session, slug)
    if not service.organizes(who, competition):
        raise Denied("Only the competition's organizers may change it.")
    if if_match is None:
        raise PreconditionRequired
    session.refresh(competition, with_for_update={"of": Competition})
    if competition.deleted_at is not None:
        raise errors.CompetitionNotFound(f"There is no competition {slug!r}.")
    present = competition.version
    if not {"*", etag(present)} & {one.strip() for one in if_match.split(",")}:
        raise PreconditionFailed(f"You changed another version than the present one, {present}.", version=present)
    rows = select(Phase).where(Phase.competition_id == competition.id).order_by(Phase.index)
    fresh = rows.with_for_update(of=Phase).execution_options(populate_existing=True)
    return Edit(competition), list(session.scalars(fresh))


def _values(given: PhaseEdit, phase: Phase, phases: list[Phase], moment: datetime) -> dict[str, Any]:
    """The phase's new columns and relations."""
    values = given.model_dump(exclude_unset=True)
    for name in ("starts_at", "ends_at"):
        if name in values:
            values[name] = resolved(values[name], moment)
    for flag, stamp in (("frozen", "frozen_at"), ("published", "published_at")):
        if flag in values:
            values[stamp] = (getattr(phase, stamp) or moment) if values.pop(flag) else None
    if "board" in values:
        values["board"] = given.board.model_dump(mode="json", exclude_defaults=True)
    if given.split is not None:
        values["split"] = given.split.model_dump(mode="json", exclude_none=True)
    by_slug = {one.slug: one for one in phases}
    for name in ("gate", "carry_from"):
        slug = values.get(name)
        if slug is not None:
            if slug not in by_slug:
                raise _invalid(name, f"there is no phase {slug!r}; there are: {_names(phases)}.")
            values[name] = by_slug[slug]
    return values


def _check_times(values: dict[str, Any], phase: Phase) -> None:
    starts, ends = values.get("starts_at", phase.starts_at), values.get("ends_at", phase.ends_at)
    if ends is not None and ends <= starts:
        place = "ends_at" if "ends_at" in values else "starts_at"
        raise _invalid(place, f"the phase would end at {ends.isoformat()}, before it starts at {starts.isoformat()}.")


def _check_others(values: dict[str, Any], phase: Phase) -> None:
    """Gates make no circle, and submissions are carried from an earlier phase."""
    carry_from: Phase | None = values.get("carry_from")
    if carry_from is not None and carry_from.index >= phase.index:
        raise _invalid("carry_from", f"{carry_from.slug!r} does not come before {phase.slug!r}; name an earlier phase.")
    passed: list[Phase] = []
    gate: Phase | None = values.get("gate")
    while gate is not None and gate not in passed:
        if gate is phase:
            way = " needs ".join(repr(one.slug) for one in [phase, *passed, phase])
            raise _invalid("gate", f"the gates make a circle: {way}; nobody could ever submit.")
        passed.append(gate)
        gate = gate.gate


def _check_split(session: Session, values: dict[str, Any], phase: Phase) -> None:
    split = values.get("split")
    if values.get("board", phase.board).get("ladder") and values.get("split", phase.split) is None:
        raise _invalid("board.ladder", "a ladder needs public items; give the phase a `split`.")
    if "split" not in values or split == phase.split:
        return
    require_unused(session, phase, "its split would differ")
    unknown = sorted(set((split or {}).get("items", [])) - set(phase.truth.item_ids if phase.truth else []))
    if unknown and phase.truth is not None:
        raise _invalid("split.items", f"the truth has no item {unknown[0]!r} (nor {len(unknown) - 1} others).")
    if phase.truth is not None and set((split or {}).get("items", [])) == set(phase.truth.item_ids):
        raise _invalid("split.items", "every item would be public; leave some out.")


def _invalid(place: str, message: str) -> errors.RuleInvalid:
    return errors.RuleInvalid(f"{place}: {message}", fields=[{"where": place, "message": message}])


def _names(phases: list[Phase]) -> str:
    return ", ".join(phase.slug for phase in phases)


def _set(
    session: Session,
    who: Principal,
    edit: Edit,
    row: Competition | Phase,
    values: dict[str, Any],
    action: str,
    target: str,
    prefix: str = "",
) -> None:
    """Set what differs, tell it, count it as a version and write it down."""
    before, after = {}, {}
    for name, new in values.items():
        old = getattr(row, name)
        if old == new or (name == "board" and BoardRule.model_validate(old) == BoardRule.model_validate(new)):
            continue
        before[name], after[name] = _shown(old), _shown(new)
        edit.changes.append({"path": prefix + name, "old": before[name], "new": after[name]})
        setattr(row, name, new)
    if edit.changes:
        edit.competition.version += 1
        audit.record(session, who, action, target, competition=edit.competition.slug, before=before, after=after)
    session.flush()


def _shown(value: Any) -> Any:
    """A value in a list of changes: long texts are only counted."""
    if isinstance(value, Phase):
        return value.slug
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > LONGEST_SHOWN:
        return f"{len(value)} characters"
    return value
