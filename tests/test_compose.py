"""Dockerfile and docker-compose.yml without a Docker engine: schema, lint, and that they name what really exists."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.embedded.servers import Postgres, Valkey
from app.embedded.stack import palmares
from app.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "palmares"}
WEB = json.loads(re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE).group(1))


def words(service: dict[str, Any]) -> list[str]:
    """A service's command line; without one of its own, the image's."""
    command = service.get("command", WEB)
    return shlex.split(command) if isinstance(command, str) else command


def program(name: str, *argv: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [Path(sys.executable).with_name(name), *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_schema() -> None:
    checked = program("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)
    assert checked.returncode == 0, checked.stdout


def test_dockerfile_lint() -> None:
    checked = program("hadolint", "--no-color", ROOT / "Dockerfile")
    assert checked.returncode == 0, checked.stdout


def test_the_services_are_the_stack() -> None:
    children = palmares(Path("/data")).children("0.0.0.0", 8000)  # noqa: S104 (compared, not bound)
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "worker-score-gpu", *children}
    for name, command in children.items():
        expected = [word for word in command[2:] if not word.startswith("/data")]
        assert [word for word in expected if word not in words(SERVICES[name])] == [], name
    assert words(SERVICES["migrate"]) == list(palmares(Path("/data")).migrate[2:])
    gpu = [word for word in words(SERVICES["worker-score-gpu"]) if word not in words(SERVICES["worker-score"])]
    assert gpu == ["score-gpu@%h", "cuda"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_option_is_known_to_its_program(name: str) -> None:
    """`--help` comes after the options are read: an unknown one ends with 2."""
    command = words(OURS[name])
    told = program(command[0], *command[1:], "--help")
    assert told.returncode == 0, told.stderr


def test_every_setting_exists() -> None:
    ours = set(re.findall(r"\bPALMARES_[A-Z_]+", DOCKERFILE + COMPOSE.read_text())) - {"PALMARES_"}
    known = {f"PALMARES_{field.upper()}" for field in Settings.model_fields}
    assert ours <= known


def test_no_secret_is_written_down_and_the_door_is_local() -> None:
    text = COMPOSE.read_text()
    assert text.count("${POSTGRES_PASSWORD:?") == 2
    assert [line for line in text.splitlines() if "PASSWORD:" in line and ":?" not in line] == []
    assert SERVICES["web"]["ports"] == ["${PALMARES_HOST:-127.0.0.1}:${PALMARES_PORT:-8000}:8000"]
    assert [name for name in SERVICES if name != "web" and "ports" in SERVICES[name]] == []


def test_who_waits_for_whom() -> None:
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    for name, service in OURS.items():
        expected = {"postgres": healthy, "valkey": healthy, "migrate": done}
        assert service["depends_on"] == ({"postgres": healthy} if name == "migrate" else expected), name
    assert SERVICES["migrate"]["restart"] == "no"
    assert all("healthcheck" in SERVICES[name] for name in ("postgres", "valkey", "web"))
    assert SERVICES["worker-score-gpu"]["profiles"] == ["gpu"]


def test_the_servers_are_those_of_the_embedded_mode(tmp_path: Path) -> None:
    postgres, valkey = SERVICES["postgres"], SERVICES["valkey"]
    major = Postgres(tmp_path, tmp_path, {}).cluster.name
    assert postgres["image"] == f"postgres:{major}"
    assert postgres["volumes"] == ["postgres:/var/lib/postgresql"]  # not …/data, which is for 17 and before
    assert postgres["environment"]["POSTGRES_INITDB_ARGS"] == "--locale-provider=builtin --locale=C.UTF-8"
    embedded = [str(word) for word in Valkey(tmp_path, tmp_path).argv()]
    for option in ("--appendonly", "--appendfsync", "--save", "--maxmemory-policy"):
        value = embedded[embedded.index(option) + 1]
        assert valkey["command"][valkey["command"].index(option) + 1] == value, option


def test_the_image_is_built_from_what_is_here() -> None:
    sources = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    allowed = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    assert sorted(sources) == sorted(allowed)
    assert "--require-hashes" in DOCKERFILE
    assert "--no-deps" in DOCKERFILE
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["models"]
    assert [pin for pin in pins if pin.startswith("torch==")] == re.findall(r"torch==[0-9.]+", DOCKERFILE)
    assert re.search(r"^USER [1-9]", DOCKERFILE, re.MULTILINE)
