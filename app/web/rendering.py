"""From values to an HTML answer: the template environment, its filters, and the route class that turns faults of pages
into pages.

Decision: a route class instead of a decorator, because it also sees the faults of guards and of an absent database,
and the API keeps its problem+json untouched. Undefined names in templates are errors.
"""

import re
import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import __version__, problems
from app.errors import Fault, Refused, Unauthenticated, Unavailable
from app.log import log
from app.settings import settings
from app.submissions.models import STATES, TERMINAL
from app.web import language
from app.web.markdown import to_html

FOLDER = Path(__file__).parent
THEMES = ("auto", "light", "dark")
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # embeddings, overrides, isolates and their ends
STAGES = ("queued", "validating", "ready", "scoring", "scored")


def moment(at: datetime | None) -> Markup:
    """A time in UTC as <time>, which app.js shows in the reader's zone; a dash for none."""
    if at is None:
        return Markup("—")
    utc = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}">{} UTC</time>').format(utc, language.written_moment(at))


def span(until: datetime) -> str:
    """How long until then, in its largest unit and the language spoken: `3 days`, `1 hour`, `less than a minute`."""
    seconds = (until - datetime.now(UTC)).total_seconds()
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count >= 1:
            return language.written_span(count, unit)
    return language.gettext("less than a minute")


def size(count: int) -> str:
    """A number of bytes for readers."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def commands(text: str) -> Markup:
    """A sentence with `commands` in backticks as <code>; everything else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped first)


def straight(value: Any) -> Any:
    """A text without the marks that turn the direction of what follows it: an open one would turn the whole page.

    Right-to-left words need none of them: elements with `dir="auto"` read their own direction.
    """
    if not isinstance(value, str) or not DIRECTIONS.search(value):
        return value
    straightened = DIRECTIONS.sub("", value)
    return Markup(straightened) if isinstance(value, Markup) else straightened  # noqa: S704  (it was markup before)


def steps(submission: Any) -> list[dict[str, Any]]:
    """The stages of a submission in order, each done, current, todo or bad (where it ended otherwise)."""
    stamps, state = submission.stamps, submission.state
    entered = [stamps.queued_at, stamps.validating_at, stamps.ready_at, stamps.scoring_at]
    reached = max((place for place, at in enumerate(entered) if at is not None), default=0)
    if state in STAGES:
        reached = STAGES.index(state)
    line = []
    for place, (name, at) in enumerate(zip(STAGES[:-1], entered, strict=True)):
        done = place < reached or state in TERMINAL
        todo = place > reached
        line.append({"name": name, "at": at, "status": "todo" if todo else "done" if done else "current"})
    if state in TERMINAL:
        line = [step for step in line if step["status"] != "todo"] if state != "scored" else line
        line.append({"name": state, "at": stamps.finished_at, "status": "done" if state == "scored" else "bad"})
    else:
        line.append({"name": "scored", "at": None, "status": "todo"})
    return line


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        finalize=straight,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.policies["ext.i18n.trimmed"] = True
    made.filters.update(
        number=language.written_number, moment=moment, span=span, size=size, commands=commands, markdown=to_html
    )
    made.globals.update(
        version=__version__, STATES=STATES, TERMINAL=TERMINAL, steps=steps, new_key=partial(secrets.token_urlsafe, 16)
    )
    return made


environment = _environment()


def render(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as an answer. `who` is the signed-in visitor, None for a stranger."""
    theme = request.cookies.get("theme", "auto")
    base = (settings().public_url or str(request.base_url)).rstrip("/")
    about = {"base": base, "who": getattr(request.state, "who", None), "path": request.url.path, "status": status}
    values = {**about, "theme": theme if theme in THEMES else "auto", **values}
    with language.speaking(language.language_of(request)):
        html = environment.get_template(name).render(values, lang=language.current(), languages=language.LANGUAGES)
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"}
    retry = getattr(values.get("fault"), "extra", {}).get("retry_after")
    if retry:
        headers["Retry-After"] = str(retry)
    return HTMLResponse(html, status, headers)


def fault_page(request: Request, fault: Fault) -> Response:
    """A fault as a page with its status; who only has to sign in to read is sent there."""
    status = problems.status_of(fault)
    if type(fault) is Unauthenticated and request.method == "GET":
        return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
    return render(request, "fault.html", status, fault=fault)


class Page(APIRoute):
    """A route whose faults are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with faults caught."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except Fault as fault:
                return fault_page(request, fault)
            except RequestValidationError:
                return fault_page(request, Refused("A field of the address or the form is missing or too long."))
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                log.error("database_unavailable", error=type(error).__name__)
                return fault_page(request, Unavailable("The database does not answer right now."))

        return guarded
