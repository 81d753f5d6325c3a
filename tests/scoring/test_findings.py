"""Findings are counted, kept up to a hundred, safe to show, and documented: the page and the table say the same."""

import re
from pathlib import Path

import pytest

from app.scoring.findings import CODES, FIXES, KEPT, Finding, Findings, Invalid, shown

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"


def sections() -> dict[str, str]:
    parts = re.split(r"^### `(\w+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_has_every_code_in_the_order_of_the_table() -> None:
    assert list(sections()) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_page_says_what_the_code_means_with_an_example_and_how_to_mend_it(code: str) -> None:
    # Backticks are the page's own: they keep tags from being taken for HTML.
    text = " ".join(sections()[code].split()).replace("`", "")
    assert CODES[code] in text
    assert f"**Mend:** {FIXES[code]}" in text
    assert "**Example:** " in text
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", code)


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_used_by_the_core(code: str) -> None:
    folder = Path(__file__).parents[2] / "app" / "scoring"
    sources = [path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "findings.py"]
    assert any(f'"{code}"' in source for source in sources)


def test_the_first_hundred_are_kept_and_all_are_counted() -> None:
    findings, more = Findings(), Findings()
    for line in range(70):
        findings.add("bad_answer", line=line)
        more.add("bad_id", line=line)
    findings.extend(more)
    assert (len(findings.kept), findings.total, len(findings)) == (KEPT, 140, 140)
    assert [one.code for one in findings] == ["bad_answer"] * 70 + ["bad_id"] * 30
    assert (Invalid(findings).total, len(Invalid(findings).findings)) == (140, KEPT)


def test_a_finding_says_where_it_is_and_how_to_mend_it() -> None:
    findings = Findings()
    findings.add("bad_answer", "The answer is C.", line=3, item_id="p_000")
    named = findings.in_file("run/p\n.jsonl")
    assert named.kept[0].as_dict() == {
        "code": "bad_answer",
        "message": "The answer is C.",
        "file": "run/p\\u000a.jsonl",
        "line": 3,
        "item_id": "p_000",
        "fix": FIXES["bad_answer"],
    }
    assert named.in_file("other").kept == named.kept
    assert Invalid.because("encrypted", file="a").findings == [
        Finding("encrypted", CODES["encrypted"], "a", None, None, FIXES["encrypted"])
    ]


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Findings().add("no_such_code")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain – müßig 米仓", "plain – müßig 米仓"),
        ("a\x00b\x1b[31m\x9b", "a\\u0000b\\u001b[31m\\u009b"),
        ("\u202eevil\u2066\u200b", "\\u202eevil\\u2066\\u200b"),
        ("half \ud83d", "half \\ud83d"),
        ("line\nend\u2028", "line\\u000aend\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_text_from_outside_is_shown_harmlessly(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(text).isprintable()
