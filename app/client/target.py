"""`SLUG[/PHASE]`: what a command is about. Without PHASE it is the one open phase; the command never guesses.

`.` is the competition, and perhaps the phase, of PALMARES_COMPETITION or .palmares.toml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import show
from .config import default_place
from .exits import Problem
from .transport import Connection

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Target:
    """One phase of one competition."""

    competition: str
    phase: str

    def __str__(self) -> str:
        return f"{self.competition}/{self.phase}"

    def path(self, what: str = "") -> str:
        """The phase's path under /api/v1, or that of something in it."""
        return f"/competitions/{self.competition}/phases/{self.phase}" + (f"/{what}" if what else "")


def split(text: str) -> tuple[str, str]:
    """The competition and the phase (empty if not given). Raises Problem (usage) for anything else."""
    slug, _, phase = (text := default_place() if text == "." else text).partition("/")
    for part in (slug, phase) if "/" in text else (slug,):
        if not _NAME.fullmatch(part):
            raise Problem("usage", f"{text!r} is not SLUG or SLUG/PHASE.", "See `palmares competitions` for the names.")
    return slug, phase


def slug_of(text: str) -> str:
    """A competition's name. Raises Problem (usage) for anything else."""
    slug, phase = split(text)
    if phase and text != ".":
        raise Problem("usage", f"{text!r} names a phase too; only the competition is meant here.", f"Give {slug}.")
    return slug


def ref_of(text: str) -> str:
    """A submission's reference. Raises Problem (usage) for what cannot be one."""
    if not _NAME.fullmatch(text):
        raise Problem("usage", f"{text!r} is not the reference of a submission.", "See `palmares submissions`.")
    return text


def resolve(client: Connection, text: str, *, to_read: bool = False) -> Target:
    """The phase that is meant; `to_read`: where none is open, the one that closed last will do.

    Raises Problem: usage if several are open, exit 4 if none is.
    """
    slug, name = split(text)
    if name:
        return Target(slug, name)
    phases: list[dict[str, Any]] = client.get(f"/competitions/{slug}")["phases"]
    candidates = [phase for phase in phases if phase["status"] == "open"]
    if not candidates and to_read:
        candidates = [phase for phase in phases if phase["status"] == "closed"][-1:]
    if len(candidates) == 1:
        return Target(slug, str(candidates[0]["slug"]))
    if candidates:
        names = ", ".join(f"{slug}/{phase['slug']}" for phase in candidates)
        raise Problem("phase_needed", f"{slug} has several open phases: {names}.", "Name one of them.")
    raise Problem("phase_not_open", f"{slug} has no open phase{_next(phases)}.", f"See `palmares phase list {slug}`.")


def _next(phases: list[dict[str, Any]]) -> str:
    coming = [phase for phase in phases if phase["status"] == "upcoming"]
    if not coming:
        return ""
    first = min(coming, key=lambda phase: str(phase["starts_at"]))
    return f"; {first['slug']} opens {show.moment(first['starts_at'])}"
