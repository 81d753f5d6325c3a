"""Nothing from outside can draw on the terminal; times, scores, findings and tables read well."""

import time

import pytest

from app.client import show


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ± 中文 👍🏽", "plain ± 中文 👍🏽"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("over\rwritten\x08\x7f\x00", "overwritten"),
        ("abc\u202ecba\u2066x\u2069\u200e", "abccbax"),
        ("line\u2028end\ufeff", "lineend"),
        ("half \ud83d pair", "half  pair"),
    ],
)
def test_text_from_outside_is_only_text(text: str, expected: str) -> None:
    assert show.plain(text) == expected


def test_everything_printed_is_made_plain(capsys: pytest.CaptureFixture[str]) -> None:
    show.out("\x1b[2Jdata")
    show.talk("\x1b[2Jtalk")
    show.table(["a"], [["\x1b[2Jce\nll"]])
    done = capsys.readouterr()
    assert "\x1b" not in done.out + done.err
    assert "ce ll" in done.out


def test_json_is_ascii_and_has_a_version(capsys: pytest.CaptureFixture[str]) -> None:
    show.document({"name": "\u202eü\x1b"})
    assert capsys.readouterr().out == '{\n  "version": 1,\n  "name": "\\u202e\\u00fc\\u001b"\n}\n'


def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "EST5")
    time.tzset()
    try:
        assert show.moment("2026-11-23T02:30:07Z") == "2026-11-22 21:30 EST"
        assert show.moment("2026-11-23T02:30:07Z", seconds=True) == "2026-11-22 21:30:07 EST"
    finally:
        monkeypatch.undo()
        time.tzset()
    assert show.moment(None) == ""
    assert show.moment("soon\x1b[2J") == "soon"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"value": 0.93, "ci95": [0.87, 0.97]}, "0.930 [0.870, 0.970]"),
        ({"value": 0, "ci95": None}, "0.000"),
        ({"value": None}, ""),
        (None, ""),
    ],
)
def test_scores_carry_their_interval(entry: dict[str, object] | None, expected: str) -> None:
    assert show.score(entry, 3) == expected


def test_findings_say_where_and_how_to_mend_and_count_the_rest() -> None:
    found = {"code": "bad_answer", "message": "No.", "file": "a.jsonl", "line": 4, "item_id": "p_1", "fix": "Yes."}
    lines = show.findings({"findings": [found, {"code": "empty_file", "message": "Empty."}], "findings_total": 7})
    assert lines == ["a.jsonl:4: bad_answer: No. (p_1)\n    Yes.", "empty_file: Empty.", "… and 5 more"]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_is_never_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    show.table(["name", "n"], [["x" * 300, 1], ["[bold]y[/bold]", 20]], right=["n"])
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == "x" * 300 + "   1"
    assert lines[2].startswith("[bold]y[/bold]")
