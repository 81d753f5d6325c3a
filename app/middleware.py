"""What every request passes: security headers, and a gate against requests that other sites make browsers send.

Decision: the gate reads Fetch Metadata (Sec-Fetch-Site), else Origin, as Go's CrossOriginProtection does; requests with
`Authorization` carry their own proof and pass, since they never read cookies. Pure ASGI, so that streams stay streams.
"""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Denied, TooLarge
from app.problems import on_fault

SAFE = {"GET", "HEAD", "OPTIONS"}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
OLDEST_CLIENT = "0.1.0"
"""The oldest version of the client that works with this server; an older one says so to its user."""
HEADERS = {
    "Palmares-Client-Min-Version": OLDEST_CLIENT,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class CrossOrigin(Denied):
    """A browser sent this from another site; cookies are not honoured there."""

    code = "cross_origin"
    title = "The request came from another site"
    fix = "Send it from Palmares' own pages, or with a token."


class SecurityHeaders:
    """Sets the headers that a response does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap `send` for HTTP; everything else passes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", CSP)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class OriginGate:
    """Refuses unsafe requests that a browser sends on behalf of another site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass, or answer 403 `cross_origin`."""
        if scope["type"] == "http" and not self._passes(scope):
            response = on_fault(Request(scope), CrossOrigin())
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _passes(scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if scope["method"] in SAFE or "authorization" in headers:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = headers.get("origin")
        # Neither header: no browser, so no cookie was sent behind anybody's back.
        return origin is None or urlsplit(origin).netloc == headers.get("host", "")


class PlainRefusals:
    """Turns the framework's own plain-text 413 into the problem that every other refusal is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch the start of each response."""
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                plain = Headers(raw=message["headers"]).get("content-type", "").startswith("text/plain")
                if plain:
                    replaced = True
                    await on_fault(Request(scope), TooLarge())(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_problem)
