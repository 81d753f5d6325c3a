"""Evidence as tables and as JSON; what is within chance only on demand."""

import pytest

from tests.client.server import Fake, Palmares, problem

ITEM = {
    "item_id": "p_007", "flagged": True, "p_value": 1e-6, "p_holm": 6e-5, "strong": 10, "strong_against": 9,
    "against": 0.8, "item_total": -0.4, "difficulty": 0.75, "explanation": 0.1, "contradicting": 8,
    "why": "Look at it.",
}  # fmt: skip
PAIR = {
    "a": "ada", "b": "bob", "flagged": True, "shared_wrong": 14, "wrong_a": 15, "wrong_b": 16, "expected": 5.2,
    "p_value": 1e-7, "p_holm": 4e-5, "alike_texts": 0.5, "same_file": False, "same_answers": False, "why": "Read it.",
    "ref_a": "sub_a", "ref_b": "sub_b",
}  # fmt: skip
CASES = {"radar": ("items", ITEM, "9/10"), "fingerprints": ("pairs", PAIR, "5.2")}


def told(key: str, rows: list[dict], note: str = "") -> dict:
    return {"version": 1, "competition": "photos", "phase": "dev", "caveat": "Not proof.", "note": note, key: rows}


@pytest.mark.parametrize("what", CASES)
def test_what_is_flagged_is_shown_and_the_rest_on_demand(signed_in: Palmares, fake: Fake, what: str) -> None:
    key, row, cell = CASES[what]
    quiet = {**row, "flagged": False, "why": "By chance."}
    fake.on("GET", f"/competitions/photos/phases/dev/{what}", told(key, [row, quiet]))
    done = signed_in("integrity", what, "photos/dev")
    assert (done.code, done.out.count("\n"), done.err) == (0, 2, "Not proof.\n")
    assert {"yes", cell} <= set(done.out.split())
    assert "By chance." in signed_in("integrity", what, "photos/dev", "--all").out
    assert signed_in("integrity", what, "photos/dev", "--json").document[key] == [row, quiet]


@pytest.mark.parametrize("what", CASES)
def test_nothing_to_show_is_said(signed_in: Palmares, fake: Fake, what: str) -> None:
    fake.on("GET", f"/competitions/photos/phases/dev/{what}", told(CASES[what][0], [], "2 entries count so far."))
    done = signed_in("integrity", what, "photos/dev")
    assert (done.code, done.out) == (0, "")
    assert "2 entries count so far.\nNo " in done.err
    fake.on("GET", f"/competitions/photos/phases/dev/{what}", problem(403, "not_allowed"))
    assert signed_in("integrity", what, "photos/dev").code == 4


def test_accounts_are_grouped_by_what_they_have_in_common(signed_in: Palmares, fake: Fake) -> None:
    groups = [{"kind": "email", "accounts": ["ada", "bob"], "why": "One mailbox."}]
    fake.on("GET", "/competitions/photos/accounts", {**told("groups", groups), "groups_total": 1})
    done = signed_in("integrity", "accounts", "photos")
    assert (done.code, done.out.splitlines()[1].split()) == (0, ["email", "ada,", "bob", "One", "mailbox."])
    assert signed_in("integrity", "accounts", "photos", "--json").document["groups"] == groups
