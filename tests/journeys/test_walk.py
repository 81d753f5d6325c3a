"""The walk of docs/organizers.md: every command in its order, against the whole stack, with people who take part."""

import contextlib
import csv
import io
import json
import random
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2

from app.client import main
from tests.conftest import ROOT
from tests.test_docs import blocks, shell_commands

TITLE = "\n## One challenge, from announcement to archive\n"
PAIRS, WRONG = 12, 3
CROWD = ("ada", "ben", "kay", "dee", "eve", "gus")
TOPICS = ("Hair Sharpness", "Skin Texture", "Sky Noise", "Colour Cast", "Edge Halos", "Text Legibility")
PLACES = ("left half", "background", "face", "foreground", "upper corner", "roof line", "lettering", "hands")
TERMINAL = {"scored", "invalid", "failed", "cancelled"}


def steps() -> Iterator[tuple[str, str]]:
    """Heading and text of each step."""
    section = (ROOT / "docs" / "organizers.md").read_text().partition(TITLE)[2].partition("\n## ")[0]
    for step in section.split("\n### ")[1:]:
        heading, _, text = step.partition("\n")
        yield heading, text


def truth(seed: int) -> list[dict[str, str]]:
    chance = random.Random(seed)
    rows = []
    for number in range(PAIRS):
        best = chance.choice("AB")
        topic, place, other = chance.choice(TOPICS), chance.choice(PLACES), chance.choice(PLACES)
        worse = "AB"[best == "A"]
        said = f"{topic}: Image {best} keeps more detail in the {place}; Image {worse} is blurred at the {other}."
        rows.append({"id": f"p_{number:03d}", "answer": best, "explanation": said})
    return rows


def turned(row: dict[str, str]) -> dict[str, str]:
    return {**row, "answer": "AB"[row["answer"] == "A"]}


def jsonl(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Walk:
    """The organizer's commands in this process, and the others over HTTP; one method for what happens before a step."""

    def __init__(self, stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.organizer = stack.person("olga", "organizer")
        self.tokens = {name: stack.person(name) for name in (*CROWD, "fay", "starter", "grace")}
        self.truths = {"validation": truth(1), "final-test": truth(2)}
        self.last = ""

    def ask(self, who: str, method: str, path: str, code: int | None = None, **given) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.tokens.get(who, self.organizer)}", **given.pop("headers", {})}
        answer = httpx2.request(method, f"{self.stack.url}/api/v1{path}", headers=headers, timeout=60, **given)
        assert answer.status_code == code if code else answer.is_success, answer.text
        return answer

    def submit(self, who: str, phase: str, skill: float, code: int = 202) -> str:
        chance = random.Random(f"{who} {phase}")
        rows = [row if chance.random() < skill else turned(row) for row in self.truths[phase]]
        path = f"/competitions/raim/phases/{phase}/submissions"
        sent = self.ask(who, "POST", path, code, content=jsonl(rows), headers={"X-Filename": f"{who}.jsonl"})
        return sent.json().get("ref", sent.json().get("code"))

    def settle(self, phase: str) -> None:
        deadline = time.monotonic() + 100
        while True:
            items = self.ask("olga", "GET", f"/competitions/raim/phases/{phase}/submissions?limit=200").json()["items"]
            if all(one["state"] in TERMINAL for one in items):
                assert {one["state"] for one in items} == {"scored"}
                return
            assert time.monotonic() < deadline, [one["state"] for one in items]
            time.sleep(0.2)

    def board(self, who: str, phase: str) -> list[dict]:
        return self.ask(who, "GET", f"/competitions/raim/phases/{phase}/leaderboard").json()["rows"]

    def run(self, words: list[str], target: str | None) -> None:
        """One command of the page, as the organizer."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
            code = main.run([{"sub_7h3k9q2m": self.last}.get(word, word) for word in words])
        assert code == 0, f"palmares {' '.join(words)} ended with {code}:\n{err.getvalue()}"
        assert out.getvalue(), words
        if target is not None:
            Path(target).write_text(out.getvalue())

    def give_truths(self) -> None:
        """The files that the bundle names; one label is wrong at first."""
        given = {**self.truths, "validation": [*self.truths["validation"]]}
        given["validation"][WRONG] = turned(given["validation"][WRONG])
        for name, rows in given.items():
            Path(f"raim/truth/{name}.jsonl").write_bytes(jsonl(rows))

    def before_1(self) -> None:
        assert not Path("raim").exists()

    def before_2(self) -> None:
        for name in (*CROWD, "fay", "starter"):
            assert (
                self.ask(name, "POST", "/competitions/raim/join", json={"accept_terms": True}).json()["status"]
                == "pending"
            )
        Path("raim/pages/terms.md").write_text("One account for each person.\n")

    def before_3(self) -> None:
        assert self.submit("ada", "validation", 0.5, 403) == "terms_changed"
        Path("news.md").write_text("**News.** Good luck.\n")
        for name in (*CROWD, "fay", "starter"):
            self.ask(name, "POST", "/competitions/raim/join", json={"accept_terms": True})

    def before_4(self) -> None:
        Path("corrected.jsonl").write_bytes(jsonl(self.truths["validation"]))
        for number, name in enumerate((*CROWD, "starter")):
            self.submit(name, "validation", 1 - number / 10)
        self.settle("validation")
        assert self.board("ada", "validation")[0]["scores"]["final"]["value"] < 0.999

    def before_5(self) -> None:
        first = self.board("ada", "validation")[0]
        assert (first["participant"], first["scores"]["accuracy"]["value"]) == ("ada", 1.0)
        made = self.ask("ada", "POST", "/competitions/raim/teams", json={"name": "=Pixels"}).json()
        asked = self.ask("ada", "POST", f"/competitions/raim/teams/{made['ref']}/invitations", json={"username": "ben"})
        self.ask("ben", "POST", f"/invitations/{asked.json()['ref']}/accept")

    def before_6(self) -> None:
        assert self.submit("ada", "final-test", 1, 409) == "phase_not_open"

    def before_7(self) -> None:
        assert self.submit("fay", "final-test", 1, 409) == "gate_not_passed"
        self.settle("final-test")
        assert len(self.board("ada", "final-test")) == 6  # carried: the team, four alone, the baseline
        for number, name in enumerate(CROWD[1:]):
            self.submit(name, "final-test", 1 - number / 10)
        self.settle("final-test")

    def before_8(self) -> None:
        self.last = self.submit("gus", "final-test", 1)  # behind the frozen board, and like ben's
        self.settle("final-test")
        assert self.board("ada", "final-test")[0]["participant"] == "=Pixels"
        assert [row["participant"] for row in self.board("olga", "final-test")[:2]] == ["=Pixels", "gus"]

    def before_9(self) -> None:
        assert {row["ref"] for row in self.board("olga", "final-test")}.isdisjoint({self.last})
        Path("results.md").write_text("Thank you.\n")

    def before_10(self) -> None:
        refs = [[row["ref"] for row in self.board(who, "final-test")] for who in ("ada", "olga")]
        assert refs[0] == refs[1]

    def after(self) -> None:
        archive = zipfile.ZipFile("raim-2026.zip")
        overall = archive.read("public/overall.csv").decode()
        assert overall == httpx2.get(f"{self.stack.url}/api/v1/competitions/raim/leaderboard.csv").text
        assert next(csv.DictReader(io.StringIO(overall)))["participant"] == "'=Pixels"
        told = [json.loads(line)["action"] for line in archive.read("organizers/audit.jsonl").splitlines()]
        assert {"rescore.applied", "phase.carried", "submission.disqualified", "competition.archived"} <= set(told)
        assert "organizers/truth/validation-2.jsonl" in archive.namelist()
        assert sum(name.endswith("/submission.json") for name in archive.namelist()) == 7 + 6 + 5 + 1
        assert Path("raim-2027/competition.yaml").exists()


def test_every_command_of_the_walk_works_in_its_order(stack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    walk = Walk(stack, tmp_path)
    monkeypatch.setenv("PALMARES_URL", stack.url)
    monkeypatch.setenv("PALMARES_TOKEN", walk.organizer)
    for heading, text in steps():
        number = re.match(r"\d+", heading)[0]
        getattr(walk, f"before_{number}")()
        for kind, content in blocks(text):
            if kind == "yaml":
                Path("raim/competition.yaml").write_text(content)
                walk.give_truths()
            for words, target in shell_commands(content) if kind == "sh" else ():
                walk.run(words, target)
    walk.after()
