"""Prometheus metrics: each request of this process, and the record of the whole service.

Decision: queues, stages and workers are read from the database when somebody asks, so that every web process tells the
same and a worker needs no port. Requests are counted by their route and never by their address, which anybody could
make up. `/metrics` is there only where `PALMARES_METRICS_TOKEN` is set, and for who sends it.
"""

import secrets
import time
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.db import engine
from app.errors import NotFound
from app.settings import settings
from app.submissions.record_routes import Spread, present

router = APIRouter(include_in_schema=False)
registry = CollectorRegistry()
PREFIX = "/api/v1"
LABELS = ("method", "route")
REQUESTS = Counter("palmares_requests", "Requests by route and status.", (*LABELS, "status"), registry=registry)
SECONDS = Histogram(
    "palmares_request_seconds",
    "Time until the whole answer was sent, by route.",
    LABELS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=registry,
)


class Measured:
    """Counts and times each request under the route that answered it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap `send` for HTTP; everything else passes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route = _route(scope)
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(scope["method"], route).observe(time.perf_counter() - started)


def _route(scope: Scope) -> str:
    """The route that answered, with the prefix that its router was included under; `none` where none did."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "none"
    prefix = PREFIX if scope["path"].startswith(PREFIX) and not path.startswith(PREFIX) else ""
    return f"{prefix}{path}"


class Record(Collector):
    """The service's own record as metrics, read from the database at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Gauges of queues, stages, ends, failures and workers; of the database's connections of this process."""
        told = present()
        depth = GaugeMetricFamily(
            "palmares_evaluations", "Evaluations by stage, waiting or running.", labels=["stage", "what"]
        )
        oldest = GaugeMetricFamily(
            "palmares_oldest_waiting_seconds", "The longest wait now, by stage.", labels=["stage"]
        )
        spans = GaugeMetricFamily(
            "palmares_stage_seconds", "Seconds in the last day, by stage.", labels=["stage", "what", "quantile"]
        )
        for stage in told.stages:
            depth.add_metric([stage.stage, "waiting"], stage.waiting)
            depth.add_metric([stage.stage, "running"], stage.running)
            oldest.add_metric([stage.stage], stage.oldest_seconds)
            _quantiles(spans, stage.wait, stage.stage, "wait")
            _quantiles(spans, stage.work, stage.stage, "work")
        _quantiles(spans, told.to_score, "all", "to_score")
        yield from (depth, oldest, spans)
        for name, what, label, values in (
            ("palmares_ended", "Judgements in the last day, by how they ended.", "state", told.ended),
            ("palmares_failures", "Failures of ours in the last day, by code.", "code", told.failures),
            ("palmares_workers", "Workers that were heard of in the last 30 s.", "queue", told.workers),
        ):
            family = GaugeMetricFamily(name, what, labels=[label])
            for key, count in values.items():
                family.add_metric([key], count)
            yield family
        pool = GaugeMetricFamily("palmares_database_connections", "Connections of this process in use.")
        pool.add_metric([], float(getattr(engine().pool, "checkedout", lambda: 0)()))
        yield pool
        about = GaugeMetricFamily("palmares_info", "The version that runs.", labels=["version"])
        about.add_metric([__version__], 1)
        yield about


def _quantiles(family: GaugeMetricFamily, spread: Spread, *labels: str) -> None:
    for quantile, value in (("0.5", spread.p50), ("0.95", spread.p95), ("1", spread.max)):
        if value is not None:
            family.add_metric([*labels, quantile], value)


registry.register(Record())


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """All metrics in Prometheus' text format."""
    wanted = settings().metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if wanted is None or not secrets.compare_digest(given.encode(), wanted.get_secret_value().encode()):
        raise NotFound
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
