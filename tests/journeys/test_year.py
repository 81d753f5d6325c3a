"""The challenge's year, small: 20 participants, 250 submissions, two phases, one truth mended in the middle.

Everything is real: HTTP, Celery workers with the model, beat, PostgreSQL. In the end every submission has one terminal
state, limits held, and the boards equal their recomputation.
"""

import io
import json
import random
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

TEAMS, FIRST, MIDDLE, LAST = 20, 130, 20, 80
PAIRS = 12
YAML = """
version: 2
slug: year
title: The year
terms: terms.md
registration_auto_approve: true
overall: {{key: final}}
pages: [{{title: Overview, file: terms.md}}]
tasks:
  - {{index: 0, reference_data: one.jsonl, scorer: &scorer {{name: pairwise-explained}}}}
  - {{index: 1, reference_data: two.jsonl, scorer: *scorer}}
phases:
  - {{index: 0, slug: validation, name: Validation, start: 2026-01-01, tasks: [0], max_submissions_per_day: {many},
     max_submissions: {many}}}
  - {{index: 1, slug: final, name: Final, start: 2099-01-01, tasks: [1], max_submissions_per_day: {few},
     max_submissions: {few}, carry_from: validation, gate: validation}}
"""
MANY, FEW = 10, 4
TERMINAL = {"scored", "invalid", "failed", "cancelled"}


def truth(raim: Path, first: int) -> list[dict[str, str]]:
    """Twelve of the public pairs in the plain form; both phases call theirs by the same ids, as the challenge did."""
    rows = []
    for number, line in enumerate(raim.read_text().splitlines()[first : first + PAIRS]):
        solution = json.loads(line)["solution"]
        answer = solution.rpartition("<answer>")[2][:1]
        explanation = solution.partition("<thinking>")[2].partition("</thinking>")[0].strip()
        rows.append({"id": f"p_{number:03d}", "answer": answer, "explanation": explanation})
    return rows


def jsonl(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def attempt(chance: random.Random, rows: list[dict[str, str]], skill: float) -> bytes:
    """A submission's zip: right choices by skill, and reasons from the right pair or from another one."""
    made = []
    for row in rows:
        right = chance.random() < skill
        source = row if chance.random() < skill else chance.choice(rows)
        made.append(
            {
                "id": row["id"],
                "answer": row["answer"] if right else "AB"[row["answer"] == "A"],
                "explanation": source["explanation"],
            }
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("predictions.jsonl", jsonl(made) if chance.random() < 0.95 else b"not json")
    return packed.getvalue()


class Year:
    """The competition and its people over HTTP."""

    def __init__(self, stack, folder: Path, raim: Path) -> None:
        self.stack, self.chance = stack, random.Random(2026)
        self.truths = {"validation": truth(raim, 0), "final": truth(raim, 40)}
        # Two answers of the first truth are wrong at first, as in life.
        self.wrong = [{**row} for row in self.truths["validation"]]
        for row in self.wrong[:2]:
            row["answer"] = "AB"[row["answer"] == "A"]
        (folder / "competition.yaml").write_text(YAML.format(many=MANY, few=FEW))
        (folder / "terms.md").write_text("Be fair.")
        (folder / "one.jsonl").write_bytes(jsonl(self.wrong))
        (folder / "two.jsonl").write_bytes(jsonl(self.truths["final"]))
        self.organizer = stack.person("olga", "organizer")
        stack.palmares(self.organizer, "competition", "apply", folder)
        self.tokens = {f"team{number:02d}": stack.person(f"team{number:02d}") for number in range(TEAMS)}
        self.skill = {name: 0.45 + 0.5 * number / TEAMS for number, name in enumerate(self.tokens)}
        self.accepted: dict[str, list[str]] = {"validation": [], "final": []}
        for token in self.tokens.values():
            self.ask(token, "POST", "/competitions/year/join", json={"accept_terms": True})

    def ask(self, token: str, method: str, path: str, status: int | None = None, **given) -> httpx2.Response:
        with httpx2.Client(base_url=f"{self.stack.url}/api/v1", timeout=60) as client:
            answer = client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **given)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer

    def submit(self, phase: str, count: int) -> None:
        """So many submissions by everybody in turn, eight at a time; a limit that is reached is taken for an answer."""
        names = [list(self.tokens)[number % TEAMS] for number in range(count)]
        files = [attempt(self.chance, self.truths[phase], self.skill[name]) for name in names]

        def send(name: str, content: bytes) -> str | None:
            path = f"/api/v1/competitions/year/phases/{phase}/submissions"
            headers = {"Authorization": f"Bearer {self.tokens[name]}", "Content-Type": "application/zip"}
            answer = httpx2.post(self.stack.url + path, headers=headers, content=content, timeout=60)
            assert answer.status_code in (202, 429), answer.text
            return answer.json()["ref"] if answer.status_code == 202 else None

        with ThreadPoolExecutor(8) as pool:
            self.accepted[phase] += [ref for ref in pool.map(send, names, files) if ref]

    def everything(self, phase: str) -> list[dict]:
        """All submissions of a phase, as its organizer sees them."""
        items, cursor = [], ""
        while True:
            path = f"/competitions/year/phases/{phase}/submissions?limit=200&cursor={cursor}"
            page = self.ask(self.organizer, "GET", path).json()
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items

    def settle(self, phase: str, least: int) -> list[dict]:
        """Wait until all of at least so many are terminal."""
        deadline = time.monotonic() + 400
        while True:
            found = self.everything(phase)
            if len(found) >= least and all(one["state"] in TERMINAL for one in found):
                return found
            assert time.monotonic() < deadline, [one["state"] for one in found]
            time.sleep(0.5)

    def board(self, phase: str) -> dict:
        return self.ask(self.organizer, "GET", f"/competitions/year/phases/{phase}/leaderboard").json()

    def rebuilt(self, phase: str) -> bool:
        """Whether the phase's standings equal those made anew from its evaluations."""
        code = (
            "from sqlalchemy import select\n"
            "from app.db import Session\n"
            "from app.competitions.service import phase_of\n"
            "from app.leaderboards.models import Standing\n"
            "from app.leaderboards.service import rebuild\n"
            "with Session() as session:\n"
            f"    phase = phase_of(session, 'year', '{phase}')\n"
            "    of = select(Standing.board, Standing.participation_id, Standing.slot, Standing.evaluation_id,\n"
            "        Standing.sort_keys, Standing.submitted_at, Standing.entries)\n"
            "    of = of.where(Standing.phase_id == phase.id).order_by(*of.selected_columns)\n"
            "    before = session.execute(of).all()\n"
            "    rebuild(session, phase.id)\n"
            "    print(bool(before) and session.execute(of).all() == before)\n"
        )
        return self.stack.python("-c", code).strip() == "True"


@pytest.fixture(scope="module")
def year(stack, raim: Path, tmp_path_factory) -> Year:
    return Year(stack, tmp_path_factory.mktemp("year"), raim)


def test_the_first_phase_with_a_truth_mended_in_the_middle(year, tmp_path):
    year.submit("validation", FIRST)
    found = year.settle("validation", FIRST)
    assert len(found) == len(year.accepted["validation"]) == FIRST
    before = year.board("validation")
    mended = tmp_path / "mended.jsonl"
    mended.write_bytes(jsonl(year.truths["validation"]))
    preview = ("rescore", "year/validation", "--preview")
    year.stack.palmares(year.organizer, *preview, "--truth", mended, "--reason", "two slips", "--wait", "0")
    year.submit("validation", MIDDLE)
    year.settle("validation", FIRST + MIDDLE)
    told = json.loads(year.stack.palmares(year.organizer, *preview, "--json"))
    assert (told["remaining"], told["failed"], told["moves"]["complete"]) == (0, 0, True)
    untouched = {row["ref"]: row["scores"]["final"]["value"] for row in before["rows"]}
    still = {row["ref"]: row["scores"]["final"]["value"] for row in year.board("validation")["rows"]}
    assert all(still[ref] == untouched[ref] for ref in still.keys() & untouched.keys()), "a preview changes nothing"
    year.stack.palmares(year.organizer, "rescore", "year/validation", "--apply")
    after = year.board("validation")
    assert {row["ref"]: row["scores"] for row in after["rows"]} != {row["ref"]: row["scores"] for row in before["rows"]}
    assert year.rebuilt("validation")
    counting = next(row for row in after["rows"])
    told = year.ask(year.organizer, "GET", f"/submissions/{counting['ref']}").json()
    assert [one["reason"] for one in told["history"]] == ["two slips", ""]
    scored = [one for one in year.everything("validation") if one["state"] == "scored"]
    assert all(one["history"][0]["truth_version"] == 2 for one in scored)


def test_the_second_phase_takes_over_what_counts_and_keeps_its_limit(year):
    year.stack.palmares(year.organizer, "phase", "close", "year/validation")
    entrants = len(year.board("validation")["rows"])
    year.stack.palmares(year.organizer, "phase", "open", "year/final")
    carried = year.settle("final", entrants)
    assert len(carried) == entrants, "each participant's counting submission, once"
    year.submit("final", LAST + TEAMS)
    found = year.settle("final", entrants + len(year.accepted["final"]))
    assert len(found) == entrants + len(year.accepted["final"])
    for name, token in year.tokens.items():
        limits = year.ask(token, "GET", "/competitions/year/phases/final/limits").json()
        own = [one for one in found if one["participant"] == name and one["ref"] in year.accepted["final"]]
        counted = [one for one in own if one["state"] == "scored"]
        assert len(counted) <= FEW
        assert limits["total"]["used"] == len(counted)
    assert year.rebuilt("final")


def test_the_overall_board_is_the_mean_of_the_phases(year):
    year.stack.palmares(year.organizer, "phase", "close", "year/final")
    boards = [year.board(phase)["rows"] for phase in ("validation", "final")]
    finals = [{row["participant"]: row["scores"]["final"]["value"] for row in rows} for rows in boards]
    overall = year.ask(year.organizer, "GET", "/competitions/year/leaderboard").json()
    assert len(overall["rows"]) == TEAMS
    for row in overall["rows"]:
        name = row["participant"]
        mean = sum(one.get(name, 0) for one in finals) / 2
        assert row["value"] == pytest.approx(mean, abs=1e-9)
    assert [row["rank"] for row in overall["rows"]] == sorted(row["rank"] for row in overall["rows"])
    assert len(year.everything("validation")) + len(year.everything("final")) >= 230
