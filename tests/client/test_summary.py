"""What CI systems are told: nothing that a file or a server wrote can break out of it."""

import json
from pathlib import Path
from xml.etree import ElementTree as xml

from app.client import summary
from tests.client.server import Fake, Palmares, problem, submission

FINDING = {"code": "bad_answer", "message": "`x` | <b>", "file": "p.jsonl", "line": 3, "item_id": "p", "fix": "Mend."}
CHANGE = {"b": "sub_0", "separable": False, "scores": {"final": {"difference": 0.0123, "p_value": 0.2}}}


def test_the_summary_tells_score_rank_change_and_threshold() -> None:
    below = [{"key": "final", "value": 0.8123, "threshold": 0.9}]
    text = summary.markdown(submission("scored"), CHANGE, below)
    assert "| final | 0.8123 | 0.7500 to 0.8700 |" in text
    assert "| explanation | 0.7246 |  |" in text
    assert "Rank 2 of 9." in text
    assert "Change of `final` to `sub_0`: +0.0123, not significant (p = 0.200)." in text
    assert "**Below the threshold:** `final` 0.8123 < 0.9." in text


def test_text_of_files_stays_in_its_code_span() -> None:
    found = submission("invalid", findings=[FINDING], findings_total=5)
    text = summary.markdown(found, None, [])
    assert "- `bad_answer` `p.jsonl:3` `'x' | <b>` `Mend.`" in text
    assert "- … 5 findings in all" in text


def test_junit_has_a_case_for_the_file_the_score_and_each_threshold() -> None:
    floors = {"final": 0.9, "accuracy": 0.5}
    below = [{"key": "final", "value": 0.8123, "threshold": 0.9}]
    suite = xml.fromstring(summary.junit(submission("scored"), floors, below))
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    assert [(case.get("name"), len(case)) for case in suite] == [
        ("file is valid", 0),
        ("is scored", 0),
        ("final >= 0.9", 1),
        ("accuracy >= 0.5", 0),
    ]
    invalid = xml.fromstring(summary.junit(submission("invalid", findings=[FINDING]), floors, []))
    assert invalid.get("failures") == "3"
    failed = submission("failed", problem={"code": "worker_lost", "detail": "Lost \x1b[2J"})
    assert xml.fromstring(summary.junit(failed, {}, []))[1][0].get("message") == "failed: Lost"


def test_sarif_names_places_and_rules() -> None:
    found = {
        "findings": [FINDING, {**FINDING, "file": None, "line": None}],
        "warnings": [{**FINDING, "code": "missing"}],
    }
    (run,) = json.loads(summary.sarif(found, "p.zip"))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["bad_answer", "missing"]
    assert [one["level"] for one in run["results"]] == ["error", "error", "warning"]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert places[0] == {"artifactLocation": {"uri": "p.jsonl"}, "region": {"startLine": 3}}
    assert places[1] == {"artifactLocation": {"uri": "p.zip"}}


def test_the_change_is_to_the_last_scored_one_before(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    mine = submission("scored", ref="sub_2", created_at="2026-11-23T10:00:00Z")
    older = [
        submission("scored", ref=ref, created_at=f"2026-11-23T{hour}:00:00Z")
        for ref, hour in (("sub_3", 11), ("sub_2", 10), ("sub_1", "09"), ("sub_0", "08"))
    ]
    fake.on("GET", "/submissions/sub_2", mine)
    fake.on("GET", "/submissions", {"items": older, "next_cursor": None})
    fake.on("GET", "/submissions/sub_2/comparison", CHANGE)
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    assert signed_in("watch", "sub_2", "--summary", file).code == 0
    assert file.read_text().startswith("before\n### `photos`/`dev`: scored\n")
    assert fake.asked("GET", "/submissions/sub_2/comparison")[0].query == {"with": "sub_1"}
    fake.on("GET", "/submissions/sub_2/comparison", problem(409, "different_scoring"))
    assert signed_in("watch", "sub_2", "--summary", file).code == 0


def test_an_invalid_file_is_told_before_it_is_sent(signed_in: Palmares, tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.jsonl", tmp_path / "junit.xml"
    bad.write_text('{"id": "p", "answer": "C"}\n')
    assert signed_in("submit", "photos/dev", bad, "--junit", out).code == 3
    assert xml.parse(out).getroot().get("failures") == "1"
    sarif = tmp_path / "sarif.json"
    assert signed_in("validate", bad, "--sarif", sarif).code == 3
    assert json.loads(sarif.read_text())["runs"][0]["results"][0]["ruleId"] == "bad_answer"
    assert signed_in("validate", bad, "--junit", tmp_path / "no" / "where.xml").code == 2
