"""The light wheel: the command and the core, installable and working where no server library is.

It is built from the tree and installed with the client's lock (hashes, no dependency beyond it) into a clean venv.
"""

import json
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.server import BAD, GOOD

ROOT = Path(__file__).resolve().parents[1]
SERVER = {"fastapi", "sqlalchemy", "celery", "redis", "psycopg", "torch", "sentence-transformers", "uvicorn"}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git would hold of it (building writes into its tree)."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "app"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(tree)], check=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("palmares-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs something of a clean venv with the client's lock and the wheel, away from the tree."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "client.txt")], check=True)
    subprocess.run([*pip, str(wheel)], check=True)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PALMARES_CONFIG": str(folder / "config.json")}

    def run(*words: object) -> "subprocess.CompletedProcess[str]":
        command = [str(folder / "venv" / "bin" / str(words[0])), *map(str, words[1:])]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)

    return run


def test_it_holds_the_client_and_the_core_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
    rooms = {name.split("/")[1] for name in names}
    assert {name.split("/")[0] for name in names} == {"palmares"}
    assert rooms == {"__init__.py", "py.typed", "scoring", "llm", "client"}
    parts = ("scoring", "llm", "client")
    expected = {
        f"palmares/{path.relative_to(ROOT / 'app')}" for part in parts for path in (ROOT / "app" / part).rglob("*.py")
    }
    assert expected <= names


def test_it_needs_no_server_library(installed: Run) -> None:
    script = "import importlib.metadata as m, json; print(json.dumps([d.name.lower() for d in m.distributions()]))"
    found = set(json.loads(installed("python", "-c", script).stdout))
    assert "palmares" in found
    assert found & SERVER == set()


def test_every_module_of_it_can_be_imported(installed: Run) -> None:
    script = (
        "import importlib, pkgutil, palmares\n"
        "for one in pkgutil.walk_packages(palmares.__path__, 'palmares.'): importlib.import_module(one.name)\n"
    )
    done = installed("python", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_command_works_there(installed: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(GOOD)
    bad.write_text(BAD)
    assert installed("palmares", "--version").stdout.startswith("palmares ")
    assert "submit" in installed("palmares", "--help").stdout
    assert installed("palmares", "validate", good).returncode == 0
    done = installed("palmares", "validate", bad, "--truth", good, "--json")
    assert (done.returncode, json.loads(done.stdout)["findings"][0]["code"]) == (3, "bad_answer")
    done = installed("palmares", "score", good, "--truth", good)
    assert done.returncode == 6
    assert "pip install 'palmares[models]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "model" in installed("palmares", "doctor").stdout
