"""The command tree: every command has help with an example, and help imports nothing heavy."""

import json
import subprocess
import sys

import pytest

from app import __version__
from app.client.main import COMMANDS
from tests.client.server import Palmares

HEAVY = {
    "numpy",
    "scipy",
    "torch",
    "sentence_transformers",
    "rouge_score",
    "httpx2",
    "rich",
    "yaml",
    "nltk",
}


@pytest.mark.parametrize(("name", "example"), [(name, example) for name, _, example in COMMANDS])
def test_every_command_explains_itself_with_an_example(palmares: Palmares, name: str, example: str) -> None:
    done = palmares(*name.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.rstrip().endswith(f"Example:\n    {example}")
    assert example.startswith(f"palmares {name}")


def test_every_example_can_be_understood(palmares: Palmares) -> None:
    accepted = {option for name, _, _ in COMMANDS for option in palmares(*name.split(), "--help").out.split()}
    used = {word for _, _, example in COMMANDS for word in example.split() if word.startswith("--")}
    assert used <= accepted


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_lists_every_command_whole(palmares: Palmares, words: list[str]) -> None:
    done = palmares(*words)
    assert done.code == 0
    listed = done.out.split("Commands:")[1]
    assert all(name.split()[0] in listed for name, _, _ in COMMANDS)
    assert "..." not in listed


def test_the_version(palmares: Palmares) -> None:
    assert palmares("--version").out == f"palmares {__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["submit", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    script = (
        "import json, sys\nfrom app.client.main import run\n"
        f"code = run({words!r})\nprint('\\n' + json.dumps([code, *sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *modules = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert HEAVY & {name.split(".")[0] for name in modules} == set()
