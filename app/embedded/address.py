"""Where the web process listens, and whether it is ours that answers there.

Decision: a taken port is not a failure (two clones side by side): the next free one is used and said aloud, and kept
for the next start. An answer counts only if our own process listens there: the clone next door answers too.
"""

import errno
import http.client
import json
import socket

import psutil

from app.embedded.errors import EmbeddedFault

PORTS_TRIED = 51


def free_port(host: str, wanted: int, previous: int | None = None) -> int:
    """The port used before, or the first free one from `wanted` on (50 more). Raises EmbeddedFault where none is."""
    candidates = range(wanted, min(wanted + PORTS_TRIED, 65536))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in [*([previous] if previous else []), *candidates]:
        try:
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise EmbeddedFault(
                f"Cannot listen on {host}, port {port} (PALMARES_HOST, PALMARES_PORT): {error}"
            ) from error
        return port
    raise EmbeddedFault(
        f"The ports {wanted} to {candidates[-1]} of {host} are all taken; set PALMARES_PORT to a free one."
    )


def reachable(host: str) -> str:
    """The address by which this machine reaches a listener on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (read, not bound)


def url(host: str, port: int) -> str:
    """The stack's address for a browser on this machine."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def listens(pid: int, port: int) -> bool:
    """Whether this process or one of its children listens on the TCP port; True where the system does not tell."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        links = [link for member in family for link in member.net_connections("tcp")]
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True
    return any(link.status == psutil.CONN_LISTEN and link.laddr.port == port for link in links)


def answer(host: str, port: int) -> tuple[bool, str]:
    """Ask /readyz (or /healthz where there is none): whether it is ready, and what it said."""
    try:
        for path in ("/readyz", "/healthz"):
            link = http.client.HTTPConnection(reachable(host), port, timeout=3)
            link.request("GET", path)
            response = link.getresponse()
            said = response.read(2000).decode(errors="replace")
            link.close()
            if response.status != 404:
                break
    except (OSError, http.client.HTTPException) as error:
        return False, f"{type(error).__name__}: {error}"
    return response.status == 200, f"{path} {response.status}: {_brief(said)}"


def _brief(said: str) -> str:
    try:
        content = json.loads(said)
        return json.dumps(content.get("checks", content))
    except (ValueError, AttributeError):
        return said[:200]
