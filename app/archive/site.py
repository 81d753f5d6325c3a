"""The static pages of an archive: one per board and per text, in the look of the site, without scripts."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, FileSystemLoader

from app.announcements.schemas import AnnouncementOut
from app.competitions.schemas import CompetitionDetail
from app.leaderboards.schemas import BoardOut, OverallOut
from app.web.rendering import FOLDER, environment

Boards = dict[str, list[BoardOut]]
"""The boards of each phase, by its slug, the one that is shown first before others."""

TITLES = {"main": "Leaderboard", "public": "By the public pairs", "late": "Late ones"}
_own = FileSystemLoader(Path(__file__).parent / "templates")
_environment = environment.overlay(loader=ChoiceLoader([_own, *([environment.loader] if environment.loader else [])]))


def board_name(phase: str, board: str) -> str:
    """The name of a board's files, without its end."""
    return f"board-{phase}-{board}"


def pages(
    competition: CompetitionDetail,
    boards: Boards,
    overall: OverallOut | None,
    announcements: list[AnnouncementOut],
    logo: str | None,
    moment: datetime,
) -> Iterator[tuple[str, str]]:
    """Name and content of every page, and the style sheet. All of it is what a stranger may see."""
    texts = [(f"page-{number:02d}.html", page["title"], page["content"]) for number, page in _numbered(competition)]
    if competition.terms:
        texts.append(("terms.html", "Terms", competition.terms))
    linked = {
        phase.slug: [(f"{board_name(phase.slug, one.board)}.html", TITLES[one.board]) for one in boards[phase.slug]]
        for phase in competition.phases
    }
    everywhere = {"competition": competition, "texts": texts, "linked": linked, "logo": logo, "moment": moment}

    def page(template: str, **values: Any) -> str:
        return _environment.get_template(template).render({**everywhere, **values})

    yield "style.css", (FOLDER / "static" / "app.css").read_text()
    yield "index.html", page("index.html", overall=overall, announcements=announcements)
    for phase in competition.phases:
        for board in boards[phase.slug]:
            name = board_name(phase.slug, board.board)
            yield f"{name}.html", page("phase.html", phase=phase, board=board, name=name, title=TITLES[board.board])
    for name, title, content in texts:
        yield name, page("text.html", title=title, content=content)


def _numbered(competition: CompetitionDetail) -> Iterator[tuple[int, dict[str, str]]]:
    return iter(enumerate(competition.pages, 1))
