"""`truth claims`: out to a spreadsheet and back into a truth."""

import csv
import json
from pathlib import Path

import pytest

from app.client.main import run
from app.scoring.reading import read_references

TRUTH = [
    {"id": "p_000", "answer": "A", "explanation": "Hair is sharper in Image B.\nThe sky is noisy in Image A."},
    {"id": "p_001", "answer": "B", "explanation": "Both are equally sharp."},
]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TRUTH))
    return path


def exported(truth: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    assert run(["truth", "claims", "export", str(truth)]) == 0
    told = capsys.readouterr()
    assert "p_000" in told.err  # argues for B, answers A
    return list(csv.DictReader(told.out.splitlines()))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_claims_go_out_and_corrected_ones_come_back(truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = exported(truth, capsys)
    assert [(row["item_id"], row["claim"], row["direction"]) for row in rows] == [
        ("p_000", "1", "B"),
        ("p_000", "2", "B"),
        ("p_001", "1", "tie"),
    ]
    rows[0]["direction"] = "a"
    claims, output = write(truth.with_name("claims.csv"), rows), truth.with_name("corrected.jsonl")
    assert run(["truth", "claims", "import", str(truth), str(claims), "-o", str(output)]) == 0
    assert [one.directions for one in read_references(output.read_bytes(), "t.jsonl")] == [("A", "B"), ("tie",)]
    capsys.readouterr()
    assert run(["truth", "claims", "export", str(output), "--json"]) == 0
    assert [row["direction"] for row in json.loads(capsys.readouterr().out)["claims"]] == ["A", "B", "tie"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"direction": "left"}, "is no direction"),
        ({"claim": "x"}, "is no number"),
        ({"item_id": "p_999"}, "has no item"),
        ({"claim": "2"}, "has 2 claims, but 1 directions"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    truth: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], says: str
) -> None:
    rows = exported(truth, capsys)
    rows[0].update(change)
    claims, output = write(truth.with_name("claims.csv"), rows), truth.with_name("corrected.jsonl")
    assert run(["truth", "claims", "import", str(truth), str(claims), "-o", str(output)]) == 2
    assert says in capsys.readouterr().err
    assert not output.exists()
