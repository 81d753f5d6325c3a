"""One message to a real receiver: signed so that its library takes it, and bounded whatever the receiver does."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook as Verifier
from werkzeug import Response

from app.webhooks import sending
from app.webhooks.sending import Message, send, signed
from app.webhooks.service import new_secret
from tests.conftest import ROOT

BODY = '{"type": "webhook.ping", "data": {"webhook": "whk_é"}}'


@pytest.fixture
def receiver(allowed) -> Iterator[HTTPServer]:
    with HTTPServer("127.0.0.1") as server:
        yield server


def to(url: str, *secrets: str):
    return send(Message(url, "msg_1", BODY, secrets or (new_secret(),)), datetime.now(UTC))


def test_the_receivers_library_verifies_it_by_the_new_and_by_the_old_secret(receiver):
    new, old = new_secret(), new_secret()
    receiver.expect_request("/hook", method="POST", query_string="a=b").respond_with_data("thanks", 200)
    outcome = to(receiver.url_for("/hook?a=b"), new, old)
    assert (outcome.status, outcome.answer, outcome.error, outcome.delivered) == (200, "thanks", "", True)
    [(request, _)] = receiver.log
    for secret in (new, old):
        told = Verifier(secret).verify(request.get_data(), dict(request.headers))
        assert told["data"] == {"webhook": "whk_é"}
    assert (request.headers["webhook-id"], request.content_type) == ("msg_1", "application/json")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_the_pages_example_takes_what_is_genuine_and_nothing_else():
    [example] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    names: dict = {}
    exec(example, names)  # noqa: S102  (our own page)
    genuine, secrets = names["is_genuine"], (new_secret(), new_secret())
    moment = datetime.now(UTC)
    headers, body = signed(Message("https://a.org/", "msg_1", BODY, secrets), moment), BODY.encode()
    assert all(genuine(secret, headers, body) for secret in secrets)
    assert not genuine(new_secret(), headers, body)
    assert not genuine(secrets[0], headers, body + b" ")
    assert not genuine(secrets[0], headers | {"webhook-id": "msg_2"}, body)
    old = signed(Message("https://a.org/", "msg_1", BODY, secrets), moment - timedelta(minutes=6))
    assert not genuine(secrets[0], old, body)


def test_redirects_are_not_followed(receiver):
    receiver.expect_request("/hook").respond_with_data("", 307, {"Location": receiver.url_for("/inside")})
    receiver.expect_request("/inside").respond_with_data("secret")
    outcome = to(receiver.url_for("/hook"))
    assert (outcome.status, outcome.error, outcome.delivered) == (307, "Redirects are not followed.", False)
    assert [request.path for request, _ in receiver.log] == ["/hook"]


def test_of_a_large_and_wild_answer_only_the_beginning_is_kept_and_harmless(receiver):
    receiver.expect_request("/hook").respond_with_data(b"\x00\x1b[2J" + b"x" * 5_000_000, 500)
    outcome = to(receiver.url_for("/hook"))
    assert outcome.answer.startswith("\ufffd\ufffd[2Jxxx")
    assert len(outcome.answer) <= sending.ANSWER_BYTES
    assert (outcome.status, outcome.delivered) == (500, False)


def listening(behave) -> tuple[socket.socket, int]:
    """A receiver below HTTP, on a free port."""
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        try:
            behave(server.accept()[0])
        except OSError:
            return

    threading.Thread(target=run, daemon=True).start()
    return server, server.getsockname()[1]


def silent(link: socket.socket) -> None:
    time.sleep(5)
    link.close()


def dripping(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(50):
        time.sleep(0.1)
        link.sendall(b"a")


def nonsense(link: socket.socket) -> None:
    link.recv(100)
    link.sendall(b"\xff\x00 SSH-2.0\r\n\r\n")
    link.close()


def hanging_up(link: socket.socket) -> None:
    link.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("behave", [silent, dripping, nonsense, hanging_up])
def test_a_receiver_that_misbehaves_costs_bounded_time(allowed, monkeypatch, behave, scheme):
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    server, port = listening(behave)
    began = time.monotonic()
    outcome = to(f"{scheme}://127.0.0.1:{port}/")
    assert time.monotonic() - began < 1.5
    assert outcome.status is None
    assert outcome.error
    assert not outcome.delivered
    server.close()


def test_nobody_listens(allowed):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert "ConnectionRefused" in to(f"http://127.0.0.1:{bound.getsockname()[1]}/").error


def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to(monkeypatch, receiver):
    """A name that answers differently the second time, as in DNS rebinding, is not asked a second time."""
    receiver.expect_request("/hook").respond_with_data("taken")
    real, asked = socket.getaddrinfo, []

    def rebinding(host, port, *args, **options):
        if host == "rebind.example.org":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    outcome = to(f"http://rebind.example.org:{receiver.port}/hook")
    assert (outcome.answer, asked) == ("taken", ["rebind.example.org"])
    assert receiver.log[0][0].headers["host"] == f"rebind.example.org:{receiver.port}"
    outcome = to(f"http://rebind.example.org:{receiver.port}/hook")
    assert (outcome.status, len(receiver.log)) == (None, 1)
    assert "169.254.169.254 is reached by https:// only" in outcome.error


def test_without_the_operators_word_this_machine_is_not_reached(receiver, monkeypatch):
    from app.settings import settings

    monkeypatch.setattr(settings(), "webhook_allow", "")
    for url in (f"http://127.0.0.1:{receiver.port}/", f"https://localhost:{receiver.port}/"):
        assert to(url).status is None
    assert receiver.log == []


def test_tls_is_verified_by_the_name_and_not_by_the_address(allowed, monkeypatch):
    seen = []
    context = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: seen.append(context()) or seen[0])
    server, port = listening(nonsense)
    outcome = to(f"https://127.0.0.1:{port}/")
    assert "SSLError" in outcome.error
    assert seen[0].check_hostname
    assert seen[0].verify_mode == ssl.CERT_REQUIRED
    server.close()


def test_the_receiver_may_close_before_it_read_all(receiver):
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    assert to(receiver.url_for("/hook")).delivered
