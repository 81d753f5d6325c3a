"""diff: offline from two files, on the server by two references, and what is refused with which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.scoring.comparing import compare
from tests.client.server import Fake, Palmares, problem


def items(right: int, n: int = 40) -> list[dict[str, Any]]:
    return [
        {
            "item_id": f"p_{number:03d}",
            "category": "person",
            "answer_correct": number < right,
            "explanation": 0.5,
            "final": (number < right) / 2 + 0.25,
        }
        for number in range(n)
    ]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two files of items, the first clearly better."""
    paths = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path, right in zip(paths, (38, 10), strict=True):
        path.write_text("".join(json.dumps(item) + "\n" for item in items(right)))
    return paths


def test_two_files_are_compared_without_a_server(palmares: Palmares, files: tuple[Path, Path]) -> None:
    done = palmares("diff", *files)
    assert (done.code, done.err) == (0, "")
    head, final, *_ = done.out.splitlines()
    assert head.split()[:5] == ["items", "n", "score", "A", "B"]
    assert final.split()[:6] == ["all", "40", "Final", "0.7250", "0.3750", "+0.3500"]
    assert "items: A better in 28, B better in 0, equal in 12" in done.out
    assert "A better in: p_010, " in done.out
    assert "… and 8 more" in done.out
    assert done.out.endswith("A is better (5 %)\n")


def test_as_json_it_is_the_cores_document(palmares: Palmares, files: tuple[Path, Path]) -> None:
    found = palmares("diff", *files, "--json").document
    assert found == {"a": str(files[0]), "b": str(files[1]), **compare(items(38), items(10)).as_dict()}


def test_the_server_is_asked_about_references(signed_in: Palmares, fake: Fake) -> None:
    told = {"a": "sub_a", "b": "sub_b", **compare(items(20), items(20)).as_dict(counts=False, ids=False)}
    fake.on("GET", "/submissions/sub_a/comparison", told)
    done = signed_in("diff", "sub_a", "sub_b")
    assert done.code == 0
    assert done.out.endswith("They cannot be told apart (5 %).\n")
    assert "better in" not in done.out
    assert fake.seen[0].query == {"with": "sub_b"}
    assert signed_in("diff", "sub_a", "sub_b", "--json").document == told


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (422, "same_submission", 2),
        (409, "different_phases", 2),
        (409, "different_scoring", 6),
        (409, "not_scored", 6),
        (404, "submission_not_found", 2),
    ],
)
def test_what_the_server_refuses_has_its_exit_code(
    signed_in: Palmares, fake: Fake, status: int, code: str, expected: int
) -> None:
    fake.on("GET", "/submissions/sub_a/comparison", problem(status, code))
    done = signed_in("diff", "sub_a", "sub_b", "--json")
    assert (done.code, done.document["error"]["code"]) == (expected, code)


def test_what_cannot_be_compared_here_is_usage(palmares: Palmares, files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    for words, code in (
        ((files[0], files[0]), "same_submission"),
        ((files[0], "sub_a"), "usage"),
        ((files[0], other), "items_unusable"),
    ):
        other.write_text("".join(json.dumps(item) + "\n" for item in items(3, 5)))
        done = palmares("diff", *words, "--json")
        assert (done.code, done.document["error"]["code"]) == (2, code)
    other.write_text("{\n")
    assert "Line 1 is no item" in palmares("diff", files[0], other).err
