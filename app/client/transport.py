"""The way to a server: one place for addresses, the token, time limits, retries, pages and problem+json.

Decision: only what cannot count twice is sent again (reads, and writes with an Idempotency-Key), a few times, with
growing pauses or the server's Retry-After. Proxies from the environment are not used for this very machine. Redirects
are not followed, so that the token goes nowhere else.
"""

from __future__ import annotations

import email.utils
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from .. import __version__
from . import config
from .exits import Problem

if TYPE_CHECKING:
    import httpx2

API = "/api/v1"
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try, where the server names no time."""
LONGEST_PAUSE = 60.0
"""A longer Retry-After is not waited for, seconds."""
AWAY = frozenset({502, 503, 504})
PAGE = 100
MIN_VERSION = "palmares-client-min-version"
"""The header in which a server names the oldest client that it works with."""

log = logging.getLogger("palmares.client")
log.addHandler(logging.NullHandler())

Body = Callable[[], Iterable[bytes]]
"""Gives the body from its beginning; called once for each try."""


@dataclass(frozen=True)
class Reply:
    """An answer: its document (None where there is none), and the pause in seconds that the server asks for."""

    document: Any
    pause: float | None
    date: str


@dataclass(frozen=True)
class Event:
    """One event of a server-sent stream."""

    id: str
    data: str


class Connection:
    """Talks to one server. Every method raises Problem: a stable code, a sentence, how to mend it."""

    def __init__(self, server: config.Server) -> None:
        import httpx2

        self.server = server
        self._too_old_said = False
        self._http = httpx2.Client(
            headers={"User-Agent": f"palmares/{__version__}", "Accept": "application/json"},
            timeout=httpx2.Timeout(60, connect=10, read=120),
            trust_env=not server.loopback,
            event_hooks={"request": [_began], "response": [self._seen]},
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def get(self, path: str, **params: str) -> Any:
        """The document at a path under /api/v1; empty parameters are left out."""
        return self.ask("GET", path, params=params).document

    def post(self, path: str, document: Any = None) -> Any:
        """Send a document, once."""
        return self.ask("POST", path, json=document).document

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self.ask("DELETE", path)

    def each(self, path: str, at_once: int = PAGE, **params: str) -> Iterator[Any]:
        """The items of a list, one after the other; a page is asked for when it is needed."""
        cursor = ""
        while True:
            found = self.get(path, limit=str(at_once), cursor=cursor, **params)
            yield from found["items"]
            cursor = found.get("next_cursor") or ""
            if not cursor or not found["items"]:
                return

    def all(self, path: str, most: int = 1000, **params: str) -> list[Any]:
        """The items of a list, at most `most`."""
        return list(islice(self.each(path, min(PAGE, most), **params), most))

    def call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Any request, and its answer as it came: under /api/v1, or a path from the root that begins with /api/."""
        path = path if path.startswith("/") else f"/{path}"
        keyed = "idempotency-key" in {name.lower() for name in headers or {}}
        place = path if path.startswith("/api/") else API + path
        sent = {**(headers or {}), **({"Content-Length": str(len(content))} if content is not None else {})}
        body = None if content is None else lambda: [content]
        again = keyed or method in ("GET", "PUT", "DELETE")
        return self._answered(self._send(method, place, again=again, body=body, headers=sent))

    def text(self, path: str, **params: str) -> str:
        """The text at a path under /api/v1; empty parameters are left out."""
        given = {name: value for name, value in params.items() if value}
        return self._answered(self._send("GET", API + path, params=given, again=True)).text

    def download(self, path: str, target: Path, **params: str) -> None:
        """Write the file at a path under /api/v1 to `target`, whole or not at all; it must not exist."""
        import httpx2

        part = target.with_name(target.name + ".part")
        try:
            with self._http.stream(
                "GET", self.server.url + API + path, params=params, headers=self._headers({"Accept": "*/*"})
            ) as response:
                if response.status_code != 200:
                    response.read()
                    self._answered(response)
                with part.open("wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
            part.rename(target)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error
        finally:
            part.unlink(missing_ok=True)

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        again: bool | None = None,
        root: str = API,
    ) -> Reply:
        """Send a request and read its answer; `again`: it may be sent twice without harm (default: reads only)."""
        harmless = method in ("GET", "DELETE") if again is None else again
        given = {name: value for name, value in (params or {}).items() if value}
        response = self._send(method, root + path, again=harmless, params=given, json=json, body=body, headers=headers)
        answered = self._answered(response)
        document = _document(answered, self.server.url) if answered.content else None
        return Reply(document, retry_after(answered), answered.headers.get("date", ""))

    def events(self, path: str, quiet_seconds: float, last_id: str = "") -> Iterator[Event]:
        """A server-sent stream, event by event, until it ends; `last_id`: what came last before it broke.

        Raises ConnectionError if it cannot be had or breaks, ConnectionRefusedError where asking again is no use.
        """
        import httpx2

        headers = self._headers({"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})})
        timeout = httpx2.Timeout(10, read=quiet_seconds)
        try:
            with self._http.stream("GET", self.server.url + API + path, headers=headers, timeout=timeout) as response:
                if response.status_code != 200:
                    for_good = 400 <= response.status_code < 500 and response.status_code != 429
                    kind = ConnectionRefusedError if for_good else ConnectionError
                    raise kind(f"no stream: {response.status_code}")
                for event in httpx2.EventSource(response):
                    yield Event(event.id or "", event.data)
        except httpx2.TransportError as error:
            raise ConnectionError(str(error)) from error

    def link(self, address: str) -> str:
        """An address that the server gave, made absolute."""
        return urljoin(self.server.url + "/", address)

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        if self.server.token:
            return {"Authorization": f"Bearer {self.server.token}", **(more or {})}
        parts = urlsplit(self.server.url)  # with a session cookie the server wants to see its own address
        return {"Origin": f"{parts.scheme}://{parts.netloc}", **(more or {})}

    def _send(
        self,
        method: str,
        path: str,
        *,
        again: bool,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        import httpx2

        for pause in (*PAUSES, None):
            try:
                content = body() if body is not None else None
                sent = self._headers(headers)
                response = self._http.request(
                    method,
                    self.server.url + path,
                    params=dict(params) if params else None,
                    json=json,
                    content=content,
                    headers=sent,
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                if pause is None:
                    raise self._unreachable(error) from error
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                if pause is None or not again or isinstance(error, httpx2.InvalidURL):
                    raise self._unreachable(error) from error
            else:
                asked = _worth_waiting(response, again)
                if pause is None or asked is None:
                    return response
                pause = asked or pause
            log.warning("%s is not available right now; trying again in %g s", self.server.url, pause)
            sleep(pause)
        raise AssertionError("unreachable: the last round returns or raises")

    def _seen(self, response: httpx2.Response) -> None:
        """Log the request by its id, never its headers; say once that this client is too old for the server."""
        request = response.request
        took = 1000 * (monotonic() - request.extensions.get("palmares_began", monotonic()))
        told = response.headers.get("x-request-id", "-")
        where = request.url.raw_path.decode("ascii", "replace")
        log.debug("%s %s: %d, %.0f ms, request %s", request.method, where, response.status_code, took, told)
        wanted = response.headers.get(MIN_VERSION, "")
        if wanted and not self._too_old_said and _numbers(__version__) < _numbers(wanted):
            self._too_old_said = True
            log.warning("palmares %s is older than this server wants (%s); update it", __version__, wanted)

    def _unreachable(self, error: Exception) -> Problem:
        return Problem(
            "unreachable",
            f"{self.server.url} cannot be reached: {error or type(error).__name__}",
            "Check PALMARES_URL (or `palmares login --url …`) and the network; `palmares doctor` says more.",
        )

    def _answered(self, response: httpx2.Response) -> httpx2.Response:
        """The response, if it is a success; raises the problem that it describes otherwise."""
        if response.is_success:
            return response
        if response.is_redirect:
            target = response.headers.get("location", "")
            raise Problem(
                "not_palmares", f"{self.server.url} sends us on to {target}.", "Set PALMARES_URL to the final address."
            )
        kind = response.headers.get("content-type", "")
        try:
            document = response.json() if "json" in kind else None
        except ValueError:
            document = None
        if isinstance(document, dict):
            pause = retry_after(response)
            if pause is not None:
                document.setdefault("retry_after", pause)
            raise Problem.from_document(document, response.status_code)
        if response.status_code >= 500:
            raise Problem(
                f"http_{response.status_code}",
                f"The server answered {response.status_code} {response.reason_phrase}.",
                "Try again in a while; if it stays, tell the organizers.",
                status=response.status_code,
            )
        raise _stranger(self.server.url, response.status_code)


def _began(request: httpx2.Request) -> None:
    request.extensions["palmares_began"] = monotonic()


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing; what is no number ends it.

    >>> _numbers("0.12.1rc1") < _numbers("0.13")
    True
    """
    found: list[int] = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return tuple(found)


def retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the answer's Retry-After asks to wait, None without one."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _worth_waiting(response: httpx2.Response, again: bool) -> float | None:
    """Seconds to wait before the request is sent again (0: no time was named), None if it should not be."""
    pause = retry_after(response) or 0.0
    if pause > LONGEST_PAUSE:
        return None
    if response.status_code in AWAY:
        return pause if again else None
    if response.status_code == 429 and b'"rate_limited"' in response.content:
        return pause
    return None


def _document(response: httpx2.Response, url: str) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise _stranger(url, response.status_code) from error


def _stranger(url: str, status: int) -> Problem:
    return Problem(
        "not_palmares",
        f"{url} answers, but not as a Palmares server does (status {status}, no JSON).",
        "Check the address: PALMARES_URL, or `palmares login --url …`.",
    )
