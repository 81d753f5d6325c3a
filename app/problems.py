"""Fault -> application/problem+json (RFC 9457): one table from kind to status, one handler each for what can happen."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app import errors
from app.log import log

# The nearest class in a fault's ancestry that stands here gives its status.
STATUS: Mapping[type[errors.Fault], int] = {
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.PreconditionRequired: 428,
    errors.Denied: 403,
    errors.Unauthenticated: 401,
    errors.Refused: 422,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


DOCUMENTED = {
    "description": "What is wrong, with a stable code and a way to mend it (RFC 9457).",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail", "code", "fix", "request_id"],
                "properties": {
                    "type": {"type": "string", "format": "uri-reference"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                    "fix": {"type": "string"},
                    "request_id": {"type": ["string", "null"]},
                },
            }
        }
    },
}
"""Every refusal in the OpenAPI document; the codes are at /api/v1/problems."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def status_of(fault: errors.Fault) -> int:
    """The HTTP status of a fault, 500 for one without a kind."""
    return next((STATUS[kind] for kind in type(fault).__mro__ if kind in STATUS), 500)


def problem(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer in problem+json with the request's id."""
    full = {"type": f"/problems/{body['code']}", "status": status, **body, "request_id": correlation_id.get()}
    return JSONResponse(full, status, headers, "application/problem+json")


def on_fault(_: Request, fault: Exception) -> JSONResponse:
    """A Fault as problem+json, with Retry-After and WWW-Authenticate where they belong."""
    assert isinstance(fault, errors.Fault)  # noqa: S101  (registered for it)
    status, headers = status_of(fault), {}
    retry = fault.extra.get("retry_after") or (2 if status == 503 else None)
    if retry:
        headers["Retry-After"] = str(retry)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return problem(status, fault.as_problem(), headers)


def on_invalid(_: Request, error: Exception) -> JSONResponse:
    """A body or parameter that does not fit its schema; what was sent is not repeated (it may hold a password)."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    fields = [{"where": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    detail = "; ".join(f"{one['where']}: {one['message']}" for one in fields[:3])
    return problem(422, errors.Refused(detail, fields=fields).as_problem())


def on_http(request: Request, error: Exception) -> JSONResponse:
    """What Starlette itself refuses: unknown path, wrong method, body over the limit."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == 413:
        return on_fault(request, errors.TooLarge(str(error.detail)))
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_allowed(request))
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    body = {"code": code, "title": phrase, "detail": str(error.detail), "fix": "See /api/v1/docs."}
    return problem(error.status_code, body, headers)


def _allowed(request: Request) -> list[str]:
    """The methods of the address, of all its routes; Starlette names only those of the first."""
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    routes = request.app.router.routes
    return [method for method, scope in scopes.items() if any(one.matches(scope)[0] is Match.FULL for one in routes)]


def on_database(request: Request, error: Exception) -> JSONResponse:
    """The database is away or out of connections: nothing was lost, try again."""
    log.error("database_unavailable", error=type(error).__name__)
    return on_fault(request, errors.Unavailable("The database does not answer right now."))


def on_anything(_: Request, error: Exception) -> JSONResponse:
    """The last resort: no word of the error leaves the server, only the id under which it was logged."""
    log.error("unhandled", error=type(error).__name__, exc_info=error)
    fix = "Try again; if it stays, tell the operator the request_id."
    return problem(500, {"code": "internal", "title": "Something broke on our side", "detail": "", "fix": fix})


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(errors.Fault, on_fault)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, on_database)
    app.add_exception_handler(Exception, on_anything)
