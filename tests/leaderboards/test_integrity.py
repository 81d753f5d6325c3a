"""Radar and fingerprints over HTTP: planted evidence is found in stored files, and only organizers may read it."""

import json
import random

import pytest
from sqlalchemy import func, select, update

from app import storage
from app.competitions.models import Participation
from app.leaderboards import integrity, service
from app.submissions.models import Evaluation

ITEMS = [f"p_{number:03d}" for number in range(40)]
PATH = "/api/v1/competitions/pairs/phases/main/{}"


def entry(session, world, right: list[bool], text: str, content: bytes, silent: int | None = None):
    """A scored entrant with these right choices, whose explanations all begin with `text`."""
    who = world.entrant()
    submission = world.submit(who, content=content)
    said = [place for place in range(len(ITEMS)) if place != silent]
    items = [
        {"item_id": name, "category": None, "answer_correct": hit and place != silent, "explanation": 0.5, "final": 1.0,
         "claims": {"reference": [{"about": "face noise", "verdict": "matched" if hit else "contradicted"}]}}
        for place, (name, hit) in enumerate(zip(ITEMS, right, strict=True))
    ]  # fmt: skip
    answers = [{"id": ITEMS[place], "answer": "A", "explanation": f"{text} {place}"} for place in said]
    share = sum(right) / len(right)
    one = {"value": share, "ci95": [0.0, 1.0]}
    files = [storage.put("".join(json.dumps(row) + "\n" for row in rows).encode()) for rows in (items, answers)]
    values = {
        "state": "scored", "final": share, "finished_at": func.clock_timestamp(),
        "report": {"final": one, "accuracy": one, "explanation": one},
        "items_sha256": files[0], "answers_sha256": files[1],
    }  # fmt: skip
    session.execute(update(Evaluation).where(Evaluation.id == submission.evaluation.id).values(**values))
    service.place(session, submission.evaluation.id)
    session.flush()
    return who


@pytest.fixture
def board(session, world):
    """Twenty entrants; the label of the first item is wrong, and the last two sent the same answers."""
    world.phase.truth.item_ids = ITEMS
    chance, people = random.Random(3), []
    for number in range(20):
        right = [chance.random() < 0.95 - number / 60 for _ in ITEMS]
        right[0] = number > 15
        text = "".join(chance.choices("abcdefghijklmnop", k=50))
        people.append(entry(session, world, right, text, str(number).encode(), silent=1 if number == 0 else None))
    for number in (20, 21):
        people.append(entry(session, world, right, "the very same words in all of them", f"file{number}".encode()))
    session.commit()
    session.expire_all()
    return people


def ask(client, world, what, who=None):
    return client.get(PATH.format(what), headers=world.token(who or world.organizer))


def test_a_wrong_label_is_the_first_of_the_radar(client, world, board):
    found = ask(client, world, "radar").json()
    assert (found["version"], found["entries"], found["left_out"], found["note"]) == (1, 22, 0, "")
    first, *others = found["items"]
    assert (first["item_id"], first["flagged"], first["strong_against"], first["contradicting"]) == (
        "p_000", True, 7, 7,
    )  # fmt: skip
    assert found["flagged"] == 1
    assert len(others) == 39
    assert "proof" in found["caveat"]


def test_the_same_answers_in_two_files_are_told_unless_one_team_sent_them(client, session, world, board):
    pair = ask(client, world, "fingerprints").json()["pairs"][0]
    names = sorted(who.username for who in board[-2:])
    assert (sorted([pair["a"], pair["b"]]), pair["same_answers"], pair["same_file"]) == (names, True, False)
    assert pair["alike_texts"] == 1.0
    assert pair["ref_a"].startswith("sub_")
    from app.competitions.models import Team

    ids = [who.account_id for who in board[-2:]]
    mine = list(session.scalars(select(Participation).where(Participation.account_id.in_(ids))))
    team = Team(ref="team_x", competition_id=world.competition.id, name="Two", lead_id=mine[0].id)
    session.add(team)
    session.flush()
    for one in mine:
        one.team_id = team.id
    session.commit()
    found = ask(client, world, "fingerprints").json()
    assert not any(sorted([one["a"], one["b"]]) == names for one in found["pairs"])


def test_what_is_bounded_is_said(client, world, board, monkeypatch):
    monkeypatch.setattr(integrity, "ENTRIES", 6)
    found = ask(client, world, "radar").json()
    assert (found["entries"], found["left_out"], found["note"]) == (6, 16, "The 16 lowest entries were left out.")


@pytest.mark.parametrize("what", ["radar", "fingerprints"])
def test_only_its_organizers_may_read_and_an_empty_phase_says_so(client, world, what):
    assert client.get(PATH.format(what)).json()["code"] == "not_signed_in"
    assert ask(client, world, what, world.entrant()).json()["code"] == "not_allowed"
    stranger = ask(client, world, what, world.person("other", "organizer"))
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_allowed")
    found = ask(client, world, what).json()
    assert (found["entries"], found["flagged"]) == (0, 0)
    assert found["note"].startswith("0 entries count so far")
