"""Bundle -> sign-up -> join -> upload -> validated -> scored -> board, on the challenge's own 100 pairs, all real."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.conftest import ROOT

YAML = """
version: 2
slug: raim
title: RAIM
terms: terms.md
registration_auto_approve: true
pages: [{title: Overview, file: terms.md}]
tasks:
  - {index: 0, reference_data: truth.jsonl, scorer: {name: pairwise-explained}}
phases:
  - {index: 0, slug: main, name: Main, start: 2026-01-01, tasks: [0], max_submissions_per_day: 0, max_submissions: 0}
"""


@pytest.fixture(scope="module")
def people(stack, raim: Path, tmp_path_factory) -> dict[str, str]:
    """The competition applied from its bundle, and two participants who joined."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "competition.yaml").write_text(YAML)
    (folder / "terms.md").write_text("Be fair.")
    (folder / "truth.jsonl").write_bytes(raim.read_bytes())
    organizer = stack.person("olga", "organizer")
    assert "raim" in stack.palmares(organizer, "competition", "apply", folder, "--json")
    again = json.loads(stack.palmares(organizer, "competition", "apply", folder, "--json"))
    assert again["changes"] == []
    found = {"olga": organizer}
    for name in ("ada", "ben"):
        found[name] = stack.person(name)
        stack.palmares(found[name], "join", "raim", "--accept-terms")
    return found


def submission(raim: Path, target: Path, *, flip: int = 0, words: str = "") -> Path:
    """The experts' own rows in the challenge's form, the first `flip` answers turned, with words added to each."""
    rows = []
    for number, line in enumerate(raim.read_text().splitlines()):
        row = json.loads(line)
        solution = row["solution"]
        if number < flip:
            solution = re.sub(r"<answer>(.)", lambda found: "<answer>" + "BA"[found[1] == "B"], solution)
        solution = solution.replace("</thinking>", f" {words}</thinking>") if words else solution
        rows.append(json.dumps({"images": row["images"], "solution": solution}))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictions.jsonl", "\n".join(rows))
    return target


def test_the_whole_way(stack, people, raim, tmp_path):
    best = submission(raim, tmp_path / "best.zip")
    worse = submission(raim, tmp_path / "worse.zip", flip=40)
    ada = json.loads(stack.palmares(people["ada"], "submit", "raim/main", best, "--wait", "150", "--json"))
    ben = json.loads(stack.palmares(people["ben"], "submit", "raim/main", worse, "--wait", "150", "--json"))
    assert (ada["state"], ben["state"]) == ("scored", "scored")
    assert ada["scores"]["final"]["value"] == pytest.approx(1.0, abs=1e-4)  # "" stays in answers
    assert ben["scores"]["accuracy"]["value"] == 0.6
    assert ada["stamps"]["queued_at"] <= ada["stamps"]["validating_at"] <= ada["stamps"]["ready_at"]
    assert ada["stamps"]["scoring_at"] <= ada["stamps"]["finished_at"]

    board = json.loads(stack.palmares(people["ben"], "leaderboard", "raim/main", "--format", "json"))
    assert [(row["rank"], row["participant"]) for row in board["rows"]] == [(1, "ada"), (2, "ben")]
    csv = stack.palmares(people["ben"], "leaderboard", "raim/main", "--format", "csv")
    assert csv.splitlines()[1].startswith("1,ada,1.0,")
    assert [row["shown_rank"] for row in board["rows"]] == ["1", "2"], "the worker kept the values per item"
    told = json.loads(stack.palmares(people["ben"], "diff", ben["ref"], ada["ref"], "--json"))
    assert told["separable"]
    assert "items" not in told

    offline = json.loads(stack.palmares("", "score", worse, "--truth", raim, "--json"))
    with httpx2.Client(base_url=stack.url, headers={"Authorization": f"Bearer {people['ben']}"}) as client:
        online = client.get(f"/api/v1/submissions/{ben['ref']}/report").json()
    assert {key: offline[key] for key in online} == online, "the command line and the server must say the same numbers"


def test_the_examples_of_the_python_page_run(stack, people, raim, tmp_path):
    submission(raim, tmp_path / "predictions.zip", flip=7)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    env = {**stack.env, "PALMARES_URL": stack.url}
    said = ""
    for block in blocks:
        who = "olga" if "decide(" in block else "ada"
        code = block.replace("photo-pairs/development", "raim/main").replace("photo-pairs", "raim")
        code = code.replace("https://palmares.example.org", stack.url).replace("plm_…", people[who])
        told = {**env, "PALMARES_TOKEN": people[who]}
        done = subprocess.run([sys.executable, "-c", code], env=told, cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), f"{block}\n{done.stderr}"
        said += done.stdout
    assert len(blocks) == 4
    assert re.search(r"^scored 0\.\d+ \[", said, re.MULTILINE)
    assert "raim open" in said
    assert re.search(r"^1 ada 1\.0$", said, re.MULTILINE)
    assert "not_an_archive" in said or "file_invalid" in said
    assert "max_submissions_per_day', 'old': None, 'new': 5" in said
    stack.palmares(people["olga"], "competition", "set", "raim/main", "max_submissions_per_day=null")


def test_an_invalid_file_is_told_at_once_with_every_line(stack, people, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"id": "p_000", "answer": "C", "explanation": "x"}\nnot json\n{"id": "nobody", "answer": "A"}\n')
    said = json.loads(
        stack.palmares(people["ada"], "submit", "raim/main", file, "--no-check", "--wait", "60", "--json", code=3)
    )
    assert said["state"] == "invalid"
    assert {(finding["code"], finding["line"]) for finding in said["findings"]} >= {
        ("bad_answer", 1), ("invalid_json", 2), ("unknown_id", 3), ("missing_field", 3),
    }  # fmt: skip


def test_events_tell_each_state_and_end(stack, people, raim, tmp_path):
    file = submission(raim, tmp_path / "events.zip", flip=1)
    ref = json.loads(stack.palmares(people["ada"], "submit", "raim/main", file, "--json"))["ref"]
    states = []
    headers = {"Authorization": f"Bearer {people['ada']}"}
    with httpx2.stream("GET", f"{stack.url}/api/v1/submissions/{ref}/events", headers=headers, timeout=100) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                states.append(json.loads(line[5:])["state"])
    assert states[-1] == "scored"
    assert len(states) == len(set(states)) >= 1


def workers(stack, queue: str) -> list[psutil.Process]:
    """The parent process of this queue's worker and its pool's child."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        line = " ".join(process.info["cmdline"] or [])
        mine = (process.info["environ"] or {}).get("PALMARES_DATA_DIR") == str(stack.data_dir)
        if mine and f"-Q {queue} " in line:
            found.append(process)
    return sorted(found, key=lambda process: process.create_time())


@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_killed_scoring_worker_loses_nothing(stack, people, raim, tmp_path, victim):
    """Kill -9 in mid-score: the lease runs out, another attempt scores it once; the new child loads its model."""
    # Words that the model has not seen, so that judging takes a while.
    file = submission(raim, tmp_path / "killed.zip", flip=3, words=f"So it was with the {victim}.")
    headers = {"Authorization": f"Bearer {people['ben']}"}
    with httpx2.Client(base_url=f"{stack.url}/api/v1", headers=headers, timeout=20) as client:
        before = client.get("/competitions/raim/phases/main/leaderboard").json()
        entries = {row["participant"]: row["entries"] for row in before["rows"]}["ben"]
        parent, *children = workers(stack, "score")
        ref = json.loads(stack.palmares(people["ben"], "submit", "raim/main", file, "--json"))["ref"]
        deadline = time.monotonic() + 60
        while client.get(f"/submissions/{ref}").json()["state"] in ("queued", "validating", "ready"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for process in children if victim == "child" else [parent, *children]:
            os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 200
        while (now := client.get(f"/submissions/{ref}").json())["state"] not in ("scored", "failed", "invalid"):
            assert time.monotonic() < deadline, now
            time.sleep(0.3)
        assert now["state"] == "scored"
        assert now["attempt"] >= 3, "validated, killed, scored: it was killed in mid-score"
        after = client.get("/competitions/raim/phases/main/leaderboard").json()
    assert {row["participant"]: row["entries"] for row in after["rows"]}["ben"] == entries + 1
    assert len(workers(stack, "score")) >= 2, "the worker and its child live again"
