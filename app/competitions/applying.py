"""Apply a bundle: create the competition or bring it to what the bundle says, and tell each change.

Decision: what is in storage is content-addressed and harmless, so files are stored before the transaction; a dry run
stores nothing and rolls back. Truth or plan under which something was already judged is not changed here.
"""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import storage
from app.accounts.service import Principal
from app.competitions import service
from app.competitions.bundle import Bundle, PhaseBundle
from app.competitions.errors import ScoringInUse
from app.competitions.models import Competition, Phase
from app.errors import Denied

Change = dict[str, Any]


def store(bundle: Bundle, *, dry_run: bool) -> dict[int, dict[str, str]]:
    """Store the bundle's files; returns their hashes by phase place and name. A dry run only computes them."""
    hashes: dict[int, dict[str, str]] = {}
    for place, phase in enumerate(bundle.phases):
        contents = {"truth": phase.truth, **phase.files}
        hashes[place] = {
            name: hashlib.sha256(content).hexdigest() if dry_run else storage.put(content)
            for name, content in contents.items()
        }
    return hashes


def apply(
    session: Session, who: Principal, bundle: Bundle, hashes: dict[int, dict[str, str]]
) -> tuple[Competition, bool, list[Change]]:
    """Create or update; returns the competition, whether it is new, and the changes. Raises Denied, ScoringInUse."""
    slug = bundle.values["slug"]
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:slug))"), {"slug": slug})
    competition = session.scalar(select(Competition).where(Competition.slug == slug))
    created = competition is None
    changes: list[Change] = []
    if competition is None:
        competition = Competition(slug=slug, organizer_id=who.account_id, phases=[])
        session.add(competition)
    elif not service.organizes(who, competition):
        raise Denied(f"The competition {slug!r} belongs to {competition.organizer.username}.")
    _set(competition, bundle.values, "", changes)
    session.flush()
    present = {phase.slug: phase for phase in competition.phases}
    for place, given in enumerate(bundle.phases):
        _apply_phase(session, who, competition, present.pop(given.values["slug"], None), given, hashes[place], changes)
    for phase in present.values():
        require_unused(session, phase, "it is not in the bundle any more")
        changes.append({"path": f"phases.{phase.slug}", "old": phase.name, "new": None})
        phase.truth = None
        session.flush()
        session.delete(phase)
    session.flush()
    return competition, created, changes


def _apply_phase(
    session: Session,
    who: Principal,
    competition: Competition,
    phase: Phase | None,
    given: PhaseBundle,
    hashes: dict[str, str],
    changes: list[Change],
) -> None:
    slug = given.values["slug"]
    values = {
        **given.values,
        "starting_kit_sha256": hashes.get("starting_kit"),
        "public_data_sha256": hashes.get("public_data"),
    }
    new_truth = phase is None or phase.truth is None or phase.truth.sha256 != hashes["truth"]
    if phase is None:
        phase = Phase(competition_id=competition.id, slug=slug)
        session.add(phase)
    elif new_truth or phase.plan != values["plan"]:
        require_unused(session, phase, "its ground truth or its scorer differs")
    _set(phase, values, f"phases.{slug}.", changes)
    session.flush()
    if new_truth:
        old = phase.truth.number if phase.truth else None
        truth = service.add_truth(session, phase, hashes["truth"], given.item_ids, who.account_id)
        note = f"version {truth.number}, {len(given.item_ids)} items"
        changes.append({"path": f"phases.{slug}.truth", "old": f"version {old}" if old else None, "new": note})


def require_unused(session: Session, phase: Phase, why: str) -> None:
    """A phase with submissions keeps its truth and plan: they were judged by them."""
    # The submissions room lies above this one, so its table is asked by name.
    submissions = text("SELECT EXISTS (SELECT 1 FROM submissions WHERE phase_id = :phase)")
    if session.execute(submissions, {"phase": phase.id}).scalar_one():
        raise ScoringInUse(f"Phase {phase.slug!r} has submissions, and {why}.", phase=phase.slug)


def _set(row: Any, values: dict[str, Any], prefix: str, changes: list[Change]) -> None:
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            if name != "slug":
                changes.append({"path": prefix + name, "old": _shown(old), "new": _shown(new)})
            setattr(row, name, new)


def _shown(value: Any) -> Any:
    """A value in a list of changes: long texts and lists are only counted."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > 120:
        return f"{len(value)} characters"
    return f"{len(value)} pages" if isinstance(value, list) else value
