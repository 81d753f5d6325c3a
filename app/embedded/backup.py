"""Backup and restore of the local stack: one file with the database, the stored files and the key of links.

Decision: the database goes first, by `pg_dump` from one snapshot, while everything runs; blobs never change, so those
that are copied after it hold all that it names. A restore only fills an empty data folder and never writes over one:
to go back, another folder is named. What is not in it: Valkey (it only rings) and unfinished uploads.
"""

import json
import subprocess
import tarfile
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app import __version__
from app.embedded.errors import BackupFailed
from app.embedded.servers import Postgres, Servers
from app.embedded.stack import read_state
from app.settings import settings

ABOUT, DUMP, BLOBS, KEY = "palmares-backup.json", "database.dump", "storage", "secret"
FORMAT = 1


def _folder() -> Path:
    """Where the blobs lie. Raises BackupFailed where database or storage are not the embedded ones."""
    chosen = settings()
    url = urlsplit(chosen.object_store_url)
    if chosen.database_url or url.scheme != "file":
        raise BackupFailed(
            "The database or the storage are servers of your own: use their own tools (docs/operators.md)."
        )
    return Path(unquote(url.path))


def _servers(running: ExitStack) -> Servers:
    """The stack's servers; PostgreSQL is started for the time where the stack does not run."""
    chosen = settings()
    servers = Servers(chosen.data_dir, chosen.run_dir, valkey=False)
    if not read_state(chosen.data_dir):
        running.enter_context(servers)
    return servers


def _run(servers: Servers, program: str, *words: str | Path) -> None:
    """Run a program of PostgreSQL against the database. Raises BackupFailed with what it said."""
    server = next(one for one in servers.servers if isinstance(one, Postgres))
    line = [server.binary.with_name(program), "-h", servers.run_dir, "-p", "5432", "-U", "postgres", "-d", "palmares"]
    done = subprocess.run([*map(str, line), *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise BackupFailed(f"{program} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")


def backup(target: Path) -> dict[str, int | str]:
    """Write everything into one file (tar), in place only when whole; returns what is in it. Raises BackupFailed."""
    blobs = _folder()
    data_dir = settings().data_dir
    if not (data_dir / "postgres").exists():
        raise BackupFailed(f"There is no database in {data_dir}.")
    target = target.absolute()
    if target.exists():
        raise BackupFailed(f"{target} exists; it is not written over.")
    with ExitStack() as running, tempfile.TemporaryDirectory(dir=target.parent, prefix=".palmares-") as work:
        dump, part = Path(work) / DUMP, Path(work) / "part.tar"
        _run(_servers(running), "pg_dump", "--format=custom", "--no-owner", "--file", dump)
        files = sorted(path for path in (blobs / "blobs").rglob("*") if path.is_file()) if blobs.exists() else []
        about = {
            "format": FORMAT,
            "version": __version__,
            "made_at": datetime.now(UTC).isoformat(),
            "files": len(files),
        }
        (Path(work) / ABOUT).write_text(json.dumps(about))
        with tarfile.open(part, "w") as archive:
            archive.add(Path(work) / ABOUT, ABOUT)
            archive.add(dump, DUMP)
            if (data_dir / KEY).exists():
                archive.add(data_dir / KEY, KEY)
            for path in files:
                archive.add(path, f"{BLOBS}/{path.relative_to(blobs)}", recursive=False)
        part.chmod(0o600)  # it holds the truth, and everybody's address
        part.replace(target)
    return about | {"bytes": target.stat().st_size}


def restore(source: Path) -> dict[str, int | str]:
    """Fill an empty data folder from such a file; returns what was in it. Raises BackupFailed."""
    blobs = _folder()
    data_dir = settings().data_dir
    if (data_dir / "postgres").exists() or blobs.exists():
        raise BackupFailed(f"{data_dir} holds data already.")
    with ExitStack() as running:
        try:
            archive = running.enter_context(tarfile.open(source))
            about: dict[str, int | str] = json.loads((archive.extractfile(ABOUT) or _none()).read())
        except (OSError, tarfile.TarError, KeyError, ValueError) as error:
            raise BackupFailed(f"{source} is no backup of Palmares: {error}") from error
        if about.get("format") != FORMAT:
            raise BackupFailed(f"{source} is of format {about.get('format')!r}; this version reads {FORMAT}.")
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir, prefix="restoring-") as work:
            archive.extractall(work, filter="data")
            with Servers(data_dir, settings().run_dir, valkey=False) as servers:
                _run(servers, "pg_restore", "--exit-on-error", "--no-owner", Path(work) / DUMP)
            if (Path(work) / KEY).exists():
                (Path(work) / KEY).replace(data_dir / KEY)
            blobs.parent.mkdir(parents=True, exist_ok=True)
            kept = Path(work) / BLOBS
            kept.mkdir(exist_ok=True)
            kept.rename(blobs)  # last: what is half restored is seen as such, and not filled twice
    return about


def _none() -> "tarfile.ExFileObject":
    raise KeyError(f"there is no {ABOUT} in it")
