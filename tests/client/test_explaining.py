"""`explain`: claims per pair where the phase shows them, and the same without them where it does not."""

import json

import pytest

from app.client.explaining import counts
from tests.client.server import Answer, Fake, Palmares, problem, submission

ITEMS = [
    {
        "item_id": "p_000", "category": "person", "answer_correct": True, "explanation": 0.8, "final": 0.9,
        "claims": {
            "reference": [{"about": "face noise", "verdict": "matched"}, {"about": "sky tone", "verdict": "missed"}],
            "own": [{"about": "face noise", "verdict": "matched"}, {"about": "hair", "verdict": "unsupported"}],
        },
    },
    {
        "item_id": "p_001", "category": "person", "answer_correct": False, "explanation": 0.0, "final": 0.0,
        "claims": {"reference": [{"about": "eyes detail", "verdict": "contradicted"}], "own": []},
    },
]  # fmt: skip


@pytest.fixture
def scored(fake: Fake) -> Fake:
    score = {"value": 0.5, "ci95": [0.4, 0.6]}
    fake.on("GET", "/submissions/sub_1", submission("scored", ref="sub_1", scores={"final": score}))
    lines = "".join(json.dumps(one) + "\n" for one in ITEMS).encode()
    fake.on("GET", "/submissions/sub_1/items", Answer(lines, headers={"Content-Type": "application/jsonl"}))
    return fake


def test_the_lowest_pairs_come_first_with_what_went_wrong(signed_in: Palmares, scored: Fake) -> None:
    done = signed_in("explain", "sub_1")
    assert done.code == 0
    assert "1 right, 1 wrong; of the experts' 3 claims 1 matched, 1 contradicted, 1 missed; 1 of yours" in done.out
    rows = [line.split() for line in done.out.splitlines() if line.lstrip("│ ").startswith("p_0")]
    assert [row[0] for row in rows] == ["p_001", "p_000"]
    assert "eyes detail" in done.out
    assert len([line for line in signed_in("explain", "sub_1", "--limit", "1").out.splitlines() if "p_00" in line]) == 1


def test_one_pair_whole_and_as_json(signed_in: Palmares, scored: Fake) -> None:
    out = signed_in("explain", "sub_1", "--item", "p_000").out
    assert "unsupported" in out
    assert "sky tone" in out
    assert "eyes" not in out
    assert signed_in("explain", "sub_1", "--json").document["items"] == ITEMS
    assert signed_in("explain", "sub_1", "--item", "p_9").code == 2


def test_a_phase_that_hides_pairs_still_explains(signed_in: Palmares, scored: Fake) -> None:
    scored.on("GET", "/submissions/sub_1/items", problem(403, "not_allowed"))
    done = signed_in("explain", "sub_1")
    assert (done.code, "hidden answers" in done.err) == (0, True)
    assert signed_in("explain", "sub_1", "--json").document["items"] is None


def test_an_invalid_one_names_its_findings(signed_in: Palmares, fake: Fake) -> None:
    finding = {
        "code": "unknown_id",
        "message": "No such pair.",
        "file": "a.jsonl",
        "line": 3,
        "item_id": "x",
        "fix": "F",
    }
    found = submission("invalid", ref="sub_1", findings=[finding], findings_total=1)
    fake.on("GET", "/submissions/sub_1", found)
    assert "No such pair." in signed_in("explain", "sub_1").out


def test_verdicts_are_counted_on_the_experts_side() -> None:
    assert counts(ITEMS) == {"matched": 1, "missed": 1, "contradicted": 1, "unsupported": 1}
