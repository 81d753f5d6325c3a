"""One message to one receiver: signed, over a connection to a judged address, bounded in time and size.

Decision: the standard library's http.client, because it connects where it is told: to the address that was judged,
with the name in TLS and in `Host`. It follows no redirect and reads no proxy from the environment. A timer cuts the
connection at the end, however slowly the receiver drips.
"""

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from standardwebhooks import Webhook as Signer

from app import __version__
from app.webhooks.addresses import PORTS, AddressRefused, judged

SECONDS = 10.0
"""The whole of one try, from the name's resolution to the last byte read."""
CONNECT_SECONDS = 4.0
ANSWER_BYTES = 500


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: where, which id, what, and the secrets that sign it, the newest first."""

    url: str
    ref: str
    body: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went: the status, or an error without one."""

    status: int | None
    milliseconds: int
    answer: str = ""
    error: str = ""

    @property
    def delivered(self) -> bool:
        """True where the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def send(message: Message, moment: datetime) -> Outcome:
    """Send it once; whatever the receiver does, the outcome says it within SECONDS (and a slow name service)."""
    began = time.monotonic()

    def took() -> int:
        return int((time.monotonic() - began) * 1000)

    try:
        status, answer = _post(message, moment)
    except AddressRefused as error:
        return Outcome(None, took(), error=_plain(str(error)))
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = took() >= SECONDS * 1000
        said = f"No answer within {SECONDS:g} seconds." if late else f"{type(error).__name__}: {error}"
        return Outcome(None, took(), error=_plain(said))
    error = "" if 200 <= status < 300 else "Redirects are not followed." if 300 <= status < 400 else "Not taken."
    return Outcome(status, took(), _plain(answer.decode(errors="replace")), error)


def signed(message: Message, moment: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; while two secrets are valid, with a signature of each."""
    moment = moment.astimezone(UTC)
    signatures = [Signer(secret).sign(message.ref, moment, message.body) for secret in message.secrets]
    return {
        "webhook-id": message.ref,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _post(message: Message, moment: datetime) -> tuple[int, bytes]:
    parts = urlsplit(message.url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    end = time.monotonic() + SECONDS
    link = _connected(judged(host, port, parts.scheme), port, end)
    link.settimeout(SECONDS)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        link = context.wrap_socket(link, server_hostname=host, do_handshake_on_connect=False)
    cut = threading.Timer(max(0.0, end - time.monotonic()), _cut, [link])
    cut.daemon = True
    cut.start()
    connection = http.client.HTTPConnection(host, port)
    try:
        if isinstance(link, ssl.SSLSocket):
            link.do_handshake()
        connection.sock = link
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": f"Palmares/{__version__}",
            "Connection": "close",
            **signed(message, moment),
        }
        connection.request("POST", path, message.body.encode(), headers)
        answer = connection.getresponse()
        read = answer.read(ANSWER_BYTES)
        if time.monotonic() >= end:
            raise TimeoutError("cut")  # what was cut may look like a short answer
        return answer.status, read
    finally:
        cut.cancel()
        connection.close()
        link.close()


def _connected(addresses: list[str], port: int, end: float) -> socket.socket:
    """A connection to the first of the judged addresses that takes one."""
    failed: OSError = TimeoutError("timed out")
    for address in addresses:
        left = min(CONNECT_SECONDS, end - time.monotonic())
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failed = error
    raise failed


def _cut(link: socket.socket) -> None:
    """End whatever waits on this connection; TLS is not asked, it could wait itself."""
    with suppress(OSError):
        socket.socket.shutdown(link, socket.SHUT_RDWR)


def _plain(text: str) -> str:
    """As PostgreSQL and a terminal take it."""
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)[:ANSWER_BYTES]
