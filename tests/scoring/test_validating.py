"""From file to verdict: the issue's bad inputs with their exact codes, and no bytes that lead to an exception."""

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.scoring import validating
from app.scoring.limits import Limits
from app.scoring.records import Answer
from app.scoring.validating import Validation, validate
from tests.scoring.zips import LINE, File, forge, quoted_overlap, streamed

IDS = ["p_000", "p_001", "s_000"]
GOOD = [{"id": item_id, "answer": "A", "explanation": "Face Texture: Image A is finer."} for item_id in IDS]


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def zipped(data: bytes, name: bytes = b"predictions.jsonl") -> bytes:
    return forge(File(name, data))


def codes(found: Validation) -> list[tuple[str, int | None, str | None]]:
    return [(one.code, one.line, one.item_id) for one in found.findings]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (zipped(lines(*GOOD)), "sub.zip", "zip"),
        (zipped(json.dumps(GOOD).encode(), b"run/p.json"), "sub.zip", "zip"),
        (lines(*GOOD), "p.jsonl", "jsonl"),
        (json.dumps({one["id"]: one for one in GOOD}).encode(), "p.json", "json"),
        (b"id,answer,explanation\r\np_000,A,x\r\np_001,b,\r\ns_000,A,y\r\n", "p.csv", "csv"),
    ],
)
def test_valid(data: bytes, name: str, kind: str) -> None:
    found = validate(data, name, IDS)
    assert (found.valid, found.kind, len(found.answers), found.warnings) == (True, kind, 3, [])
    assert found.as_dict() == {"version": 1, "valid": True, "findings": [], "findings_total": 0, "warnings": []}
    assert validate(io.BytesIO(data), name, IDS) == found


BAD = {
    "not a zip": (b"plain text", [("not_an_archive", None, None)]),
    "empty": (b"", [("empty_file", None, None)]),
    "two prediction files": (
        forge(File(), File(b"b.csv")),
        [("several_predictions_files", None, None)],
    ),
    "wrong encoding": (
        zipped(lines(GOOD[0]) + '{"id": "p_001", "answer": "A", "explanation": "é"}'.encode("latin-1")),
        [("not_utf8", 2, None)],
    ),
    "UTF-16": (zipped(lines(*GOOD).decode().encode("utf-16")), [("not_utf8", 1, None)]),
    "broken JSON at line n": (zipped(lines(*GOOD[:2]) + b'{"id": "s_000",\n'), [("invalid_json", 3, None)]),
    "missing field": (
        zipped(lines({"id": "p_000", "answer": "A"}, {"answer": "A", "explanation": ""}, {"id": "s_000"})),
        [("missing_field", 1, "p_000"), ("missing_field", 2, None), *[("missing_field", 3, "s_000")] * 2],
    ),
    "answer C": (zipped(lines({**GOOD[0], "answer": "C"})), [("bad_answer", 1, "p_000")]),
    "unknown id": (zipped(lines(*GOOD, {**GOOD[0], "id": "p_099"})), [("unknown_id", 4, "p_099")]),
    "duplicate id": (zipped(lines(*GOOD, GOOD[1])), [("duplicate_id", 4, "p_001")]),
    "NaN": (zipped(lines({**GOOD[0], "confidence": float("nan")})), [("not_finite", 1, None)]),
    "Infinity": (zipped(lines({**GOOD[0], "confidence": float("inf")})), [("not_finite", 1, None)]),
    "10 MB explanation": (
        zipped(lines({**GOOD[0], "explanation": random.Random(0).randbytes(5_000_000).hex()})),
        [("explanation_too_long", 1, "p_000")],
    ),
    "path traversal": (zipped(LINE, b"../predictions.jsonl"), [("unsafe_path", None, None)]),
    "symlink": (forge(File(), File(b"link", b"/etc/passwd", mode=0o120777)), [("special_file", None, None)]),
    "encrypted": (forge(File(flags=1)), [("encrypted", None, None)]),
    "bomb": (zipped(bytes(60_000_000)), [("compression_ratio", None, None)]),
    "bomb of overlaps": (quoted_overlap(100, bytes(20_000)), [("overlapping_entries", None, None)]),
    "nested zip": (forge(File(), File(b"more.zip", forge(File()))), [("nested_archive", None, None)]),
}


@pytest.mark.parametrize(("data", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input(data: bytes, expected: list[tuple[str, int | None, str | None]]) -> None:
    found = validate(data, "sub.zip", IDS)
    assert codes(found) == expected
    assert (found.valid, found.findings_total) == (False, len(expected))
    assert all(one.file and one.message and one.fix for one in found.findings)
    json.dumps(found.as_dict(), allow_nan=False).encode("ascii")


def test_missing_pairs_are_a_warning() -> None:
    found = validate(zipped(lines(GOOD[0])), "sub.zip", IDS)
    assert found.valid
    assert found.answers == [Answer("p_000", "A", GOOD[0]["explanation"])]
    assert [(one.code, one.file) for one in found.warnings] == [("missing_pairs", "predictions.jsonl")]
    assert "p_001, s_000" in found.warnings[0].message
    assert validate(zipped(lines(GOOD[0])), "sub.zip", None).warnings == []


def test_a_pair_whose_record_is_broken_is_not_missing_as_well() -> None:
    found = validate(lines({**GOOD[0], "answer": "C"}, *GOOD[1:]), "p.jsonl", IDS)
    assert (codes(found), found.warnings) == ([("bad_answer", 1, "p_000")], [])


def test_other_files_are_a_warning() -> None:
    found = validate(forge(File(), File(b"README.md"), File(b"code/run.py")), "sub.zip", ["p_000"])
    assert found.valid
    assert [(one.code, one.message) for one in found.warnings] == [("extra_files", "Ignored: README.md, code/run.py.")]


def test_all_findings_are_counted_and_the_first_hundred_told() -> None:
    rows = [{**GOOD[0], "id": f"x_{at}", "answer": "C"} for at in range(250)]
    found = validate(lines(*rows), "p.jsonl", IDS)
    assert (len(found.findings), found.findings_total) == (100, 500)
    assert found.as_dict()["findings_total"] == 500


def test_nothing_of_the_truth_is_told_but_whether_an_id_is_known() -> None:
    found = validate(lines({**GOOD[0], "id": "p_0"}), "p.jsonl", {"p_000": "A", "p_001": "secret"})
    assert "secret" not in json.dumps(found.as_dict())


def test_a_fault_of_the_file_object_is_ours_and_passes_through() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        validate(Broken(b"x"), "sub.zip", None)


@pytest.mark.parametrize("fault", [RuntimeError, MemoryError, RecursionError])
def test_what_nobody_foresaw_is_a_finding_and_is_logged(
    fault: type[Exception], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise fault("unforeseen")

    monkeypatch.setattr(validating, "predictions", fail)
    assert codes(validate(b"x", "sub.zip", None)) == [("unreadable", None, None)]
    assert "unforeseen" in caplog.text


# No bytes lead to an exception. `unreadable` is what an exception would become, so it may not occur.

CORPUS = [
    zipped(lines(*GOOD)),
    forge(streamed(), File(b"README.md", b"x", method=0), zip64={}),
    forge(File(b"run/", b"", method=0), streamed(b"run/p.jsonl", wide=True), comment=b"hello"),
    quoted_overlap(5, LINE),
]
TEXTS = [
    lines(*GOOD),
    json.dumps(GOOD).encode(),
    b'id,answer,explanation\np_000,A,"x ""y"""\n',
    lines({"images": ["p_000_merged_c0.jpg"], "solution": "<thinking>x</thinking><answer>A</answer>"}),
]
SMALL = Limits(upload_bytes=10**6, unpacked_bytes=10**6, lines_bytes=10**6, document_bytes=10**6)


def is_foreseen(data: bytes, name: str) -> bool:
    found = validate(data, name, IDS, SMALL)
    json.dumps(found.as_dict(), allow_nan=False).encode("utf-8")
    return "unreadable" not in {one.code for one in found.findings}


@pytest.mark.parametrize("seed", range(len(CORPUS)))
def test_no_mutation_of_a_zip_is_unforeseen(seed: int) -> None:
    chance = random.Random(seed)
    original = CORPUS[seed]
    taken = 0
    for _ in range(1500):
        data = bytearray(original)
        for _ in range(chance.choice((1, 1, 2, 4))):
            at = chance.randrange(len(data))
            choice = chance.randrange(4)
            if choice == 0:
                data[at] ^= 1 << chance.randrange(8)
            elif choice == 1:
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"PK\5\6", b"PK\3\4"))
            elif choice == 2:
                del data[at : at + chance.randrange(1, 30)]
            else:
                data[at:at] = chance.randbytes(chance.randrange(1, 30))
            data = data or bytearray(b"P")
        assert is_foreseen(bytes(data), "sub.zip"), bytes(data)
        taken += validate(bytes(data), "sub.zip", None, SMALL).valid
    # What still passes is a change to timestamps, versions and the like; most changes must not.
    assert taken < 500


@pytest.mark.parametrize("cut", [0, 1, 4, 30, 60, -1, -5, -22, -23, -60])
def test_every_cut_zip_is_refused(cut: int) -> None:
    for whole in CORPUS:
        found = validate(whole[:cut], "sub.zip", None)
        assert found.findings_total >= 1
        assert {one.code for one in found.findings} <= {"empty_file", "not_an_archive", "truncated"}


@settings(derandomize=True, max_examples=250, deadline=None)
@given(
    name=st.sampled_from(["p.jsonl", "p.json", "p.csv", "p"]),
    seed=st.sampled_from(TEXTS),
    at=st.integers(0, 400),
    drop=st.integers(0, 20),
    stray=st.binary(max_size=20) | st.sampled_from([b'"', b"\\", b"[", b"{", b"\0", b"\r", b"\xff\xfe", b"NaN", b",,"]),
)
@example(name="p.json", seed=b"", at=0, drop=0, stray=b"[" * 200_000)
@example(name="p.jsonl", seed=b"", at=0, drop=0, stray=b'{"a":' * 5_000)
@example(name="p.csv", seed=b"", at=0, drop=0, stray=b'"' * 99_999)
@example(name="p.csv", seed=b"", at=0, drop=0, stray=b"," * 99_999)
def test_no_text_is_unforeseen(name: str, seed: bytes, at: int, drop: int, stray: bytes) -> None:
    assert is_foreseen(seed[:at] + stray + seed[at + drop :], name)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["id", "images", "answer", "label", "explanation", "thinking", "response", "category"]


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), values, max_size=5) | values, max_size=4))
def test_no_values_are_unforeseen(records: list[Any]) -> None:
    assert is_foreseen(lines(*records) or b"\n", "p.jsonl")
    assert is_foreseen(json.dumps(records).encode(), "p.json")


def test_the_core_of_validation_loads_no_heavy_library() -> None:
    script = (
        "import sys, app.scoring.validating; heavy = {'numpy', 'scipy', 'torch', 'rouge_score', 'zipfile'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
