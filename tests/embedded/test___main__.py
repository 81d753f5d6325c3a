"""`python -m app.embedded`: every command may be given twice, and each fault is a sentence with a way out."""

import json
from pathlib import Path

import pytest

from app.embedded.__main__ import main
from app.embedded.lock import Lock
from app.settings import settings
from tests.embedded.test_stack import NO_SERVERS, Run
from tests.embedded.watching import running_in


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as the data dir of this very process."""
    monkeypatch.setenv("PALMARES_DATA_DIR", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def test_up_status_and_down_twice_each(folder: Path) -> None:
    run = Run(folder)
    assert run("status").returncode == 1
    first, second = run("up", "--detach"), run("up", "--detach")
    url = f"http://127.0.0.1:{run.port}"
    assert (first.returncode, first.stdout) == (0, f"Palmares is up: {url} (logs: {folder}/logs)\n")
    assert (second.returncode, second.stdout) == (0, f"Palmares is already running: {url} (logs: {folder}/logs)\n")
    told = json.loads(run("status", "--json").stdout)
    assert (told["running"], told["state"], told["url"], told["version"]) == (True, "up", url, 1)
    assert f"web              pid {told['children']['web']}" in run("status").stdout
    busy = run("up")
    assert busy.returncode == 1
    assert f"is in use by process {told['pid']} (" in busy.stderr
    assert "make down" in busy.stderr
    assert run("down").stdout == "Palmares is stopped.\n"
    assert running_in(folder) == []
    assert run("down").stdout == "Palmares was not running.\n"


def test_waiting_in_vain_says_what_for_and_leaves_it_running(folder: Path) -> None:
    run = Run(folder, **NO_SERVERS)
    late = run("up", "--detach", "--wait", "0.01")
    assert late.returncode == 1
    assert "still not ready after 0.01 s" in late.stderr
    assert run("up", "--detach").returncode == 0
    assert run("down").returncode == 0


def test_down_of_nothing_makes_no_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "Palmares was not running.\n"
    assert not here.exists()


def test_down_does_not_end_what_is_not_a_stack(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.mkdir()
    holder = Lock(here)
    holder.take()
    assert main(["down"]) == 1
    assert "The data folder is in use." in capsys.readouterr().err
    holder.give_back()


def test_a_file_in_place_of_the_data_folder_is_a_sentence(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text("")
    assert main(["up", "--detach"]) == 1
    assert f"File exists: '{here}'" in capsys.readouterr().err


def test_an_unknown_command_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sideways"])
    assert caught.value.code == 2
