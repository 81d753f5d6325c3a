"""As whom the servers run: root's and an ordinary user's, also below folders that only root may pass."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from app.embedded import identity
from app.embedded.errors import Unreachable
from app.embedded.servers import Servers
from tests.embedded.watching import QUICK, ROOT

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")
SCRIPT = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from app.embedded.errors import EmbeddedFault
from app.embedded.servers import Servers
import psutil
try:
    with Servers(Path(sys.argv[1]), postgres_settings={QUICK!r}) as servers:
        print(os.geteuid(), sorted({{psutil.Process(p.pid).uids().real for p in servers.running.values()}}))
except EmbeddedFault as fault:
    print(fault.code)
"""


def permissions(folder: Path) -> list[tuple[str, int, int, int]]:
    """Mode, owner and group of a folder and all above it."""
    return [(str(path), *stat_of(path)) for path in (folder, *folder.parents)]


def stat_of(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def uids(servers: Servers) -> set[int]:
    return {psutil.Process(process.pid).uids().real for process in servers.running.values()}


def capabilities(servers: Servers) -> set[int]:
    """The effective capabilities of the servers, as bits."""
    texts = [Path(f"/proc/{process.pid}/status").read_text() for process in servers.running.values()]
    return {int(text.partition("CapEff:")[2].split()[0], 16) for text in texts}


@as_root
@pytest.mark.skipif(
    not all(parent.stat().st_mode & 0o001 for parent in Path(sys.prefix).parents),
    reason="the environment lies in a folder that only root may enter: the test below is this case",
)
def test_root_runs_the_servers_as_nobody_and_without_capabilities(folder: Path) -> None:
    before = permissions(folder.parent)
    with Servers(folder, postgres_settings=QUICK) as servers:
        assert uids(servers) == {identity.NOBODY}
        assert capabilities(servers) == {0}
    assert permissions(folder.parent) == before


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is not installed")
def test_below_a_private_folder_of_root_with_the_binaries_there_too(folder: Path) -> None:
    """The clone in `mktemp -d`: data and packages where only root may pass. Start, restart, nothing opened."""
    folder.parent.chmod(0o700)
    before = permissions(folder.parent)
    for _ in range(2):
        servers = Servers(folder, postgres_settings=QUICK)
        for server, levels in zip(servers.servers, (2, 0), strict=True):
            package, copy = server.binary.parents[levels], folder.parent / server.name
            if not copy.exists():
                shutil.copytree(package, copy / package.name)
                libraries = package.with_name(f"{package.name}.libs")
                if libraries.exists():
                    shutil.copytree(libraries, copy / libraries.name)
            server.binary = copy / server.binary.relative_to(package.parent)
        with servers:
            assert uids(servers) == {identity.NOBODY}
            assert capabilities(servers) <= {1 << 1, 1 << 2}, "at most the one to pass folders"
            with psycopg.connect(host=str(servers.run_dir), port=5432, user="postgres", dbname="palmares") as link:
                link.execute("CREATE EXTENSION IF NOT EXISTS citext")  # a file beside the binaries
    assert permissions(folder.parent) == before


@as_root
def test_without_setpriv_the_way_out_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(Unreachable, match=r"As uid 65534: .*not writable") as caught:
        Servers(folder, postgres_settings=QUICK).start()
    assert "PALMARES_DATA_DIR" in caught.value.fix
    assert stat_of(folder.parent)[0] == 0o700


@as_root
def test_root_serves_another_users_data_as_that_user(folder: Path) -> None:
    """`sudo make up` in an ordinary user's folder must not take it away from that user."""
    user = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, identity.NOBODY))
    for part in ("postgres", "valkey"):
        (folder / part).mkdir(parents=True, mode=0o700)
        os.chown(folder / part, user.pw_uid, user.pw_gid)
    with Servers(folder, postgres_settings=QUICK) as servers:
        assert uids(servers) == {user.pw_uid}
    assert stat_of(folder / "postgres") == (0o700, user.pw_uid, user.pw_gid)


@as_root
def test_data_that_root_restored_from_a_backup_is_handed_over_whole(folder: Path) -> None:
    with Servers(folder, postgres_settings=QUICK):
        pass
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, 0)
    with Servers(folder, postgres_settings=QUICK) as servers:
        assert uids(servers) == {identity.NOBODY}


def test_an_ordinary_user_needs_nothing_else(folder: Path) -> None:
    """The whole thing in a process that is not root; where the tests run as root, as uid 65534."""
    folder.mkdir()
    ordinary = identity.choose([Path(sys.executable)], [folder])
    uid = ordinary.owner[0] if ordinary.owner else os.geteuid()
    command = [sys.executable, "-c", SCRIPT, folder]
    with ordinary.spawn(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said, errors = process.communicate()
    assert said.decode().splitlines()[-1:] == [f"{uid} [{uid}]"], errors.decode()


@as_root
def test_an_ordinary_user_is_told_that_the_data_are_roots(folder: Path) -> None:
    elsewhere = folder.with_name("e")
    elsewhere.mkdir()
    ordinary = identity.choose([Path(sys.executable)], [elsewhere])
    if "+dac_override" in str(ordinary.prefix):
        pytest.skip("here the ordinary user of this test may write everywhere")
    with Servers(folder, postgres=False, valkey=False):
        pass
    with ordinary.spawn([sys.executable, "-c", SCRIPT, folder], stdout=subprocess.PIPE) as process:
        said, _ = process.communicate()
    assert said.decode().split()[-1:] == ["data_dir_wrong_owner"]


def test_servers_see_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALMARES_SECRET", "x")
    with identity.Identity().spawn(["/usr/bin/env"], stdout=subprocess.PIPE) as process:
        said, _ = process.communicate()
    assert {line.partition("=")[0] for line in said.decode().splitlines()} <= {"PATH", "LC_ALL", "PWD", "SHLVL", "_"}
