"""Rows out of JSON Lines, JSON documents and CSV: physical lines, and every way in which bytes are no rows."""

import json

import pytest

from app.scoring.findings import Findings
from app.scoring.formats import Format, Row, format_of, read_rows
from app.scoring.limits import Limits

BOM = b"\xef\xbb\xbf"


def rows(data: bytes, form: Format, limits: Limits | None = None) -> tuple[list[Row], list[tuple[str, int | None]]]:
    """The rows, and code and line of each finding."""
    findings = Findings()
    found = list(read_rows(data, form, findings, limits or Limits()))
    return found, [(one.code, one.line) for one in findings]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.jsonl", b"", "jsonl"),
        ("a.b.JSON", b"{}", "json"),
        ("a.Csv", b"", "csv"),
        ("a", b"\n {", "jsonl"),
        ("a.txt", BOM + b"[", "json"),
        ("a.txt", b"id,answer", None),
        ("", b"", None),
    ],
)
def test_the_ending_says_the_format_or_else_the_first_character(name: str, data: bytes, expected: str | None) -> None:
    assert format_of(name, data) == expected


A, B = {"id": "a"}, {"id": "b"}


@pytest.mark.parametrize(
    ("form", "data", "expected"),
    [
        ("jsonl", b'{"id": "a"}\n{"id": "b"}\n', [(1, None, A), (2, None, B)]),
        ("jsonl", b'{"id": "a"}\r\n\r\n \t\n{"id": "b"}', [(1, None, A), (4, None, B)]),
        ("jsonl", BOM + b'\n  {"id": "a"}', [(2, None, A)]),
        ("jsonl", BOM + b'{"id": "a"}', [(1, None, A)]),
        ("jsonl", '{"id": "é\u2028\u0085"}\n'.encode(), [(1, None, {"id": "é\u2028\u0085"})]),
        ("jsonl", b"7\n", [(1, None, 7)]),
        ("json", b'[{"id": "a"},\n\n{"id":\n "b"}]\n', [(1, None, A), (3, None, B)]),
        ("json", BOM + b'\n{"p": {"id": "a"}, "q"\n: {"id": "b"}}', [(2, "p", A), (2, "q", B)]),
        ("json", b'[1, "x"]', [(1, None, 1), (1, None, "x")]),
        ("json", b"[]", []),
        ("json", b" { } ", []),
        ("csv", b'id,answer,explanation\na,A,x\n', [(2, None, {"id": "a", "answer": "A", "explanation": "x"})]),
        ("csv", BOM + b'"ID", Response \r\n\r\na,"x\r\n""y"""\r\nb,z\r\n',
         [(3, None, {"id": "a", "response": 'x\r\n"y"'}), (5, None, {"id": "b", "response": "z"})]),
        ("csv", b"\nimages,solution,more\np_1.jpg,x,", [(3, None, {"images": "p_1.jpg", "solution": "x", "more": ""})]),
    ],
)  # fmt: skip
def test_reads_rows_with_their_lines(form: Format, data: bytes, expected: list[tuple[int, str | None, object]]) -> None:
    assert rows(data, form) == ([Row(*one) for one in expected], [])


GOOD = b'{"id": "a"}'
HEADER = b"id,answer,explanation\n"


@pytest.mark.parametrize(
    ("form", "data", "expected", "kept"),
    [
        # JSON Lines: one broken line does not hide the others.
        ("jsonl", GOOD + b"\n{'id': 1}\n{\n" + GOOD, [("invalid_json", 2), ("invalid_json", 3)], 2),
        ("jsonl", b'{"id": "a"} {"id": "b"}', [("invalid_json", 1)], 0),
        ("jsonl", GOOD + b'\n{"id": "b\xff"}\n\xc0\xaf\n' + GOOD, [("not_utf8", 2), ("not_utf8", 3)], 2),
        ("jsonl", '{"id": "a"}'.encode("utf-16"), [("not_utf8", 1)], 0),
        ("jsonl", '{"id": "a"}'.encode("utf-16-le"), [("not_utf8", 1)], 0),
        ("jsonl", b'{"x": NaN}\n{"x": 1e400}\n{"x": 1e300}', [("not_finite", 1), ("not_finite", 2)], 1),
        ("jsonl", b'{"x": [Infinity]}\n[-Infinity]', [("not_finite", 1), ("not_finite", 2)], 0),
        ("jsonl", b'{"x": ' + b"9" * 5000 + b"}", [("invalid_json", 1)], 0),
        ("jsonl", b'{"id": 1, "id": 1}\n{"x": {"y": 1, "y": 2}}', [("duplicate_key", 1), ("duplicate_key", 2)], 0),
        ("jsonl", GOOD + b"\n" + b"[" * 9_000, [("too_deep", 2)], 1),
        ("jsonl", GOOD + b"\n" + b'{"x": ' * 40 + b"1" + b"}" * 40, [("too_deep", 2)], 1),
        ("jsonl", GOOD + b"\n" + b"[" * 10_001, [("record_too_large", 2)], 1),
        ("jsonl", GOOD + b"\nnull\n", [("not_a_record", 2)], 1),
        ("jsonl", GOOD + b'\n{"x": "a\tb"}\n', [("invalid_json", 2)], 1),
        ("jsonl", b"\n[\n{}\n]", [("wrong_format", 2)], 0),
        ("jsonl", b'{\n"id": "a"\n}', [("wrong_format", 1)], 0),
        ("jsonl", b'{"x": \x00}', [("invalid_json", 1)], 0),
        # A JSON document is read up to the broken place.
        ("json", b"[" + GOOD + b",\n" + GOOD + b",\n{'x'}, " + GOOD + b"]", [("invalid_json", 3)], 2),
        ("json", b"[" + GOOD, [("invalid_json", 1)], 1),
        ("json", b"[" + GOOD + b",]", [("invalid_json", 1)], 1),
        ("json", b"[" + GOOD + GOOD + b"]", [("invalid_json", 1)], 1),
        ("json", b"[" + GOOD + b"]\n]", [("invalid_json", 2)], 1),
        ("json", b'{"a" {}}', [("invalid_json", 1)], 0),
        ("json", b"{1: {}}", [("invalid_json", 1)], 0),
        ("json", b'"text"', [("invalid_json", 1)], 0),
        ("json", b" \n", [("invalid_json", 2)], 0),
        ("json", b"[\n" + GOOD + b",\n\xff]", [("not_utf8", 3)], 0),
        ("json", b"[" + GOOD + b',\n{"x": NaN}]', [("not_finite", 2)], 1),
        ("json", b"[" + GOOD + b',\n{"x": 1, "x": 1}]', [("duplicate_key", 2)], 1),
        ("json", b"[" + GOOD + b",\n" + b"[" * 100_000, [("too_deep", 2)], 1),
        ("json", b"[" + GOOD + b",\n" + b"[" * 40 + b"]" * 40 + b"," + GOOD + b"]", [("too_deep", 2)], 2),
        ("json", b"[\nnull," + GOOD + b"]", [("not_a_record", 2)], 1),
        ("json", b'{"id": "a", "answer": "A"}', [("wrong_format", 1)], 0),
        ("json", b'{"id": "a"}\n{"id": "b"}', [("wrong_format", 1)], 0),
        ("json", b"[" + b"[]," * 2_000_000, [("too_many_records", None)], 0),
        # CSV.
        ("csv", b"", [], 0),
        ("csv", b"a,A,x\n", [("csv_header_missing", 1)], 0),
        ("csv", b"id;answer;explanation\n", [("csv_header_missing", 1)], 0),
        ("csv", b"id,answer\na,A\n", [("csv_header_missing", 1)], 0),
        ("csv", b"answer,explanation\nA,x\n", [("csv_header_missing", 1)], 0),
        ("csv", b"id,answer,ID,explanation\n", [("duplicate_key", 1)], 0),
        ("csv", "id,answer,explanation\n".encode("utf-16"), [("not_utf8", 1)], 0),
        ("csv", HEADER + b"a,A\na,A,x,y\na,A,x\n", [("wrong_cell_count", 2), ("wrong_cell_count", 3)], 1),
        ("csv", HEADER + b'a,A,x\na,A,"x"y\n', [("invalid_csv", 3)], 1),
        ("csv", HEADER + b'a,A,x\na,A,"x\ny\n', [("invalid_csv", 3)], 1),
        ("csv", HEADER.replace(b"\n", b"\r") + b"a,A,x\r", [("invalid_csv", 1)], 0),
        ("csv", HEADER + b"a,A,\xe9\nb,A,x\n", [("not_utf8", 2)], 2),
        ("csv", HEADER + b"a,A,x\na,A," + b"x" * 200_000 + b"\n", [("record_too_large", 3)], 1),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_where(form: Format, data: bytes, expected: list[tuple[str, int]], kept: int) -> None:
    found, findings = rows(data, form)
    assert findings == expected
    assert len(found) == kept


def test_the_message_names_the_wrong_byte_and_its_offset_in_the_file() -> None:
    for form, data in (
        ("jsonl", BOM + b'{}\n{"x": "\xe9"}'),
        ("csv", BOM + HEADER + b"a,A,\xe9\n"),
        ("json", b'["\xe9"]'),
    ):
        findings = Findings()
        list(read_rows(data, form, findings, Limits()))  # type: ignore[arg-type]
        assert f"The byte 0xe9 at offset {data.index(0xE9)} is not UTF-8." in findings.kept[0].message


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_reads_no_more_records_than_allowed(form: Format) -> None:
    records = [{"id": str(at), "answer": "A", "explanation": ""} for at in range(4)]
    lines = "\n".join(json.dumps(record) for record in records)
    table = "id,answer,explanation\n" + "\n".join(",".join(record.values()) for record in records)
    data = {"jsonl": lines, "json": json.dumps(records), "csv": table}[form].encode()
    found, findings = rows(data, form, Limits(records=3))
    assert [code for code, _ in findings] == ["too_many_records"]
    assert len(found) <= 3
    assert rows(data, form, Limits(records=5))[1] == []


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("jsonl", b'{"x": "aaaaaaaaaaaaaaaaaaaaaaaaaaa"}'),
        ("json", b'[{"x": "aaaaaaaaaaaaaaaaaaaaaaaaaaa"}]'),
        ("csv", b"id,response,aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ],
)
def test_a_record_has_a_size_limit_of_its_own(form: Format, data: bytes) -> None:
    assert rows(data, form, Limits(record_bytes=30)) == ([], [("record_too_large", 1)])


def test_a_csv_of_blank_lines_ends_at_the_limit() -> None:
    assert rows(b"\n" * 1000, "csv", Limits(records=10))[1] == [("too_many_records", 11)]
