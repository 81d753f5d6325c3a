"""The GitHub Action: its step is run in a shell, as a runner would, against a server that answers like ours."""

import json
import os
import re
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


def step(
    server: Fake, folder: Path, job: dict[str, str] | None = None, **inputs: str
) -> tuple[int, dict[str, str], str]:
    """Run the step as a runner does, in a job with these variables; returns its exit code, outputs and job summary."""
    file = folder / "p.jsonl"
    file.write_text('{"id": "p", "answer": "A", "explanation": "sharper"}\n')
    given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
    given |= {"url": server.url, "token": "plm_x", "phase": "photos/dev", "file": str(file), "message": "a'b $(id)"}
    given |= inputs
    env = {name: given[text.split("inputs.")[1].rstrip(" }")] for name, text in SUBMIT["env"].items()}
    places = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**env, **places, **(job or {}), "CI": "true", "RUNNER_TEMP": str(folder), "PATH": path, "HOME": str(folder)}
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


def test_the_change_to_the_last_one_is_told_with_its_significance(server, tmp_path):
    mine = submission("scored", created_at="2026-11-23T10:00:00Z")
    last = submission("scored", ref="sub_last", created_at="2026-11-23T09:00:00Z")
    server.on("POST", "/competitions/photos/phases/dev/submissions", Answer(mine, status=202))
    server.on("GET", "/submissions", {"items": [mine, last], "next_cursor": None})
    final = {"a": 0.8123, "b": 0.77, "difference": 0.0423, "ci95": [0.01, 0.08], "p_value": 0.004}
    compared = {"a": mine["ref"], "b": "sub_last", "separable": True, "scores": {"final": final}}
    server.on("GET", "/submissions/sub_7h3k9q2m/comparison", compared)
    code, outputs, summary = step(server, tmp_path)
    assert (code, outputs["change"], outputs["significant"]) == (0, "0.0423", "true")
    assert (outputs["final-low"], outputs["final-high"]) == ("0.75", "0.87")
    assert outputs["page"] == f"{server.url}/submissions/sub_7h3k9q2m"
    assert "Change of `final` to `sub_last`: +0.0423 [+0.0100, +0.0800], significant (p = 0.004)." in summary
    assert "Rank 2 of 9." in summary


def test_without_a_token_the_job_signs_in_by_its_identity(server, tmp_path):
    server.on("GET", "/id-token", {"value": "header.claims.signature"})
    server.on("POST", "/auth/oidc", {"token": "plm_short", "id": "tok_1"})
    server.on("GET", "/me", {"username": "ada", "role": "participant"})
    server.on("GET", "/submissions/sub_7h3k9q2m/events", Answer({}, status=404))
    server.on("GET", "/submissions/sub_7h3k9q2m", submission("scored"))
    server.on("GET", "/submissions", {"items": [], "next_cursor": None})
    job = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/api/v1/id-token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    code, outputs, _ = step(server, tmp_path, job, token="")
    assert (code, outputs["state"]) == (0, "scored")
    (asked,) = server.asked("GET", "/id-token")
    assert asked.headers["Authorization"] == "bearer of-the-runner"
    assert asked.query == {"api-version": "2.0", "audience": server.url}
    (exchanged,) = server.asked("POST", "/auth/oidc")
    assert json.loads(exchanged.body) == {"token": "header.claims.signature"}
    assert "Authorization" not in exchanged.headers
    (sent,) = server.asked("POST", "/competitions/photos/phases/dev/submissions")
    assert sent.headers["Authorization"] == "Bearer plm_short"


def test_without_token_and_identity_it_says_what_the_job_lacks(server, tmp_path):
    code, outputs, _ = step(server, tmp_path, token="")
    assert (code, outputs["exit-code"], outputs["state"]) == (4, "4", "no_identity")
    assert server.seen == []


def test_an_invalid_file_fails_with_its_findings(server, tmp_path):
    (tmp_path / "bad.jsonl").write_text("nothing")
    code, outputs, summary = step(
        server,
        tmp_path,
        file=str(tmp_path / "bad.jsonl"),
        junit=str(tmp_path / "j.xml"),
        sarif=str(tmp_path / "s.json"),
    )
    assert (code, outputs["exit-code"], outputs["state"]) == (3, "3", "file_invalid")
    assert "bad.jsonl" in summary
    assert (tmp_path / "j.xml").exists()
    assert json.loads((tmp_path / "s.json").read_text())["runs"][0]["results"]


def test_inputs_reach_the_shell_as_variables_only():
    told = {text.split("outputs.")[1].rstrip(" }") for one in ACTION["outputs"].values() for text in [one["value"]]}
    assert told == set(ACTION["outputs"]) == set(re.findall(r'^ *"([a-z-]+)": ', SUBMIT["run"], re.MULTILINE))
    for one in (INSTALL, SUBMIT):
        assert "${{" not in one["run"]
    assert {text.split("inputs.")[1].rstrip(" }") for text in SUBMIT["env"].values()} == set(ACTION["inputs"])


def test_the_page_for_ci_uses_inputs_that_there_are_and_yaml_that_can_be_read():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
    github, gitlab = map(yaml.safe_load, blocks)
    uses = [one for one in github["jobs"]["submit"]["steps"] if "actions/submit" in one["uses"]]
    assert [set(one["with"]) - set(ACTION["inputs"]) for one in uses] == [set()]
    assert "PALMARES_ID_TOKEN" in gitlab["submit"]["id_tokens"]
