"""What no page answers, as a page: unknown addresses, wrong methods, bodies that are too large, errors of ours.

Decision: who asks for HTML outside of the API gets a page in the house's voice, everybody else the problem that the API
would give. The page of an error of ours is made without the database, which may be what is broken.
"""

from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from app import problems
from app.errors import Fault, NotFound, TooLarge
from app.middleware import CSP, HEADERS
from app.web.catalogue import INTERNAL, entry_of
from app.web.rendering import fault_page, render

FAULTS: dict[int, type[Fault]] = {404: NotFound, 413: TooLarge}


def wants_page(request: Request) -> bool:
    """True for a browser outside of the API."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def on_http(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself."""
    answer = problems.on_http(request, error)
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    if not wants_page(request):
        return answer
    if error.status_code in FAULTS:
        return fault_page(request, FAULTS[error.status_code](f"There is nothing at {request.url.path!r}."))
    entry = entry_of("method_not_allowed") if error.status_code == 405 else None
    if entry is None:
        return answer
    page = render(request, "failure.html", 405, entry=entry, request_id=None)
    page.headers["Allow"] = answer.headers.get("allow", "")
    return page


def on_anything(request: Request, error: Exception) -> Response:
    """An error of ours: logged with all that is known, told with its number alone."""
    answer: Response = problems.on_anything(request, error)
    number = correlation_id.get()
    if wants_page(request):
        answer = render(request, "failure.html", 500, entry=INTERNAL, request_id=number)
    # This answer is given outside of all middleware.
    answer.headers.update({**HEADERS, "Content-Security-Policy": CSP, "X-Request-ID": number or ""})
    return answer


def install(app: FastAPI) -> None:
    """Register the handlers, over those of the API."""
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)
