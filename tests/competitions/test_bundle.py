"""Bundles: what CodaBench's keys become here, what is named as not supported, and faults with their lines."""

import io
import zipfile

import pytest
import yaml

from app.competitions.bundle import read_bundle
from app.competitions.errors import BundleInvalid
from app.competitions.rules import BoardRule
from app.settings import settings

TRUTH = b'{"id": "p_0", "answer": "A", "explanation": "x"}\n{"id": "p_1", "answer": "B", "explanation": "y"}\n'
KIT = b"Hello. " * 3000
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def bundle(text: str = "", **given):
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
        archive.writestr("competition.yaml", text or yaml.safe_dump(document, sort_keys=False))
        archive.writestr("terms.md", "Be fair.")
        archive.writestr("truth.jsonl", TRUTH)
        archive.writestr("logo.png", PNG)
        archive.writestr("logo.svg", "<svg/>")
        archive.writestr("reference/truth.jsonl", TRUTH)
        archive.writestr("reference.zip", zipped(**{"truth.jsonl": TRUTH}))
        archive.writestr("two/a.jsonl", TRUTH)
        archive.writestr("two/b.jsonl", TRUTH)
        archive.writestr("broken.zip", b"PK\x03\x04 not really")
        archive.writestr("kit.zip", zipped(**{"README.md": KIT, "more/a.csv": b"a"}))
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


def task(**given):
    return {"tasks": [{"index": 0, "scorer": {"name": "pairwise-explained"}, **given}]}


@pytest.mark.parametrize("name", ["truth.jsonl", "./reference/", "reference.zip"])
def test_a_truth_may_stand_alone_in_a_folder_or_zip(name):
    assert read_bundle(bundle(**task(reference_data=name))).phases[0].item_ids == ["p_0", "p_1"]


def test_a_kit_that_is_a_zip_is_offered_as_its_files():
    (phase,) = read_bundle(bundle(phases=phases({"starting_kit": "kit.zip"}))).phases
    with zipfile.ZipFile(io.BytesIO(phase.files["starting_kit"])) as kit:
        assert kit.namelist() == ["README.md", "more/a.csv"]


def test_zips_inside_are_bounded_together(monkeypatch):
    kits = ({"starting_kit": "kit.zip"}, {"starting_kit": "kit.zip"})
    monkeypatch.setattr(settings(), "unpacked_bytes", 3 * len(KIT) - 1)
    assert read_bundle(bundle(phases=phases(*kits[:1])))
    with pytest.raises(BundleInvalid) as refused:
        read_bundle(bundle(phases=phases(*kits, *kits[:1])))
    (finding,) = refused.value.extra["findings"]
    assert finding["message"].startswith("phases.2.starting_kit: 'kit.zip' cannot be read: Unpacked")


# A bundle as CodaBench writes it, with every key of its schema (its docs/Yaml-Structure and unpackers/v2).
UPSTREAM = """\
version: "2"
title: Pairs
description: Which is better?
image: logo.png
terms: terms.md
registration_auto_approve: "True"
docker_image: codalab/codalab-legacy:py37              # note
queue: 1a2b3c4d-0000-0000-0000-000000000000            # note
enable_detailed_results: true                          # note
show_detailed_results_in_submission_panel: true
show_detailed_results_in_leaderboard: true
auto_run_submissions: false                            # note
can_participants_make_submissions_public: true         # note
make_programs_available: true                          # note
make_input_data_available: true                        # note
competition_type: benchmark
reward: $1000
contact_email: ask@example.org
forum_enabled: true                                    # note
fact_sheet: {method: {key: method, type: text}}        # note
solutions: [{index: 0, tasks: [0], path: s.zip}]       # note
pages:
  - {title: Overview, file: terms.md, index: 0}
tasks:
  - index: 0
    name: One
    description: The first.
    is_public: true                                    # note
    scorer: {name: pairwise-explained}
    key: 1a2b3c4d-0000-0000-0000-000000000000          # note
    scoring_program: scoring_program.zip               # note
    ingestion_program: ingestion_program               # note
    ingestion_only_during_scoring: true                # note
    input_data: input.zip                              # note
    reference_data: reference.zip
phases:
  - index: 0
    name: One
    description: First.
    start: 2026-01-01
    end: "2026-02-01 12:00:00"
    tasks: [0]
    max_submissions_per_day: 0
    max_submissions: 7
    execution_time_limit: 60                           # note
    auto_migrate_to_this_phase: false
    hide_output: true
    hide_prediction_output: true
    hide_score_output: true                            # note
    accepts_only_result_submissions: true
    is_final_phase: false
    solutions: [0]                                     # note
    starting_kit: kit.zip
    public_data: two
  - {index: 1, name: Two, start: 2026-02-02, tasks: [0], auto_migrate_to_this_phase: true}
leaderboards:
  - index: 0
    title: Results
    key: main
    submission_rule: Add_And_Delete_Multiple
    hidden: true
    primary_index: 0
    columns:
      - {title: Final, key: final, index: 0, sorting: desc, computation: null, precision: 3, hidden: false}
      - {title: All, key: all, index: 1, computation: sum, computation_indexes: [0, 2], hidden: true}
      - {title: Right, key: accuracy, index: 2}
  - {title: Other, key: other, columns: [{title: F, key: final, index: 0}]}  # note
"""


def test_every_key_of_codabench_is_honoured_or_named_with_its_line():
    found = read_bundle(bundle(text=UPSTREAM))
    lines = UPSTREAM.splitlines()
    assert {one["line"] for one in found.notes} == {n for n, line in enumerate(lines, 1) if line.endswith("# note")}
    assert {one["code"] for one in found.notes} == {"not_supported"}
    assert len(found.notes) == len({one["line"] for one in found.notes})
    values, (one, two) = found.values, found.phases
    assert (values["registration_auto_approve"], values["reward"], found.image) == (True, "$1000", PNG)
    assert (one.values["max_submissions_per_day"], one.values["max_submissions"]) == (None, 7)
    assert (one.values["ends_at"].hour, one.item_ids, set(one.files)) == (
        12, ["p_0", "p_1"], {"starting_kit", "public_data"},
    )  # fmt: skip
    assert (two.carry_from, two.values["publish"]) == ("one", "manual")
    rule = BoardRule.model_validate(one.values["board"])
    assert (rule.counting, rule.choices, rule.hidden, rule.precision["final"]) == ("choice", 10, ["all"], 3)


FAULTS = {
    "no scorer": ({"tasks": [{"index": 0, "scoring_program": "s.zip"}]}, "tasks.0.scorer"),
    "truth of two files": (task(reference_data="two"), "tasks.0.reference_data"),
    "truth that is no zip": (task(reference_data="broken.zip"), "tasks.0.reference_data"),
    "a data set of CodaBench": (task(reference_data="1a2b3c4d-0000-0000-0000-000000000000"), "tasks.0.reference_data"),
    "a column twice": (
        {"leaderboards": [{"columns": [{"index": n, "key": "final"} for n in (0, 1)]}]},
        "leaderboards.0.columns",
    ),
    "an index twice": (
        {"leaderboards": [{"columns": [{"index": 0, "key": key} for key in ("final", "accuracy")]}]},
        "leaderboards.0.columns",
    ),
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
