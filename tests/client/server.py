"""A real little HTTP server that speaks the shapes of the API.

Decision: answers are queued per method and path, the last one stays; what was not expected is answered with 418, so
that a wrong request can never pass for a right one.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "plm_test"
GOOD = '{"id": "p_000", "answer": "A", "explanation": "sharper face"}\n'
BAD = '{"id": "p_000", "answer": "C", "explanation": "sharper face"}\n'


@dataclass
class Answer:
    """What the server says: a document (or bytes), status, headers; `hold` keeps the connection open after it."""

    document: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    read_body: bool = True


@dataclass
class Seen:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def problem(status: int, code: str, **extra: Any) -> Answer:
    """An answer of problem+json."""
    document = {
        "type": f"/problems/{code}",
        "title": "Title",
        "status": status,
        "detail": f"Sentence of {code}.",
        "code": code,
    }
    headers = {"Content-Type": "application/problem+json"}
    return Answer({**document, "fix": f"Fix of {code}.", "request_id": "req-1", **extra}, status, headers)


def events(*submissions: dict[str, Any], hold: threading.Event | None = None) -> Answer:
    """A stream of states."""
    text = "".join(f": ping\n\nevent: state\ndata: {json.dumps(one)}\n\n" for one in submissions)
    return Answer(text.encode(), headers={"Content-Type": "text/event-stream"}, hold=hold)


def submission(state: str = "queued", **more: Any) -> dict[str, Any]:
    """A submission as the API shows it."""
    scores = {
        "final": {"value": 0.8123, "ci95": [0.75, 0.87]},
        "accuracy": {"value": 0.9, "ci95": [0.84, 0.95]},
        "explanation": {"value": 0.7246, "ci95": None},
    }
    return {
        "ref": "sub_7h3k9q2m",
        "competition": "photos",
        "phase": "dev",
        "participant": "ada",
        "message": "",
        "state": state,
        "created_at": "2026-11-23T10:00:00Z",
        "file": {"name": "p.zip", "size": 1, "sha256": "0" * 64},
        "attempt": 1,
        "stamps": {"queued_at": "2026-11-23T10:00:00Z", "finished_at": None},
        "queue": {"position": 3, "of": 12} if state == "queued" else None,
        "findings": [],
        "findings_total": 0,
        "warnings": [],
        "problem": None,
        "scores": scores if state == "scored" else None,
        "rank": {"rank": 2, "of": 9, "counts": True} if state == "scored" else None,
        "mark": None,
        "history": [],
        "signature": "palmares:0.1.0" if state == "scored" else None,
        "links": {"self": "/api/v1/submissions/sub_7h3k9q2m", "page": "/submissions/sub_7h3k9q2m"},
        **more,
    }


class Fake:
    """The server: what it answers, and what it saw."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def on(self, method: str, path: str, *answers: Any) -> None:
        """Answer requests for a path (under /api/v1 unless it is a probe's) one after the other; the last one stays."""
        full = path if path.endswith("z") and path.count("/") == 1 else f"/api/v1{path}"
        self.answers[method, full] = [one if isinstance(one, Answer) else Answer(one) for one in answers]

    def asked(self, method: str, path: str) -> list[Seen]:
        """The requests for a path."""
        return [one for one in self.seen if (one.method, one.path) == (method, f"/api/v1{path}")]

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                parts = urlsplit(self.path)
                waiting = fake.answers.get((self.command, parts.path), [problem(418, "not_expected")])
                given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if given.read_body else b""
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                fake.seen.append(Seen(self.command, parts.path, query, dict(self.headers), body))
                self._say(given)

            def _say(self, given: Answer) -> None:
                body = given.document if isinstance(given.document, bytes) else json.dumps(given.document).encode()
                (self.send_response_only if "Date" in given.headers else self.send_response)(given.status)
                for name, value in {"Content-Type": "application/json", **given.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"" if given.status == 204 or self.command == "HEAD" else body)
                self.wfile.flush()
                if given.hold is not None:
                    given.hold.wait(20)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Palmares = Callable[..., Result]
