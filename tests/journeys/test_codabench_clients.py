"""CodaBench's own clients, unchanged, against the whole stack; and 50 jobs at once on a line that keeps breaking."""

import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx2
import pytest

from tests.conftest import ROOT

CODABENCH = Path(sys.executable).with_name("codabench")
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def password(stack) -> str:
    """The password of olga, who may make competitions, and of ada."""
    told = secrets.token_urlsafe(12)
    for name in ("olga", "ada"):
        given = {"username": name, "email": f"{name}@example.org", "password": told}
        httpx2.post(f"{stack.url}/api/v1/auth/signup", json=given, timeout=60).raise_for_status()
    stack.python("-m", "app.accounts", "role", "olga", "organizer")
    return told


@pytest.fixture(scope="module")
def codabench(stack, password):
    """Runs the `codabench` command of the package codabench-client as somebody; its output."""

    def run(who: str, *words: object, code: int = 0) -> str:
        env = {**os.environ, "CODABENCH_URL": stack.url, "CODABENCH_USERNAME": who, "CODABENCH_PASSWORD": password}
        line = [CODABENCH, *map(str, words)]
        done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=200)
        assert done.returncode == code, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return run


def packed(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return target


@pytest.fixture(scope="module")
def made(stack, codabench, tmp_path_factory) -> dict:
    """The example competition, made by the client from its bundle, as the API tells it; ada has joined."""
    bundle = packed(EXAMPLES / "photo-pairs", tmp_path_factory.mktemp("bundle") / "bundle.zip")
    assert "competition created: id=" in codabench("olga", "create", "-b", bundle, "--interval", 1)
    [line] = httpx2.get(f"{stack.url}/api/competitions/").json()
    return httpx2.get(f"{stack.url}/api/competitions/{line['id']}/").json()


def token_of(stack, password: str, name: str) -> dict[str, str]:
    told = httpx2.post(f"{stack.url}/api/api-token-auth/", data={"username": name, "password": password}, timeout=60)
    return {"Authorization": f"Token {told.json()['token']}"}


def test_the_client_of_codabench_goes_its_whole_way(stack, codabench, made, password, tmp_path):
    phase = made["leaderboards"][0]["id"]
    assert made["title"] in codabench("ada", "competitions", "--search", "photo")
    refused = codabench("ada", "submit", made["id"], "-z", EXAMPLES / "submissions" / "strong.zip", code=1)
    assert "join" in refused.lower()
    headers = token_of(stack, password, "ada")
    joined = httpx2.post(f"{stack.url}/api/competitions/{made['id']}/register/", headers=headers)
    assert joined.json() == {"participant_status": "approved"}
    outputs = tmp_path / "outputs"
    said = codabench(
        "ada", "submit", made["id"], "-z", EXAMPLES / "submissions" / "strong.zip", "--wait", "--interval", 1,
        "--results-json", tmp_path / "results.json", "--download-dir", outputs,
    )  # fmt: skip
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["status"] == "Finished"
    assert found["primary"]["score"] == found["metrics"]["Final"] > 0.7, said
    folder = outputs / str(found["submission_id"])
    scores = json.loads((folder / "scoring" / "scores.json").read_text())
    assert scores["final"] == pytest.approx(found["metrics"]["Final"], abs=1e-9)
    with zipfile.ZipFile(EXAMPLES / "submissions" / "strong.zip") as sent:
        assert all((folder / "submission" / name).read_bytes() == sent.read(name) for name in sent.namelist())
    shown = codabench("ada", "show", made["id"])
    assert f"current best   : {found['primary']['score']:.5f} by ada" in shown
    assert "used: 1" in shown
    files = codabench("ada", "files", made["id"], "-o", tmp_path / "files")
    assert "starting_kit" in files
    assert "4/4 file(s)" in files
    assert str(found["submission_id"]) in codabench("ada", "outputs", "-p", phase, "--list")
    task = made["phases"][0]["tasks"][0]["key"]
    assert task in codabench("ada", "rerun", "-s", found["submission_id"])
    assert "-> new submission" in codabench("ada", "rerun", "-s", found["submission_id"], "-t", task)


def test_an_invalid_file_and_a_wrong_password_are_told(codabench, made, password, tmp_path):
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("predictions.jsonl", '{"id": "p_000", "answer": "C", "explanation": "x"}\n')
    said = codabench("ada", "submit", made["id"], "-z", bad, "--wait", "--interval", 1, "--download-dir", tmp_path)
    assert "(Failed)" in said
    (tmp_path / "none.zip").write_bytes(b"no zip")
    assert "not_an_archive" in codabench("ada", "submit", made["id"], "-z", tmp_path / "none.zip", code=1)
    assert "login failed" in codabench("nobody", "submit", made["id"], "-z", bad, code=1)


def test_the_way_of_codabench_mcp(stack, made, password, tmp_path):
    """Its calls: JSON, a PUT without a content type, no redirects, other names of the same doors."""
    whole = (EXAMPLES / "submissions" / "strong.zip").read_bytes()
    phase = made["leaderboards"][0]["id"]
    with httpx2.Client(base_url=stack.url, headers=token_of(stack, password, "ada"), timeout=60) as client:
        record = client.post("/api/data/", json={"type": "submission", "file_size": len(whole), "filename": "a.zip"})
        request = httpx2.Request("PUT", record.json()["sassy_url"], content=whole)
        request.headers.pop("content-type", None)
        with httpx2.Client() as plain:
            assert plain.send(request).status_code == 200
        assert client.put(f"/api/data/upload_completed/{record.json()['key']}/").status_code == 200
        sent = client.post("/api/submissions/", json={"data": record.json()["key"], "phase": phase}).json()
        listed = client.get("/api/submissions/", params={"mine": "true", "page_size": 20, "page": 1, "phase": phase})
        assert sent["id"] in [one["id"] for one in listed.json()["results"]]
        kit = made["phases"][0]["starting_kit"]["key"]
        assert client.get(f"/api/datasets/{kit}/download/").status_code == 200
        assert client.get("/api/leaderboards/", params={"phase": phase}).json()[0]["submissions"]
        assert client.get("/api/phases/", params={"competition": made["id"], "page": 1}).json()["count"] == 2


class BreakingLine:
    """A TCP line to the server that is cut at a random byte, most often; seeded."""

    def __init__(self, port: int, seed: int) -> None:
        self.port, self.random, self.cuts = port, Random(seed), 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.lock = threading.Lock()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                near = self.listening.accept()[0]
            except OSError:
                return
            with self.lock:
                cuts = [self.random.randint(0, most) if self.random.random() < 0.6 else None for most in (6000, 1500)]
            far = socket.create_connection(("127.0.0.1", self.port))
            for pair, budget in (((near, far), cuts[0]), ((far, near), cuts[1])):
                threading.Thread(target=self._pass, args=(*pair, budget), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, budget: int | None) -> None:
        try:
            while chunk := source.recv(2000):
                if budget is not None and len(chunk) >= budget:
                    target.sendall(chunk[:budget])
                    with self.lock:
                        self.cuts += 1
                    break
                budget = None if budget is None else budget - len(chunk)
                target.sendall(chunk)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listening.close()


def test_fifty_jobs_on_a_breaking_line_make_one_submission_each(stack, made, password):
    """Each job sends its file again, under its key, until an answer comes through."""
    headers = token_of(stack, password, "ada")
    place = "/api/v1/competitions/photo-pairs/phases/development"
    before = submissions(stack, headers, place)
    olga = token_of(stack, password, "olga")["Authorization"].removeprefix("Token ")
    for limit in ("max_submissions_per_day", "max_submissions"):
        stack.palmares(olga, "competition", "set", "photo-pairs/development", f"{limit}=null")
    line = BreakingLine(int(stack.url.rpartition(":")[2]), seed=7)
    bearer = {"Authorization": headers["Authorization"].replace("Token", "Bearer")}

    def job(number: int) -> str:
        words = " ".join(f"job {number} sees noise" for _ in range(200))
        content = json.dumps({"id": "p_000", "answer": "A", "explanation": words}).encode()
        for _ in range(60):
            try:
                answer = httpx2.post(
                    f"{line.url}{place}/submissions",
                    content=content,
                    headers=bearer | {"Idempotency-Key": f"job-{number}", "X-Filename": "predictions.jsonl"},
                    timeout=30,
                )
            except (httpx2.HTTPError, OSError):
                continue
            if answer.status_code == 202:
                return answer.json()["ref"]
            assert answer.status_code == 422, answer.text  # it was cut on its way there
        raise AssertionError(f"job {number} never got an answer")

    try:
        with ThreadPoolExecutor(50) as pool:
            refs = list(pool.map(job, range(50)))
    finally:
        line.close()
    assert line.cuts >= 50
    assert len(set(refs)) == 50
    assert submissions(stack, headers, place) - before == set(refs)


def submissions(stack, headers: dict[str, str], place: str) -> set[str]:
    """The refs of all submissions of this person to the phase."""
    bearer = {"Authorization": headers["Authorization"].replace("Token", "Bearer")}
    told = httpx2.get(f"{stack.url}{place}/submissions", params={"limit": 200}, headers=bearer, timeout=60)
    return {one["ref"] for one in told.json()["items"]}
