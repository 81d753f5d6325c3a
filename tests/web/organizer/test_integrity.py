"""Evidence is shown with the sentence that it is for people, and with hostile names as text."""

import pytest

from app.leaderboards import routes as boards
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize/integrity"
ITEM = {
    "item_id": EVIL, "flagged": True, "p_value": 0.001, "p_holm": 0.01, "strong": 5, "strong_against": 5,
    "against": 0.8, "item_total": None, "difficulty": 0.9, "explanation": 0.1, "contradicting": 2, "why": EVIL,
}  # fmt: skip
PAIR = {
    "a": EVIL, "b": "ben", "flagged": True, "shared_wrong": 9, "wrong_a": 10, "wrong_b": 11, "expected": 2.5,
    "p_value": 0.001, "p_holm": 0.01, "alike_texts": None, "same_file": False, "same_answers": True, "why": EVIL,
    "ref_a": "sub_a", "ref_b": "sub_b",
}  # fmt: skip
HEAD = {"version": 1, "competition": "pairs", "phase": "main", "entries": 9, "left_out": 0, "note": EVIL}


@pytest.mark.parametrize(
    ("show", "found"),
    [
        ("radar", {**HEAD, "caveat": "Evidence to look at, not proof", "flagged": 1, "items": [ITEM]}),
        ("fingerprints", {**HEAD, "caveat": "Evidence to read, not proof", "flagged": 1, "pairs": [PAIR]}),
        (
            "accounts",
            {**HEAD, "caveat": "Evidence to read, not proof", "participants": 3, "groups_total": 1,
             "groups": [{"kind": "file", "accounts": [EVIL, "ben"], "why": "They sent the same file."}]},
        ),
    ],
)  # fmt: skip
def test_evidence_with_its_caveat(olga, monkeypatch, show, found):
    monkeypatch.setattr(boards, show, lambda *asked: found)
    html = olga.get(HERE, show=show).text
    assert "not proof" in html
    assert "nothing happens by itself" in html
    assert "badge flagged" in html or show == "accounts"


def test_too_few_entries_and_odd_questions(olga):
    assert "with fewer than 5 nothing can be said" in olga.get(HERE).text
    assert olga.get(HERE, show=EVIL[:60], phase=EVIL[:60]).status_code == 200
    assert "0 groups among 0 participants" in olga.get(HERE, show="accounts").text
