"""The pages that are read, and the router of the whole room."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles

from app.accounts.guards import Visitor
from app.competitions import routes as competitions
from app.errors import NotFound
from app.leaderboards import routes as boards
from app.leaderboards.overall import overall_of
from app.messages import routes as mail
from app.scoring.findings import CODES
from app.submissions import record_routes as record
from app.web import admin, catalogue, forms
from app.web.board import HEIGHT, LEFT, RIGHT, WIDTH, Wanted, lead_of
from app.web.me import routes as participants
from app.web.organizer import pages as organizer
from app.web.rendering import FOLDER, Page, render
from app.web.views import competition_page, remember

Short = Annotated[str, Query(max_length=100)]
router = APIRouter(include_in_schema=False, route_class=Page, dependencies=[Depends(remember)])
router.include_router(forms.router)
router.include_router(participants.router)
router.include_router(organizer.router)
router.include_router(admin.router)


def mount_static(app: FastAPI) -> None:
    """The style sheet, the script and the icon at /static."""
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")


@router.get("/")
@router.get("/competitions")
def home(request: Request, who: Visitor, search: Short = "", state: Short = "") -> Response:
    """All competitions, or those that are asked for."""
    found = competitions.listing(who).items
    words = search.strip().lower()
    shown = [
        one
        for one in found
        if (not state or one.status == state or (state == "joined" and one.joined is not None))
        and words in f"{one.title}\n{one.description}\n{one.slug}\n{one.organizer}".lower()
    ]
    return render(request, "home.html", competitions=shown, total=len(found), search=search, state=state)


@router.get("/competitions/{slug}")
def competition(
    request: Request,
    who: Visitor,
    slug: str,
    phase: str | None = None,
    board: Short = "",
    at: Short = "",
    sort: Short = "",
    order: Short = "",
    search: Short = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """A competition with the board of a phase."""
    return competition_page(request, who, slug, phase, wanted=Wanted(board, at, sort, order, search, page))


@router.get("/competitions/{slug}/overall")
def overall(request: Request, who: Visitor, slug: str) -> Response:
    """The board over all phases."""
    found = competitions.detail_of(who, slug)
    return render(request, "overall.html", competition=found, overall=overall_of(who, slug))


@router.get("/competitions/{slug}/phases/{phase}/tops")
def tops(request: Request, who: Visitor, slug: str, phase: str, board: Short = "") -> Response:
    """Who led a board and when."""
    told = boards.tops(who, slug, phase, board)
    found = competitions.detail_of(who, slug)
    until = told.as_of or datetime.now(UTC)
    shape = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT}
    name = next(one.name for one in found.phases if one.slug == phase)
    values = {"competition": found, "phase": phase, "called": name, "tops": told, "chart": lead_of(told, until)}
    return render(request, "tops.html", until=until, **shape, **values)


@router.get("/robots.txt")
def robots() -> Response:
    """Search engines may read what is public; what one must sign in for, and every query, are not for them."""
    barred = ("/api/", "/accounts/", "/admin", "/me", "/submissions/", "/organize", "/*?")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in barred)]
    return PlainTextResponse("\n".join(lines) + "\n", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/status")
def status(request: Request, who: Visitor) -> Response:
    """The service's own record."""
    return render(request, "status.html", record=record.present())


@router.get("/unsubscribe/{token}")
def unsubscribe_form(request: Request, token: str) -> Response:
    """A button that ends a kind of mail; the address alone does nothing, for mail scanners follow every link."""
    username, kind = mail.subscription(token)
    return render(request, "unsubscribe.html", username=username, kind=kind, done="")


@router.get("/api/v1/docs")
def api_docs(request: Request) -> Response:
    """The API by routes, from its own OpenAPI description."""
    return render(request, "api.html", rooms=catalogue.operations(request.app.openapi()))


@router.get("/problems")
def all_problems(request: Request) -> Response:
    """The catalogue of problems and of findings in files."""
    found = catalogue.entries().values()
    return render(request, "problems.html", entries=found, findings=sorted(CODES.items()))


@router.get("/problems/{code}")
def one_problem(request: Request, code: str) -> Response:
    """What one code means; the `type` of every problem+json leads here."""
    entry = catalogue.entry_of(code)
    if entry is None:
        raise NotFound(f"There is no problem with the code {code!r}.")
    return render(request, "problem.html", entry=entry)
