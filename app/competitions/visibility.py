"""What a viewer may see of a phase's scores and boards: a pure function of the phase, the moment and who asks.

Decision: in one place, and asked by every door that shows a score, a rank, a name or a board, so that none of them
tells what another one hides. Organizers see everything, always. To all others, until the phase is published: the board
stands still since its freeze, names are hidden where the competition is anonymous, and where the phase splits its
items, only what the public ones say is there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.service import Principal
from app.competitions.models import Phase
from app.competitions.service import organizes


@dataclass(frozen=True, slots=True)
class View:
    """What may be seen. `frozen_at`: boards stand still as they were then, None: they are the present ones.

    `whole`: all items, else the public ones alone; `ladder`: of these only the rounded score that the ladder shows.
    `boards`: those that may be seen, the one shown first before others.
    """

    organizer: bool
    published: bool
    frozen_at: datetime | None
    named: bool
    whole: bool
    ladder: bool
    boards: tuple[str, ...]


def published(phase: Phase, moment: datetime) -> bool:
    """Whether all of the phase is shown: since its end, or since somebody published it."""
    if phase.published_at is not None and phase.published_at <= moment:
        return True
    return phase.publish == "end" and phase.ends_at is not None and phase.ends_at <= moment


def frozen_since(phase: Phase, moment: datetime) -> datetime | None:
    """Since when the public board stands still: by hand or in the last hours, until the phase is published."""
    stops = [phase.frozen_at] if phase.frozen_at is not None else []
    if phase.freeze_hours is not None and phase.ends_at is not None:
        stops.append(phase.ends_at - timedelta(hours=phase.freeze_hours))
    since = min(stops, default=moment)
    return None if since >= moment or published(phase, moment) else since


def view_of(phase: Phase, who: Principal | None, moment: datetime) -> View:
    """What this viewer may see of the phase at this moment."""
    organizer, shown = organizes(who, phase.competition), published(phase, moment)
    whole = organizer or shown or phase.split is None
    after = ("main", "public", "late") if phase.split is not None else ("main", "late")
    return View(
        organizer=organizer,
        published=shown,
        frozen_at=None if organizer else frozen_since(phase, moment),
        named=organizer or shown or not phase.competition.anonymous,
        whole=whole,
        ladder=not whole and bool(phase.board.get("ladder")),
        boards=after if whole else ("public",),
    )
