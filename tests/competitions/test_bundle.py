"""Bundles: what CodaBench's keys become here, what is named as not supported, and faults with their lines."""

import io
import zipfile

import pytest
import yaml

from app.competitions.bundle import read_bundle
from app.competitions.errors import BundleInvalid
from app.competitions.rules import BoardRule

TRUTH = b'{"id": "p_0", "answer": "A", "explanation": "x"}\n{"id": "p_1", "answer": "B", "explanation": "y"}\n'
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def bundle(**given):
    document = {
        "version": 2,
        "title": "Pairs",
        "terms": "terms.md",
        "pages": [{"title": "Overview", "file": "terms.md"}],
        "tasks": [{"index": 0, "reference_data": "truth.jsonl", "scorer": {"name": "pairwise-explained"}}],
        "phases": [{"index": 0, "name": "One", "start": "2026-01-01", "end": "2026-02-01", "tasks": [0]}],
        **given,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("competition.yaml", yaml.safe_dump(document, sort_keys=False))
        archive.writestr("terms.md", "Be fair.")
        archive.writestr("truth.jsonl", TRUTH)
        archive.writestr("logo.png", PNG)
        archive.writestr("logo.svg", "<svg/>")
    return packed.getvalue()


def phases(*more):
    names = ("one", "two", "three")
    return [
        {"index": i, "slug": names[i], "name": names[i], "start": f"2026-0{i + 1}-01", "tasks": [0], **one}
        for i, one in enumerate(more)
    ]


COLUMNS = [
    {"index": 0, "key": "accuracy", "title": "Right", "sorting": "desc", "precision": 3},
    {"index": 1, "key": "explanation.rouge_l", "title": "R", "sorting": "asc", "hidden": True},
    {"index": 2, "key": "both", "title": "Both", "computation": "avg", "computation_indexes": [0, 1]},
]


def test_a_leaderboard_becomes_the_rule_of_every_board():
    found = read_bundle(
        bundle(leaderboards=[{"key": "r", "columns": COLUMNS, "primary_index": 2, "submission_rule": "Force_Last"}])
    )
    rule = BoardRule.model_validate(found.phases[0].values["board"])
    assert rule.counting == "latest"
    assert (rule.by.key, [(one.key, one.direction) for one in rule.ties]) == (
        "both",
        [("accuracy", "desc"), ("explanation.rouge_l", "asc")],
    )
    assert rule.hidden == ["explanation.rouge_l"]
    assert (rule.computed[0].operation, rule.computed[0].of) == ("avg", ["accuracy", "explanation.rouge_l"])
    assert (rule.titles["accuracy"], rule.precision["accuracy"]) == ("Right", 3)


def test_a_hidden_leaderboard_stands_still_until_it_is_published():
    columns = [{"index": 0, "key": "final"}]
    found = read_bundle(bundle(leaderboards=[{"key": "r", "columns": columns, "hidden": True}])).phases[0].values
    assert (found["publish"], found["frozen_at"]) == ("manual", found["starts_at"])


def test_phases_refer_to_earlier_ones():
    found = read_bundle(
        bundle(phases=phases({}, {"auto_migrate_to_this_phase": True}, {"gate": "one", "carry_from": "two"}))
    )
    assert [(phase.gate, phase.carry_from) for phase in found.phases] == [(None, None), (None, "one"), ("one", "two")]


NOTES = {
    "docker_image": ({"docker_image": "codalab/legacy:py37"}, "not_supported"),
    "forum": ({"forum_enabled": True}, "not_supported"),
    "fact sheet": ({"fact_sheet": {"key": {}}}, "not_supported"),
    "held back": ({"auto_run_submissions": False}, "not_supported"),
    "slip": ({"regstration_auto_approve": True}, "unknown_key"),
    "time limit": ({"phases": phases({"execution_time_limit": 60})}, "not_supported"),
    "ingestion": (
        {"tasks": [{"index": 0, "scorer": {"name": "raim-2026"}, "ingestion_program": "i"}]},
        "not_supported",
    ),
    "second board": ({"leaderboards": [{"columns": [{"index": 0, "key": "final"}]}] * 2}, "not_supported"),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_key_without_effect_is_named_with_its_line(name):
    given, code = NOTES[name]
    (note,) = read_bundle(bundle(**given)).notes
    assert note["code"] == code
    assert note["line"] > 1
    if code == "unknown_key":
        assert "registration_auto_approve" in note["fix"]


def test_what_happens_anyway_needs_no_note():
    given = {"forum_enabled": False, "competition_type": "competition", "make_programs_available": False}
    assert read_bundle(bundle(**given, phases=phases({"hide_output": True, "execution_time_limit": 600}))).notes == []


FAULTS = {
    "no score": ({"leaderboards": [{"columns": [{"index": 0, "key": "correct"}]}]}, "leaderboards.0.columns.0.key"),
    "no column": (
        {"leaderboards": [{"columns": [{"index": 0, "key": "final"}], "primary_index": 3}]},
        "leaderboards.0.primary_index",
    ),
    "computed of nothing": (
        {"leaderboards": [{"columns": [{"index": 0, "key": "mean", "computation": "avg"}]}]},
        "leaderboards.0.columns.0.computation_indexes",
    ),
    "a board's key": ({"phases": phases({"board": {"by": {"key": "bleu"}}})}, "phases.0.board"),
    "a ladder without public items": ({"phases": phases({"board": {"ladder": True}})}, "phases.0.board"),
    "weights": ({"overall": {"weights": {"one": 0.4}}, "phases": phases({})}, "overall"),
    "overall of no phase": ({"overall": {"weights": {"nine": 1.0}}, "phases": phases({})}, "overall.weights"),
    "gate to itself": ({"phases": phases({"gate": "one"})}, "phases.0.gate"),
    "carried from a later one": ({"phases": phases({"carry_from": "two"}, {})}, "phases.0.carry_from"),
    "nothing before": (
        {"phases": phases({"auto_migrate_to_this_phase": True})},
        "phases.0.auto_migrate_to_this_phase",
    ),
    "split of no items": ({"phases": phases({"split": {"items": ["p_9"]}})}, "phases.0.split.items"),
    "everything public": ({"phases": phases({"split": {"items": ["p_0", "p_1"]}})}, "phases.0.split.items"),
    "split both ways": ({"phases": phases({"split": {"items": ["p_0"], "share": 0.5}})}, "phases.0.split"),
    "svg": ({"image": "logo.svg"}, "image"),
    "mail": ({"allowed_emails": ["example.org"]}, "allowed_emails.0"),
    "outside": ({"terms": "../terms.md"}, "terms"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_its_place_and_line(name):
    given, place = FAULTS[name]
    with pytest.raises(BundleInvalid) as refused:
        read_bundle(bundle(**given))
    (finding,) = refused.value.extra["findings"]
    assert finding["message"].startswith(f"{place}: ")
    assert finding["line"] > 1
    assert finding["fix"]


def test_an_image_is_told_by_its_bytes():
    assert read_bundle(bundle(image="logo.png")).image == PNG
