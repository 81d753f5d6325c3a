"""What CI systems are told: nothing that a file or a server wrote can break out of it."""

import json
from pathlib import Path
from xml.etree import ElementTree as xml

from app.client import summary
from app.client.documents import Change
from tests.client.server import Fake, Palmares, problem, submission

FINDING = {"code": "bad_answer", "message": "`x` | <b>", "file": "p.jsonl", "line": 3, "item_id": "p", "fix": "Mend."}
CHANGE: Change = {
    "to": "sub_0", "difference": 0.0123, "ci95": (-0.01, 0.035), "p_value": 0.2, "significant": False
}  # fmt: skip


def test_the_summary_tells_score_rank_change_and_threshold() -> None:
    below = [{"key": "final", "value": 0.8123, "threshold": 0.9}]
    text = summary.markdown(submission("scored"), CHANGE, below)
    assert "| final | 0.8123 | 0.7500 to 0.8700 |" in text
    assert "| explanation | 0.7246 |  |" in text
    assert "Rank 2 of 9." in text
    assert "Change of `final` to `sub_0`: +0.0123 [-0.0100, +0.0350], not significant (p = 0.200)." in text
    assert "**Below the threshold:** `final` 0.8123 < 0.9." in text


def test_the_submission_is_linked_and_the_link_cannot_be_left() -> None:
    text = summary.markdown(submission("scored", page="https://p.example/submissions/x)[y](z"), None, [])
    assert text.endswith("Submission [`sub_7h3k9q2m`](https://p.example/submissions/x%29%5By%5D%28z)\n")


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
        "findings": [FINDING, {**FINDING, "file": None, "line": None}, {**FINDING, "file": "a b/%.csv"}],
        "warnings": [{**FINDING, "code": "missing"}],
    }
    (run,) = json.loads(summary.sarif(found, "p.zip"))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["bad_answer", "missing"]
    assert [one["level"] for one in run["results"]] == ["error", "error", "error", "warning"]
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert places[0] == {"artifactLocation": {"uri": "p.jsonl"}, "region": {"startLine": 3}}
    assert places[1] == {"artifactLocation": {"uri": "p.zip"}}
    assert places[2]["artifactLocation"] == {"uri": "a%20b/%25.csv"}, "a URI, as SARIF demands"


def test_the_change_is_to_the_last_scored_one_before(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    mine = submission("scored", ref="sub_2", created_at="2026-11-23T10:00:00Z")
    older = [
        submission("scored", ref=ref, created_at=f"2026-11-23T{hour}:00:00Z")
        for ref, hour in (("sub_3", 11), ("sub_2", 10), ("sub_1", "09"), ("sub_0", "08"))
    ]
    fake.on("GET", "/submissions/sub_2", mine)
    fake.on("GET", "/submissions", {"items": older, "next_cursor": None})
    final = {"a": 0.8, "b": 0.7877, "difference": 0.0123, "ci95": [-0.01, 0.035], "p_value": 0.2}
    compared = {"a": "sub_2", "b": "sub_1", "separable": False, "scores": {"final": final}}
    fake.on("GET", "/submissions/sub_2/comparison", compared)
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    assert signed_in("watch", "sub_2", "--summary", file).code == 0
    assert file.read_text().startswith("before\n### `photos`/`dev`: scored\n")
    assert fake.asked("GET", "/submissions/sub_2/comparison")[0].query == {"with": "sub_1"}
    told = signed_in("watch", "sub_2", "--summary", file, "--json").document
    assert told["change"] == {**CHANGE, "to": "sub_1", "ci95": [-0.01, 0.035]}
    assert told["page"] == f"{fake.url}/submissions/sub_7h3k9q2m"
    fake.on("GET", "/submissions/sub_2/comparison", problem(409, "different_scoring"))
    assert signed_in("watch", "sub_2", "--summary", file, "--json").document["change"] is None


def test_an_invalid_file_is_told_before_it_is_sent(signed_in: Palmares, tmp_path: Path) -> None:
    bad, out = tmp_path / "bad.jsonl", tmp_path / "junit.xml"
    bad.write_text('{"id": "p", "answer": "C"}\n')
    assert signed_in("submit", "photos/dev", bad, "--junit", out).code == 3
    assert xml.parse(out).getroot().get("failures") == "1"
    sarif = tmp_path / "sarif.json"
    assert signed_in("validate", bad, "--sarif", sarif).code == 3
    assert json.loads(sarif.read_text())["runs"][0]["results"][0]["ruleId"] == "bad_answer"
    assert signed_in("validate", bad, "--junit", tmp_path / "no" / "where.xml").code == 2
    again = tmp_path / "again.json"
    assert signed_in("submit", "photos/dev", bad, "--sarif", again).code == 3
    assert json.loads(again.read_text()) == json.loads(sarif.read_text())


def test_what_the_server_refuses_at_the_door_is_written_down_too(
    signed_in: Palmares, fake: Fake, good: Path, tmp_path: Path
) -> None:
    sarif, out = tmp_path / "sarif.json", tmp_path / "summary.md"
    refusal = problem(422, "not_an_archive", findings=[FINDING], findings_total=1)
    fake.on("POST", "/competitions/photos/phases/dev/submissions", refusal)
    assert signed_in("submit", "photos/dev", good, "--sarif", sarif, "--summary", out).code == 3
    assert len(json.loads(sarif.read_text())["runs"][0]["results"]) == 1
    assert "`bad_answer` `p.jsonl:3`" in out.read_text()


def test_a_scored_submission_has_no_findings_to_tell(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    fake.on("GET", "/submissions/sub_2", submission("scored", ref="sub_2"))
    assert signed_in("watch", "sub_2", "--sarif", tmp_path / "s.json").code == 0
    assert json.loads((tmp_path / "s.json").read_text())["runs"][0]["results"] == []
