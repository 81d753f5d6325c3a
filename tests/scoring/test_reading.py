"""Records: every alias and the challenge's own form, every way in which a record is none, and there and back."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.findings import Invalid
from app.scoring.limits import Limits
from app.scoring.reading import read, read_answers, read_references, write_answers, write_references
from app.scoring.records import Answer, Reference

RAIM = Path(os.environ.get("PALMARES_RAIM_PIQA", Path(__file__).parents[3] / "shared" / "data" / "raim-piqa"))
TEXT = "Face Texture: Image A is finer."
RAW = f"<thinking>\n{TEXT}\n</thinking>\n<answer>A</answer>"
IMAGES = ["./images/p_000_merged_c0.jpg", "./images/p_000_merged_c1.jpg"]
GOOD = {"id": "p_000", "answer": "A", "explanation": TEXT}


def answers_of(*records: Any) -> tuple[list[Answer], list[str]]:
    """The answers, and the codes of all findings."""
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    answers, findings = read_answers(data, "p.jsonl", Limits())
    return answers, [one.code for one in findings]


@pytest.mark.parametrize("name", ["id", "pair_id", "image_id"])
@pytest.mark.parametrize("answer", ["answer", "choice", "label", "preference"])
@pytest.mark.parametrize("explanation", ["explanation", "thinking", "reason", "rationale"])
def test_takes_every_alias(name: str, answer: str, explanation: str) -> None:
    assert answers_of({name: "p_000", answer: " a ", explanation: TEXT}) == ([Answer("p_000", "A", TEXT)], [])


@pytest.mark.parametrize(
    "record",
    [
        {"images": IMAGES, "solution": RAW},
        {"images": IMAGES, "messages": [{"role": "user", "content": "<image>"}], "solution": RAW + '"'},
        {"images": [*IMAGES, "crops\\p_000_merged_c7.png"], "response": "<think>\n\n</think>\n\n" + RAW + " and so on"},
        {"images": "p_000_merged_c0.jpg", "output": RAW},
        {"images": ["data/p_000.jpg"], "prediction": RAW},
        {"id": "p_000", "images": ["left.png", 7], "output": RAW},
        {"id": "p_000", "images": IMAGES, "image_id": " p_000 ", "response": RAW},
        {"id": "p_000", "prediction": "A", "explanation": TEXT},
        {"id": "p_000", "answer": "A", "response": RAW},
        {"id": "p_000", "answer": "A", "explanation": "", "response": RAW},
        {"id": "p_000", "answer": "A", "label": "a", "explanation": TEXT, "output": {"logits": [1]}},
        {"id": "p_000", "answer": "A", "explanation": f"\r\n {TEXT}\t"},
        {"id": "p_000", "answer": "A", "explanation": TEXT, "confidence": 0.3, "thinking": None, "reason": ""},
    ],
)
def test_takes(record: dict[str, Any]) -> None:
    assert answers_of(record) == ([Answer("p_000", "A", TEXT)], [])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"answer": "C"}, ["bad_answer"]),
        ({"answer": "A/B"}, ["bad_answer"]),
        ({"answer": True}, ["bad_answer"]),
        ({"answer": 0}, ["bad_answer"]),
        ({"answer": ["A"]}, ["bad_answer"]),
        ({"answer": " "}, ["bad_answer"]),
        ({"answer": ""}, ["missing_field"]),
        ({"answer": None}, ["missing_field"]),
        ({"label": "B"}, ["two_answers"]),
        ({"response": "<thinking>x</thinking><answer>B</answer>"}, ["two_answers"]),
        ({"prediction": "b"}, ["two_answers"]),
        ({"response": RAW + "<answer>both</answer>"}, ["bad_answer"]),
        ({"answer": None, "response": "<thinking>x</thinking>"}, ["missing_answer"]),
        ({"answer": None, "response": RAW + " <answer>B</answer>"}, ["two_answers"]),
        ({"answer": None, "response": RAW.replace("A</", "Image A</")}, ["bad_answer"]),
        ({"answer": None, "response": 7}, ["missing_field"]),
        ({"explanation": None}, ["missing_field"]),
        ({"answer": None, "explanation": None}, ["missing_field", "missing_field"]),
        ({"explanation": None, "response": "<think>x</think><answer>A</answer>"}, ["missing_explanation"]),
        ({"explanation": ["finer"]}, ["bad_explanation"]),
        ({"explanation": False}, ["bad_explanation"]),
        ({"explanation": "x" * 20_001}, ["explanation_too_long"]),
        ({"explanation": "x" * 10_000_000}, ["explanation_too_long"]),
        ({"explanation": "\ufb1d" * 15_000}, ["explanation_too_long"]),
        ({"explanation": "nul \0"}, ["control_character"]),
        ({"explanation": "\x1b[31m"}, ["control_character"]),
        ({"explanation": "c1 \x9b."}, ["control_character"]),
        ({"explanation": "half \ud800"}, ["lone_surrogate"]),
        ({"explanation": "a" + "\u0301\u0323" * 9_000}, ["too_many_marks"]),
        ({"id": None}, ["missing_field"]),
        ({"id": "  "}, ["missing_field"]),
        ({"id": None, "images": []}, ["missing_field"]),
        ({"id": True}, ["bad_id"]),
        ({"id": 1.0}, ["bad_id"]),
        ({"id": ["p_000"]}, ["bad_id"]),
        ({"id": "x" * 201}, ["bad_id"]),
        ({"id": None, "images": ["left.png"]}, ["bad_id"]),
        ({"id": None, "images": ["p_000.png", 7]}, ["bad_id"]),
        ({"id": None, "images": {"left": "p_000.png"}}, ["bad_id"]),
        ({"id": None, "images": ["p_000" * 999]}, ["bad_id"]),
        ({"id": "p\0"}, ["control_character"]),
        ({"id": "p" + "\u0301" * 31}, ["too_many_marks"]),
        ({"pair_id": "p_001"}, ["ids_differ"]),
        ({"images": ["p_001_merged_c0.jpg"]}, ["ids_differ"]),
        ({"id": None, "images": ["p_000_merged_c0.jpg", "p_001_merged_c1.jpg"]}, ["ids_differ"]),
        ({"id": True, "answer": "C", "explanation": 7}, ["bad_id", "bad_answer", "bad_explanation"]),
    ],
)
def test_says_everything_that_is_wrong_with_a_record(change: dict[str, Any], codes: list[str]) -> None:
    record = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    assert answers_of(record) == ([], codes)


@pytest.mark.parametrize("record", [7, "text", True, ["p_000", "A", TEXT]])
def test_what_is_no_object_is_no_record(record: Any) -> None:
    assert answers_of({**GOOD}, record) == ([Answer("p_000", "A", TEXT)], ["not_a_record"])


def test_a_finding_has_file_line_item_and_a_way_to_mend_it() -> None:
    data = b'\n{"id": "p_000", "answer": "A", "explanation": ""}\n{"id": "p_001", "answer": "C", "explanation": ""}\n'
    _, findings = read_answers(data, "run/p.jsonl", Limits())
    assert [one.as_dict() for one in findings] == [
        {
            "code": "bad_answer",
            "message": "The answer is C; it must be A or B.",
            "file": "run/p.jsonl",
            "line": 3,
            "item_id": "p_001",
            "fix": 'Write "A" or "B".',
        }
    ]


def test_of_records_with_one_id_the_first_counts_and_the_others_are_findings() -> None:
    records = [GOOD, {**GOOD, "answer": "B"}, {"images": IMAGES, "solution": RAW}, {**GOOD, "id": "p_001"}]
    keys = ['"p_000"', '"p_000"', '"p_00\\u0030"', '"p_001"']
    keyed = ", ".join(f"{key}: {json.dumps(record)}" for key, record in zip(keys, records, strict=True))
    for data, name in (
        ("\n".join(json.dumps(record) for record in records), "p.jsonl"),
        (json.dumps(records), "p.json"),
        (f"{{{keyed}}}", "p.json"),
    ):
        answers, findings = read_answers(data.encode(), name, Limits())
        assert answers == [Answer("p_000", "A", TEXT), Answer("p_001", "A", TEXT)]
        assert [(one.code, one.item_id) for one in findings] == [("duplicate_id", "p_000")] * 2


def test_a_broken_record_still_names_its_pair() -> None:
    reading = read(b'{"id": "p_000", "answer": "C", "explanation": ""}', "jsonl", Limits())
    assert (reading.answers, reading.lines) == ([], {"p_000": 1})


def test_the_key_of_a_document_is_the_id_and_must_agree_with_the_record() -> None:
    data = json.dumps({"p_000": {"answer": "A", "explanation": TEXT}, "p_001": {**GOOD, "id": "p_002"}, "p_003": "A"})
    answers, findings = read_answers(data.encode(), "p.json", Limits())
    assert answers == [Answer("p_000", "A", TEXT)]
    assert [(one.code, one.item_id) for one in findings] == [("ids_differ", None), ("not_a_record", "p_003")]


def test_whole_numbers_are_ids_too() -> None:
    assert answers_of({**GOOD, "id": 7}) == ([Answer("7", "A", TEXT)], [])


def test_csv_takes_aliases_and_raw_responses() -> None:
    data = 'Pair_ID,Choice,Rationale,response\np_000,a,"Face Texture: Image A is finer.",\np_001,,,"%s"\n' % RAW  # noqa: UP031
    assert read_answers(data.encode(), "p.csv", Limits())[0] == [
        Answer("p_000", "A", TEXT),
        Answer("p_001", "A", TEXT),
    ]


def test_a_csv_row_of_several_lines_is_found_by_its_first_line() -> None:
    data = b'id,answer,explanation\np_000,A,"one\ntwo"\np_001,C,"x\ny"\n'
    answers, findings = read_answers(data, "p.csv", Limits())
    assert answers == [Answer("p_000", "A", "one\ntwo")]
    assert [(one.code, one.line, one.item_id) for one in findings] == [("bad_answer", 4, "p_001")]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "p.jsonl", "empty_file"),
        (b"\xef\xbb\xbf\n \r\n", "p.jsonl", "no_usable_record"),
        (b"[]", "p.json", "no_usable_record"),
        (b"{}", "p.json", "no_usable_record"),
        (b"id,answer,explanation\n", "p.csv", "no_usable_record"),
    ],
)
def test_a_file_without_records(data: bytes, name: str, code: str) -> None:
    assert [one.code for one in read_answers(data, name, Limits())[1]] == [code]


def test_several_explanations_are_told_once_and_the_first_name_wins() -> None:
    rows = [{**GOOD, "id": f"p_{at}", "thinking": "longer"} for at in range(3)] + [{**GOOD, "reason": TEXT}]
    reading = read("\n".join(json.dumps(row) for row in rows).encode(), "jsonl", Limits())
    assert {answer.explanation for answer in reading.answers} == {TEXT}
    assert [one.code for one in reading.warnings] == ["several_explanations"]
    assert reading.warnings.kept[0].message.startswith("3 records")


# Truth


def test_reads_the_published_training_data_as_it_is() -> None:
    path = RAIM / "train_grpo_1536.jsonl"
    if not path.exists():
        pytest.skip(f"The RAIM-PIQA data is not at {path}; set PALMARES_RAIM_PIQA.")
    references = read_references(path.read_bytes(), path.name)
    by_id = {reference.item_id: reference for reference in references}
    assert len(by_id) == 100
    assert [sum(one.answer == choice for one in references) for choice in "AB"] == [59, 41]
    assert [sum(one.category == kind for one in references) for kind in ("person", "scene")] == [75, 25]
    assert sum(len(one.explanation.splitlines()) for one in references) == 306
    assert 'In the "米仓食堂" sign' in by_id["s_005"].explanation
    assert '"8 AUG"' in by_id["s_021"].explanation
    assert not any('""' in one.explanation or "<" in one.explanation for one in references)
    assert not any(one.explanation.endswith('"') for one in references)
    again = read_references(write_references(references), "truth.jsonl")
    assert again == sorted(references, key=lambda one: one.item_id)
    # The same file is a submission too; there, what a participant writes stays as it is.
    answers, findings = read_answers(path.read_bytes(), path.name, Limits())
    assert (len(answers), findings.total) == (100, 0)
    assert any('""8 AUG""' in answer.explanation for answer in answers)


@pytest.mark.parametrize(
    ("item_id", "given_category", "expected"),
    [
        ("p_000", None, "person"),
        ("s_000", None, "scene"),
        ("x_000", None, None),
        ("p", None, None),
        ("pair", None, None),
        ("p_000", "night", "night"),
        ("p_000", "", "person"),
        ("p_000", "  ", "person"),
    ],
)
def test_category(item_id: str, given_category: str | None, expected: str | None) -> None:
    data = json.dumps({**GOOD, "id": item_id, "category": given_category}).encode()
    assert read_references(data, "t.jsonl") == [Reference(item_id, "A", TEXT, expected)]


@pytest.mark.parametrize(
    ("category", "code"), [(7, "bad_category"), ("x" * 61, "bad_category"), ("\0", "control_character")]
)
def test_bad_category(category: Any, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_references(json.dumps({**GOOD, "category": category}).encode(), "t.jsonl")
    assert [one.code for one in caught.value.findings] == [code]


def test_truth_with_faults_raises_all_of_them() -> None:
    with pytest.raises(Invalid) as caught:
        read_references(b'{"id": "p_000"}\nno json\n', "truth.jsonl")
    assert [(one.code, one.file, one.line) for one in caught.value.findings] == [
        ("missing_field", "truth.jsonl", 1),
        ("missing_field", "truth.jsonl", 1),
        ("invalid_json", "truth.jsonl", 2),
    ]


def test_truth_is_composed_but_not_folded_to_ascii_and_undoubled_once() -> None:
    text = 'Edge: the ""米仓"" sign, cafe\u0301, """"twice"""" – “quoted”'
    raw = {"id": "s_000", "solution": f"<thinking>{text}</thinking><answer>B</answer>"}
    (one,) = read_references(json.dumps(raw).encode(), "t.jsonl")
    assert one.explanation == 'Edge: the "米仓" sign, café, ""twice"" – “quoted”'
    assert answers_of(raw)[0][0].explanation == 'Edge: the ""米仓"" sign, café, """"twice"""" – “quoted”'
    plain = {"id": "s_000", "answer": "B", "explanation": '""kept""'}
    assert read_references(json.dumps(plain).encode(), "t.jsonl")[0].explanation == '""kept""'


# There and back

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t\"'\\,"), max_size=60)
ids = st.from_regex(r"[A-Za-z0-9_\-./é米]{1,20}", fullmatch=True)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.dictionaries(ids, st.tuples(st.sampled_from("AB"), texts), min_size=1, max_size=5))
def test_what_is_written_reads_back_the_same(items: dict[str, tuple[Any, str]]) -> None:
    rows = [{"id": item_id, "answer": answer, "explanation": text} for item_id, (answer, text) in items.items()]
    first = read(json.dumps(rows).encode(), "json", Limits())
    assert first.findings.total == 0
    written = write_answers(first.answers)
    again, findings = read_answers(written, "p.jsonl", Limits())
    assert (again, findings.total) == (sorted(first.answers, key=lambda one: one.item_id), 0)
    assert write_answers(again) == written
    truth = [Reference(one.item_id, one.answer, one.explanation, "night") for one in again]
    assert read_references(write_references(truth), "t.jsonl") == truth
