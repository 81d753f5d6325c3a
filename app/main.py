"""create_app(): the whole wiring of the web process, read from top to bottom. It never imports torch."""

from typing import Any

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import APIRouter, Depends, FastAPI

from app import __version__, health, log, metrics, problems, rates
from app.accounts.admin_routes import router as administration
from app.accounts.routes import router as accounts
from app.announcements.routes import router as announcements
from app.archive.routes import router as archives
from app.codabench import datasets
from app.codabench.account_routes import router as codabench_accounts
from app.codabench.board_routes import router as codabench_boards
from app.codabench.competition_routes import router as codabench_competitions
from app.codabench.dataset_routes import router as codabench_datasets
from app.codabench.submission_routes import router as codabench_submissions
from app.competitions import people
from app.competitions.audit_routes import router as auditing
from app.competitions.editing_routes import router as editing
from app.competitions.people_routes import router as taking_part
from app.competitions.publishing_routes import router as publishing
from app.competitions.routes import router as competitions
from app.leaderboards import service as leaderboards
from app.leaderboards.board import rank_of
from app.leaderboards.mark_routes import router as marks
from app.leaderboards.rescore_routes import router as rescores
from app.leaderboards.routes import router as boards
from app.messages import account_links
from app.messages.account_routes import router as account_mail
from app.messages.routes import router as mail
from app.middleware import OriginGate, PlainRefusals, SecurityHeaders
from app.settings import settings
from app.submissions.operating_routes import router as operating
from app.submissions.organizing_routes import router as organizing
from app.submissions.personal_routes import router as personal
from app.submissions.record_routes import router as record
from app.submissions.routes import router as submissions
from app.submissions.team_routes import router as teams
from app.submissions.upload_routes import router as uploads
from app.web import failures
from app.web.catalogue_routes import router as catalogue
from app.web.pages import mount_static
from app.web.pages import router as pages
from app.webhooks.routes import router as webhooks

API = "/api/v1"
RESPONSES: dict[int | str, dict[str, Any]] = {"4XX": problems.DOCUMENTED, "5XX": problems.DOCUMENTED}

ROUTERS = (
    accounts,
    administration,
    publishing,
    competitions,
    editing,
    taking_part,
    auditing,
    submissions,
    uploads,
    organizing,
    operating,
    record,
    marks,
    teams,
    boards,
    rescores,
    archives,
    announcements,
    mail,
    account_mail,
    personal,
    webhooks,
    catalogue,
)
# They say their addresses in full, and their limits themselves.
CODABENCH = (
    codabench_accounts,
    codabench_competitions,
    codabench_datasets,
    codabench_submissions,
    codabench_boards,
)


def create_app() -> FastAPI:
    """The web application: API under /api/v1, pages under /, health at /healthz and /readyz."""
    log.configure()
    app = FastAPI(
        title="Palmares",
        version=__version__,
        summary="The competition server that scores the choice and the reason.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # the framework's page wants scripts of a CDN; ours is in the web room
        redoc_url=None,
    )
    app.state.rank_of = rank_of
    app.state.welcome = account_links.welcome
    app.state.rebuild = leaderboards.rebuild
    app.state.participations = people.mine
    app.state.announced = datasets.kept_of
    app.state.forget_announced = datasets.forget
    problems.install(app)
    failures.install(app)
    # Limits stand on routers, not on the app: there the framework would answer outside of our middleware.
    api = APIRouter(
        prefix=API,
        responses=RESPONSES,
        max_body_size=settings().body_bytes,
        dependencies=[Depends(rates.by_address)],
    )
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    for router in CODABENCH:
        app.include_router(router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    site = APIRouter(max_body_size=settings().body_bytes)
    site.include_router(pages)
    app.include_router(site)
    mount_static(app)
    app.add_middleware(PlainRefusals)
    app.add_middleware(OriginGate)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID")
    app.add_middleware(metrics.Measured)
    return app
