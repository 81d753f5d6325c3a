"""The limits are a plain value: what they promise of each other, and that a competition can set its own."""

from dataclasses import replace

import pytest

from app.scoring.limits import MIB, Limits
from app.scoring.validating import validate

LINE = b'{"id": "p_000", "answer": "A", "explanation": "finer texture", "more": [[1]]}'


def test_the_defaults_are_those_of_the_contract() -> None:
    assert (Limits().upload_bytes, Limits().unpacked_bytes) == (64 * MIB, 512 * MIB)
    assert Limits().document_bytes <= Limits().lines_bytes <= Limits().unpacked_bytes


@pytest.mark.parametrize(
    ("limit", "at", "code"),
    [
        ("upload_bytes", len(LINE), "too_large"),
        ("lines_bytes", len(LINE), "predictions_too_large"),
        ("record_bytes", len(LINE), "record_too_large"),
        ("containers", 3, "record_too_large"),
        ("depth", 3, "too_deep"),
        ("id_chars", 5, "bad_id"),
        ("explanation_chars", 13, "explanation_too_long"),
        ("records", 1, "too_many_records"),
    ],
)
def test_a_value_at_the_limit_passes_and_one_beyond_is_a_finding(limit: str, at: int, code: str) -> None:
    assert validate(LINE, "p.jsonl", None, replace(Limits(), **{limit: at})).valid
    beyond = validate(LINE, "p.jsonl", None, replace(Limits(), **{limit: at - 1}))
    assert [one.code for one in beyond.findings] == [code]
