"""The report's published form."""

import json
import struct
from dataclasses import replace

from app.scoring.report import Group, Report, Score

ITEM = {"item_id": "p_000", "category": "person", "answer_correct": True, "explanation": 0.5, "final": 0.75}
REPORT = Report(
    plan="pairwise-explained",
    scores={"accuracy": Score(0.9, 0.8, 1.0), "final": Score(0.7, 0.6, 0.8)},
    categories={"person": Group(3, {"accuracy": Score(1.0, 0.5, 1.0)})},
    n_items=4,
    n_missing=1,
    seed=5,
    signature="palmares:0",
    items=(ITEM, {**ITEM, "item_id": "ä"}),
)


def test_it_is_plain_values_in_the_order_to_be_read() -> None:
    assert json.loads(json.dumps(REPORT.as_dict())) == {
        "version": 1,
        "plan": "pairwise-explained",
        "accuracy": {"value": 0.9, "ci95": [0.8, 1.0]},
        "final": {"value": 0.7, "ci95": [0.6, 0.8]},
        "categories": {"person": {"n_items": 3, "accuracy": {"value": 1.0, "ci95": [0.5, 1.0]}}},
        "n_items": 4,
        "n_missing": 1,
        "seed": 5,
        "signature": "palmares:0",
    }
    assert REPORT.final == Score(0.7, 0.6, 0.8)


def test_a_note_stands_beside_the_plan_where_there_is_one() -> None:
    assert list(replace(REPORT, note="Inferred.").as_dict())[:3] == ["version", "plan", "note"]


def test_items_are_a_line_each_in_utf8() -> None:
    lines = REPORT.items_jsonl().decode().split("\n")
    assert [json.loads(line) for line in lines[:2]] == list(REPORT.items)
    assert lines[2:] == [""]
    assert "ä" in lines[1]


def test_values_for_ranks_are_float64_in_the_order_of_the_items() -> None:
    values = REPORT.item_values()
    assert struct.unpack("<2d", values["item_finals"]) == (0.75, 0.75)
    assert values["item_categories"] == ["person", "person"]
