"""The house stays a house: sizes, names, layers, and that the web process never imports the model."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(file for room in ("app", "workers", "bench") for file in ROOT.glob(f"{room}/**/*.py"))
FORBIDDEN = {"utils", "helpers", "common", "misc", "core", "base", "manager", "handler", "data", "info"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 50


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_stay_short_and_say_what_they_are(file):
    text = file.read_text()
    assert text.count("\n") <= LONGEST_FILE
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it is for"
    assert not set(file.relative_to(ROOT).with_suffix("").parts) & FORBIDDEN
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < LONGEST_FUNCTION, node.name
            public = not node.name.startswith("_")
            inner = any(
                node in ast.walk(other) for other in ast.walk(tree) if other is not node and _is_function(other)
            )
            if public and not inner:
                assert ast.get_docstring(node), f"{node.name} has no docstring"


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def test_each_test_file_mirrors_a_source_file():
    sources = {file.relative_to(ROOT).with_suffix("").as_posix() for file in SOURCES}
    strays = []
    for test in ROOT.glob("tests/*/**/test_*.py"):
        inside = test.relative_to(ROOT / "tests")
        if inside.parts[0] in ("journeys", "faults", "hostile", "fuzz", "browser", "migrations", "examples"):
            continue
        name = (inside.parent / inside.stem.removeprefix("test_")).as_posix()
        if f"app/{name}" not in sources and name not in sources and f"app/{name}/__init__" not in sources:
            strays.append(inside.as_posix())
    assert not strays


def test_the_layers_hold():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def imported(statement: str) -> set[str]:
    """The top-level modules in memory after a statement, in a fresh process."""
    told = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", f"{statement}; {told}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement", ["from app.main import create_app; create_app()", "import app.client.main", "import workers.main"]
)
def test_neither_the_web_process_nor_the_client_imports_the_model(statement):
    assert not imported(statement) & {"torch", "transformers", "sentence_transformers"}


def test_the_code_names_no_machine_and_no_registry():
    names = re.compile("/wo" + "rk/|find-" + "links|/opt/" + "wheels|mirror" + r"\.|pypi\.[a-z]+\.[a-z]+")
    text_files = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.toml", "*.yml", "*.yaml", "Makefile", "Dockerfile"],
        cwd=ROOT, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    if not text_files:
        pytest.skip("not a git checkout")
    found = [name for name in text_files if names.search((ROOT / name).read_text())]
    assert not found
