"""Names of teams: what is seen, and nothing else."""

import pytest

from app.submissions.team_schemas import team_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Pixel Peepers", "Pixel Peepers"),
        ("  two   spaces ", "two spaces"),
        ("\uff21\uff22", "AB"),
        ("北京大学", "北京大学"),
        ("Zoë's team", "Zoë's team"),
        ("नमस्ते", "नमस्ते"),
        ("x" * 64, "x" * 64),
    ],
)
def test_names_are_kept_in_one_form(given, kept):
    assert team_name(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "", " ", "a", "x" * 65, "a\nb", "a\tb", "a\x1b[31mb", "ad\u200bmin", "\u202enimda", "a\u3164b", "\u2800\u2800",
        "--", "a" + "\u0301" * 4, "ab\ue000", "\ud83d\ude00\ud83d\ude00", "\ufdfa" * 10,
    ],
)  # fmt: skip
def test_unseen_and_empty_names_are_refused(given):
    with pytest.raises(ValueError, match="a name"):
        team_name(given)
