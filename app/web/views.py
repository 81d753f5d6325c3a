"""The page that is shown by reading and by forms alike: a competition with its board."""

from datetime import UTC, datetime

from fastapi import Request, Response

from app import problems
from app.accounts.guards import Visitor
from app.accounts.service import Principal
from app.announcements import routes as announcements
from app.competitions import routes as competitions
from app.competitions.errors import PhaseNotFound
from app.competitions.schemas import CompetitionDetail, PhaseOut
from app.errors import Fault
from app.leaderboards.showing import Asked, board_of
from app.settings import settings
from app.submissions import routes as submissions
from app.web.board import Wanted, shown
from app.web.rendering import render
from app.web.timeline import line_of

SHOWN_SUBMISSIONS = 20


def remember(request: Request, who: Visitor) -> None:
    """Keep who asks for the head of every page, faults' pages included."""
    request.state.who = who


def chosen_phase(found: CompetitionDetail, slug: str | None) -> PhaseOut | None:
    """The phase of this slug, else the open one, else the next one, else the last. Raises PhaseNotFound."""
    if slug is not None:
        for phase in found.phases:
            if phase.slug == slug:
                return phase
        raise PhaseNotFound(f"The competition {found.slug!r} has no phase {slug!r}.")
    for status in ("open", "upcoming"):
        for phase in found.phases:
            if phase.status == status:
                return phase
    return found.phases[-1] if found.phases else None


def competition_page(
    request: Request,
    who: Principal | None,
    slug: str,
    phase_slug: str | None,
    fault: Fault | None = None,
    wanted: Wanted | None = None,
) -> Response:
    """A competition's page; `fault` is what went wrong with its form (join or submit), `wanted` what of the board."""
    wanted = wanted or Wanted()
    found = competitions.detail_of(who, slug)
    phase = chosen_phase(found, phase_slug)
    mine, limits = None, None
    if who is not None and found.joined and phase is not None:
        mine = submissions.mine(request, who, slug, phase.slug, limit=SHOWN_SUBMISSIONS)
        limits = submissions.limits(who, slug, phase.slug)
    board = board_of(who, Asked(slug, phase.slug, wanted.board, wanted.moment())) if phase else None
    return render(
        request,
        "competition.html",
        problems.status_of(fault) if fault else 200,
        competition=found,
        phase=phase,
        announcements=announcements.listing(slug).items,
        board=board,
        shown=shown(board, wanted) if board else None,
        wanted=wanted,
        line=line_of(found.phases, datetime.now(UTC)),
        mine=mine,
        limits=limits,
        fault=fault,
        upload_bytes=settings().upload_bytes,
    )
