"""Small stand-ins for the stack's programs, and the real supervisor around them: `standin.py up --detach`.

They heed PALMARES_STANDIN: `web-dies`, `worker-score-dies`, `migration-fails`, or nothing. The worker
notes its end in `data_dir/ended`, with whether PostgreSQL was still there.
"""

import http.server
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
QUICK = {"fsync": "off", "max_connections": "10", "shared_buffers": "1MB"}


def web(host: str, port: int) -> None:
    """Answers /readyz with 503 once, then with 200."""

    class Door(http.server.BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self) -> None:
            Door.asked += 1
            body = b'{"status": "ok", "checks": {"workers": "waiting"}}'
            self.send_response(200 if Door.asked > 1 else 503)
            self.end_headers()
            self.wfile.write(body)

    http.server.HTTPServer((host, port), Door).serve_forever()


def work(name: str) -> None:
    """Does nothing until SIGTERM, then writes down what it saw."""

    def ended(_number: int, _frame: FrameType | None) -> None:
        data_dir = Path(os.environ["PALMARES_DATA_DIR"])
        alive = (data_dir / "run" / ".s.PGSQL.5432").exists()
        with (data_dir / "ended").open("a") as file:
            file.write(f"{name} {'postgres-there' if alive else 'postgres-gone'}\n")
        sys.exit(0)

    signal.signal(signal.SIGTERM, ended)
    while True:
        time.sleep(60)


def supervise(argv: list[str]) -> int:
    """The real command line with these programs."""
    sys.path.insert(0, str(ROOT))
    from app.embedded import servers, stack
    from app.embedded.__main__ import main

    def children(host: str, port: int) -> dict[str, list[str]]:
        again = [sys.executable, __file__]
        return {"web": [*again, "web", host, str(port)], "worker-score": [*again, "work", "worker-score"]}

    stack.FIRST_WAIT = 0.05
    servers.POSTGRES_SETTINGS.update(QUICK)
    fails = os.environ.get("PALMARES_STANDIN") == "migration-fails"
    migrate = [sys.executable, "-c", "raise SystemExit('no such revision')" if fails else ""]
    return main(argv, stack.Programs(migrate, children), again=(__file__,))


if __name__ == "__main__":
    wish = os.environ.get("PALMARES_STANDIN", "")
    if wish in ("web-dies", "worker-score-dies") and wish.removesuffix("-dies") in sys.argv:
        sys.exit("the stand-in has a bad day")
    match sys.argv[1:]:
        case ["web", host, port]:
            web(host, int(port))
        case ["work", name]:
            work(name)
        case rest:
            sys.exit(supervise(rest))
