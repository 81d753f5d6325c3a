"""A small OpenAI-compatible server on loopback, which answers from a script and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = '{"completeness": 2, "preciseness": 1, "consistency": 0}'


@dataclass
class Answer:
    """One scripted answer: `reply` is the message's content; `raw` replaces the whole body."""

    reply: str = GOOD
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None
    delay: float = 0.0
    tokens: int | None = 100


@dataclass
class Script:
    """What the server answers, in order, then always `rest`; `requests` are the bodies, `keys` the headers."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    rest: Answer = field(default_factory=Answer)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@contextmanager
def serve(*answers: Answer) -> Iterator[Script]:
    """Run the server while the block runs."""
    script = Script(answers=list(answers))
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                script.requests.append(body)
                script.keys.append(self.headers.get("authorization"))
                script.paths.append(self.path)
                answer = script.answers.pop(0) if script.answers else script.rest
            time.sleep(answer.delay)
            content = answer.raw
            if content is None:
                usage = {} if answer.tokens is None else {"usage": {"total_tokens": answer.tokens}}
                message = {"role": "assistant", "content": answer.reply}
                content = json.dumps({"model": body["model"], "choices": [{"index": 0, "message": message}], **usage})
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content.encode())))
                self.end_headers()
                self.wfile.write(content.encode())
            except OSError:
                pass  # the client has not waited

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
