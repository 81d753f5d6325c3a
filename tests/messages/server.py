"""A real little SMTP server over a socket, which can refuse at any step and hang up at any step."""

import socketserver
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from pydantic import SecretStr

from app.settings import settings


@dataclass
class Got:
    """A mail that came in: the envelope, the bytes, and the message read from them."""

    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """As a mail program reads it."""
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]

    @property
    def text(self) -> str:
        """The text as it is read."""
        return self.message.get_content().replace("\r\n", "\n")


class MailServer:
    """What it got, and what it says: `answers[step]` is an answer or HANG_UP, for the steps EHLO to DATA and `.`."""

    HANG_UP = ""

    def __init__(self, port: int = 0) -> None:
        self.got: list[Got] = []
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.on_mail = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.connections += 1
                outer.talk(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def talk(self, inward: Any, outward: Any) -> None:
        """One connection, to its end."""

        def say(step: str, usual: str) -> bool:
            answer = self.answers.get(step, usual)
            if answer:
                outward.write(answer.encode() + b"\r\n")
            return bool(answer)

        alive, sender, recipient = say("connect", "220 here"), "", ""
        while alive and (line := inward.readline()):
            step = line[:4].decode().strip().upper()
            if step == "QUIT":
                say(step, "221 bye")
                return
            if step == "MAIL":
                sender = line.decode().strip()
            if step == "RCPT":
                recipient = line.decode().strip()
            alive = say(step, "354 go" if step == "DATA" else "250 ok")
            if step == "DATA" and alive and self.answers.get("DATA", "354").startswith("354"):
                alive = self._content(inward, sender, recipient) and say(".", "250 taken")

    def _content(self, inward: Any, sender: str, recipient: str) -> bool:
        lines = []
        while (line := inward.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.got.append(Got(sender, recipient, b"".join(lines)))
        self.on_mail.set()
        return self.go_on.wait(20)

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


def mail_on(monkeypatch: Any, port: int = 9) -> None:
    """Switch mail on, towards a server on this port of this machine."""
    monkeypatch.setattr(settings(), "smtp_url", SecretStr(f"smtp://127.0.0.1:{port}"))
    monkeypatch.setattr(settings(), "mail_from", "Palmares <palmares@example.org>")
    monkeypatch.setattr(settings(), "public_url", "https://palmares.example.org/")
