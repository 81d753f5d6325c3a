"""Where the web process listens: the next free port where one is taken, and only our own process's answer counts."""

import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from app.embedded import address
from app.embedded.errors import EmbeddedFault

HOST = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_passed_over(taken: int) -> None:
    assert taken < address.free_port(HOST, taken) <= taken + 50


def test_the_port_used_before_is_kept_while_it_is_free(taken: int) -> None:
    free = address.free_port(HOST, taken)
    assert address.free_port(HOST, taken, previous=free) == free
    assert address.free_port(HOST, free, previous=taken) == free


def test_no_free_port_is_said(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "PORTS_TRIED", 1)
    with pytest.raises(EmbeddedFault, match=f"{taken} to {taken} of 127.0.0.1 are all taken; set PALMARES_PORT"):
        address.free_port(HOST, taken)


def test_a_host_that_is_not_ours_is_said_at_once() -> None:
    with pytest.raises(EmbeddedFault, match=r"Cannot listen on 192\.0\.2\.1.*PALMARES_HOST"):
        address.free_port("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::", "http://[::1]:8000"),
        ("box.example", "http://box.example:8000"),
    ],
)
def test_url(host: str, expected: str) -> None:
    assert address.url(host, 8000) == expected


def test_listens_only_where_this_process_does(taken: int) -> None:
    assert address.listens(os.getpid(), taken)
    with subprocess.Popen(["sleep", "600"]) as other:
        assert not address.listens(other.pid, taken)
        other.kill()
    assert not address.listens(os.getpid(), address.free_port(HOST, taken))
    assert not address.listens(2**22 + 1, taken)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"/readyz": (200, b'{"checks": {"broker": "ok"}}')}, (True, '/readyz 200: {"broker": "ok"}')),
        ({"/readyz": (503, b'{"checks": {"broker": "no"}}')}, (False, '/readyz 503: {"broker": "no"}')),
        ({"/healthz": (200, b'{"status": "ok"}')}, (True, '/healthz 200: {"status": "ok"}')),
        ({"/readyz": (200, b"[]")}, (True, "/readyz 200: []")),
        ({}, (False, "/healthz 404: ")),
    ],
)
def test_answer(answers: dict[str, tuple[int, bytes]], expected: tuple[bool, str]) -> None:
    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer((HOST, 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert address.answer(HOST, server.server_port) == expected
        server.shutdown()
    assert address.answer(HOST, server.server_port)[1].startswith("ConnectionRefusedError")
