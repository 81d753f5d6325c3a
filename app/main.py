"""create_app(): the whole wiring of the web process, read from top to bottom. It never imports torch."""

from typing import Any

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI

from app import __version__, health, log, problems
from app.accounts.routes import router as accounts
from app.competitions.routes import router as competitions
from app.leaderboards import service as leaderboards
from app.leaderboards.routes import router as boards
from app.middleware import OriginGate, SecurityHeaders
from app.settings import settings
from app.submissions.routes import router as submissions
from app.web.pages import mount_static
from app.web.pages import router as pages

API = "/api/v1"
PROBLEM = {"description": "What is wrong, with a stable code and a way to mend it (RFC 9457)."}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {**PROBLEM, "content": {"application/problem+json": {"schema": {"type": "object"}}}},
    "5XX": {**PROBLEM, "content": {"application/problem+json": {"schema": {"type": "object"}}}},
}


def create_app() -> FastAPI:
    """The web application: API under /api/v1, pages under /, health at /healthz and /readyz."""
    log.configure()
    app = FastAPI(
        title="Palmares",
        version=__version__,
        summary="The competition server that scores the choice and the reason.",
        openapi_url=f"{API}/openapi.json",
        docs_url=f"{API}/docs",
        redoc_url=None,
        max_body_size=settings().body_bytes,
    )
    app.state.rank_of = leaderboards.rank_of
    problems.install(app)
    for router in (accounts, competitions):
        app.include_router(router, prefix=API, responses=RESPONSES)
    app.include_router(submissions, prefix=API, responses=RESPONSES)
    app.include_router(boards, prefix=API, responses=RESPONSES)
    app.include_router(health.router)
    app.include_router(pages)
    mount_static(app)
    app.add_middleware(OriginGate)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID")
    return app
