"""Apply a bundle: create the competition or bring it to what the bundle says, and tell each change.

Decision: what is in storage is content-addressed and harmless, so files are stored before the transaction; a dry run
stores nothing and rolls back. Truth, plan or split under which something was already judged is not changed here.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import audit, storage
from app.accounts.service import Principal
from app.competitions import service
from app.competitions.bundle import Bundle, PhaseBundle
from app.competitions.errors import CompetitionDeleted, ScoringInUse
from app.competitions.models import Competition, Phase
from app.errors import Denied, PreconditionFailed

Change = dict[str, Any]
Hashes = dict[str, dict[str, str]]
OTHERS = ("gate", "carry_from")
"""What a phase says of another one."""


@dataclass
class Outcome:
    """What applying did: the changes by path, and the phases whose boards must be made anew."""

    competition: Competition
    created: bool
    changes: list[Change] = field(default_factory=list)
    boards: list[Phase] = field(default_factory=list)


def store(bundle: Bundle, *, dry_run: bool) -> Hashes:
    """Store the bundle's files; returns their hashes by phase slug (empty: the competition's own) and name.

    A dry run only computes them.
    """
    contents = {"": {"image": bundle.image} if bundle.image is not None else {}}
    for phase in bundle.phases:
        contents[phase.values["slug"]] = {**({"truth": phase.truth} if phase.truth else {}), **phase.files}
    return {
        slug: {
            name: hashlib.sha256(content).hexdigest() if dry_run else storage.put(content)
            for name, content in files.items()
        }
        for slug, files in contents.items()
    }


def apply(session: Session, who: Principal, bundle: Bundle, hashes: Hashes, if_match: str | None = None) -> Outcome:
    """Create or update; with `if_match`, only this version. Raises Denied, CompetitionDeleted, ScoringInUse,
    PreconditionFailed.
    """
    slug = bundle.values["slug"]
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:slug))"), {"slug": slug})
    competition = session.scalar(select(Competition).where(Competition.slug == slug))
    created = competition is None
    if competition is None:
        competition = Competition(slug=slug, organizer_id=who.account_id, phases=[], version=0)
        session.add(competition)
    elif not service.organizes(who, competition):
        raise Denied(f"The competition {slug!r} belongs to {competition.organizer.username}.")
    elif competition.deleted_at is not None:
        raise CompetitionDeleted(f"{slug!r} was deleted at {competition.deleted_at.isoformat()}.")
    _require_version(session, competition, if_match)
    done = Outcome(competition, created)
    if not created and competition.terms != bundle.values["terms"]:
        competition.terms_version += 1
    _set(competition, bundle.values | {"image_sha256": hashes[""].get("image")}, "", done.changes)
    session.flush()
    present = {phase.slug: phase for phase in competition.phases}
    phases: dict[str, Phase] = {}
    for given in bundle.phases:
        own = given.values["slug"]
        phases[own] = _apply_phase(session, who, done, present.pop(own, None), given, hashes[own])
    for given in bundle.phases:
        for name in OTHERS:
            _refer(phases[given.values["slug"]], name, phases.get(getattr(given, name) or ""), done.changes)
    for phase in present.values():
        require_unused(session, phase, "it is not in the bundle any more")
        done.changes.append({"path": f"phases.{phase.slug}", "old": phase.name, "new": None})
        phase.truth = None
        session.flush()
        session.delete(phase)
    if done.changes:
        competition.version += 1
        act = "competition.created" if created else "competition.changed"
        audit.record(session, who, act, slug, competition=slug, after={"changes": done.changes})
    session.flush()
    return done


def _require_version(session: Session, competition: Competition, if_match: str | None) -> None:
    """Raise PreconditionFailed where the competition is another version by now; a new one is version 0."""
    if if_match is None:
        return
    if competition.version > 0:
        session.refresh(competition, with_for_update={"of": Competition})
    version = competition.version
    if not {"*", f'"{version}"'} & {one.strip() for one in if_match.split(",")}:
        raise PreconditionFailed(
            f"The bundle is made from another version than the present one, {version}.", version=version
        )


def _apply_phase(
    session: Session, who: Principal, done: Outcome, phase: Phase | None, given: PhaseBundle, hashes: dict[str, str]
) -> Phase:
    slug = given.values["slug"]
    values = {
        **given.values,
        "starting_kit_sha256": hashes.get("starting_kit"),
        "public_data_sha256": hashes.get("public_data"),
    }
    truth = hashes.get("truth")
    new_truth = truth is not None and (phase is None or phase.truth is None or phase.truth.sha256 != truth)
    if phase is None:
        phase = Phase(competition_id=done.competition.id, slug=slug)
        session.add(phase)
    else:
        if new_truth or phase.plan != values["plan"] or phase.split != values["split"]:
            require_unused(session, phase, "its ground truth, its scorer or its split differs")
        if any(getattr(phase, name) != values[name] for name in ("board", "plan", "split")):
            done.boards.append(phase)
    _set(phase, values, f"phases.{slug}.", done.changes)
    session.flush()
    if new_truth:
        old = phase.truth.number if phase.truth else None
        made = service.add_truth(session, phase, hashes["truth"], given.item_ids, who.account_id)
        note = f"version {made.number}, {len(given.item_ids)} items"
        change = {"path": f"phases.{slug}.truth", "old": f"version {old}" if old else None, "new": note}
        done.changes.append(change)
    return phase


def _refer(phase: Phase, name: str, other: Phase | None, changes: list[Change]) -> None:
    """Let the phase name another one, as its gate or as where submissions are carried from."""
    old: Phase | None = getattr(phase, name)
    if old is not other:
        names = [one.slug if one else None for one in (old, other)]
        changes.append({"path": f"phases.{phase.slug}.{name}", "old": names[0], "new": names[1]})
        setattr(phase, name, other)


def used(session: Session, phase: Phase) -> bool:
    """Whether the phase has submissions."""
    # The submissions room lies above this one, so its table is asked by name.
    submissions = text("SELECT EXISTS (SELECT 1 FROM submissions WHERE phase_id = :phase)")
    return bool(session.execute(submissions, {"phase": phase.id}).scalar_one())


def require_unused(session: Session, phase: Phase, why: str) -> None:
    """A phase with submissions keeps its truth, plan and split: they were judged by them."""
    if used(session, phase):
        raise ScoringInUse(f"Phase {phase.slug!r} has submissions, and {why}.", phase=phase.slug)


def _set(row: Any, values: dict[str, Any], prefix: str, changes: list[Change]) -> None:
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            if name != "slug" and not (old is None and _is_default(row, name, new)):
                changes.append({"path": prefix + name, "old": _shown(old), "new": _shown(new)})
            setattr(row, name, new)


def _is_default(row: Any, name: str, value: Any) -> bool:
    """Whether the database would have set this value by itself: a new row tells only what differs."""
    default = row.__table__.c[name].server_default
    return default is not None and default.arg == (value if isinstance(value, str) else json.dumps(value))


def _shown(value: Any) -> Any:
    """A value in a list of changes: long texts and lists are only counted."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and len(value) > 120:
        return f"{len(value)} characters"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{len(value)} pages"
    return value
