"""The GitHub Action: its step is run in a shell, as a runner would, against a server that answers like ours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.client.server import Answer, Fake, submission
from tests.conftest import ROOT

ACTION = yaml.safe_load((ROOT / ".github" / "actions" / "submit" / "action.yml").read_text())
INSTALL, SUBMIT = ACTION["runs"]["steps"]


@pytest.fixture
def server() -> Iterator[Fake]:
    made = Fake()
    made.on("POST", "/competitions/photos/phases/dev/submissions", Answer(submission(), status=202))
    yield made
    made.stop()


def step(server: Fake, folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """Run the step as a runner does; returns its exit code, outputs and job summary."""
    file = folder / "p.jsonl"
    file.write_text('{"id": "p", "answer": "A", "explanation": "sharper"}\n')
    given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
    given |= {"url": server.url, "token": "plm_x", "phase": "photos/dev", "file": str(file), "message": "a'b $(id)"}
    given |= inputs
    env = {name: given[text.split("inputs.")[1].rstrip(" }")] for name, text in SUBMIT["env"].items()}
    places = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**env, **places, "RUNNER_TEMP": str(folder), "PATH": path, "HOME": str(folder)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SUBMIT["run"]]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=folder)
    outputs = dict(line.split("=", 1) for line in Path(places["GITHUB_OUTPUT"]).read_text().splitlines())
    summary = Path(places["GITHUB_STEP_SUMMARY"])
    return done.returncode, outputs, summary.read_text() if summary.exists() else ""


def test_a_score_passes_and_sets_outputs(server, tmp_path):
    server.on("GET", "/submissions/sub_7h3k9q2m/events", Answer({}, status=404))
    server.on("GET", "/submissions/sub_7h3k9q2m", submission("scored"))
    server.on("GET", "/submissions", {"items": [], "next_cursor": None})
    code, outputs, summary = step(server, tmp_path, **{"fail-under": "final=0.5\naccuracy=0.5\n"})
    assert (code, outputs["state"], outputs["final"], outputs["rank"]) == (0, "scored", "0.8123", "2")
    assert "| final | 0.8123 |" in summary
    (sent,) = server.asked("POST", "/competitions/photos/phases/dev/submissions")
    assert sent.headers["X-Message"] == "a%27b%20%24%28id%29"
    code, outputs, summary = step(server, tmp_path, **{"fail-under": "final=0.9"})
    assert (code, outputs["exit-code"]) == (9, "9")
    assert "Below the threshold" in summary


def test_an_invalid_file_fails_with_its_findings(server, tmp_path):
    (tmp_path / "bad.jsonl").write_text("nothing")
    code, outputs, summary = step(server, tmp_path, file=str(tmp_path / "bad.jsonl"), junit=str(tmp_path / "j.xml"))
    assert (code, outputs["exit-code"], outputs["state"]) == (3, "3", "file_invalid")
    assert "bad.jsonl" in summary
    assert (tmp_path / "j.xml").exists()


def test_inputs_reach_the_shell_as_variables_only():
    for one in (INSTALL, SUBMIT):
        assert "${{" not in one["run"]
    assert {text.split("inputs.")[1].rstrip(" }") for text in SUBMIT["env"].values()} == set(ACTION["inputs"])
