"""Boards as they are printed: table, CSV and JSON; another board, and a past one."""

from typing import Any

import pytest

from tests.client.server import Answer, Fake, Palmares, problem

BOARD: dict[str, Any] = {
    "version": 1,
    "competition": "photos",
    "phase": "dev",
    "board_version": 7,
    "columns": [
        {"key": "final", "title": "Final", "precision": 3, "primary": True},
        {"key": "accuracy", "title": "Accuracy", "precision": 2, "primary": False},
        {"key": "explanation.semantic", "title": "Semantic", "precision": 2, "primary": False},
    ],
    "rows": [
        {
            "rank": 1,
            "shown_rank": "1-3",
            "rank_ci95": [1, 4],
            "participant": "ada\u202e",
            "ref": "sub_1",
            "submitted_at": "2026-11-23T10:00:00Z",
            "entries": 4,
            "scores": {
                "final": {"value": 0.8123, "ci95": [0.75, 0.87]},
                "accuracy": {"value": 0.9, "ci95": [0.8, 1.0]},
            },
        }
    ],
}


def test_the_board_as_a_table(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos/phases/dev/leaderboard", BOARD)
    done = signed_in("leaderboard", "photos/dev")
    head, row = done.out.splitlines()
    assert head.split() == ["rank", "tied", "interval", "participant", "Final", "Accuracy", "entries", "when"]
    assert row.split()[:9] == ["1", "1-3", "1-4", "ada", "0.812", "[0.750,", "0.870]", "0.90", "4"]


@pytest.mark.parametrize("words", [["--json"], ["--format", "json"]])
def test_the_board_as_json(signed_in: Palmares, fake: Fake, words: list[str]) -> None:
    fake.on("GET", "/competitions/photos/phases/dev/leaderboard", BOARD)
    assert signed_in("leaderboard", "photos/dev", *words).document == BOARD
    fake.on("GET", "/competitions/photos/phases/dev/leaderboard", problem(404, "phase_not_found"))
    assert signed_in("leaderboard", "photos/dev", *words).document["exit_code"] == 2


def test_the_board_as_csv_is_the_servers(signed_in: Palmares, fake: Fake) -> None:
    text = "rank,participant,final\r\n1,ada,0.8123\r\n"
    fake.on(
        "GET",
        "/competitions/photos/phases/dev/leaderboard.csv",
        Answer(text.encode(), headers={"Content-Type": "text/csv"}),
    )
    assert signed_in("leaderboard", "photos/dev", "--format", "csv").out == text.replace("\r", "")


def test_an_empty_board_says_so(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos/phases/dev/leaderboard", {**BOARD, "rows": []})
    done = signed_in("leaderboard", "photos/dev")
    assert done.code == 0
    assert "no entries yet" in done.err


def test_another_board_at_a_past_moment(signed_in: Palmares, fake: Fake) -> None:
    path = "/competitions/photos/phases/dev/leaderboard"
    rows = [{**BOARD["rows"][0], "mine": True}, {**BOARD["rows"][0], "rank": None, "baseline": True}]
    fake.on("GET", path, {**BOARD, "rows": rows, "frozen": True, "as_of": "2026-03-01T00:00:00Z"})
    done = signed_in("leaderboard", "photos/dev", "--board", "late", "--at", "2026-03-01T00:00Z")
    assert "stands still as of 2026-03-01" in done.err
    _, own, baseline = done.out.splitlines()
    assert "ada (you)" in own
    assert baseline.split()[:1] + baseline.split()[3:5] == ["-", "ada", "(baseline)"]
    assert fake.asked("GET", path)[0].query == {"board": "late", "at": "2026-03-01T00:00Z"}


def test_the_board_over_phases(signed_in: Palmares, fake: Fake) -> None:
    row = {"rank": 1, "participant": "ada", "value": 0.4, "phases": {"dev": 0.8, "final": None}, "missing": ["final"]}
    warning = {"code": "openly_queried", "phase": "dev", "message": "'dev' decides 50%"}
    board = {"key": "final", "phases": [{"slug": "dev"}, {"slug": "final"}], "rows": [row], "warnings": [warning]}
    fake.on("GET", "/competitions/photos/leaderboard", board)
    done = signed_in("leaderboard", "photos", "--overall")
    assert done.out.splitlines()[1].split() == ["1", "ada", "0.4000", "0.8000", "none,", "0"]
    assert done.err == "warning: 'dev' decides 50%\n"
    assert signed_in("leaderboard", "photos", "--overall", "--json").document["rows"] == [row]
    assert signed_in("leaderboard", "photos", "--overall", "--at", "2026-03-01T00:00Z").code == 2
