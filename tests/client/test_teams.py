"""Teams at the command: each command asks what it should, and finds one's own team by itself."""

import json
from typing import Any

import pytest

from app.client import exits
from tests.client.server import Answer, Fake, Palmares, problem

TEAMS = "/competitions/photos/teams"
INVITATION = {
    "ref": "inv_1", "competition": "photos", "team": "team_1", "team_name": "Peepers\x1b[31m", "participant": "ben",
    "state": "open", "created_at": "2026-11-23T10:00:00Z",
}  # fmt: skip
OTHER: dict[str, Any] = {
    "ref": "team_2", "name": "Others", "lead": "dan", "members": ["dan"], "mine": False, "invitations": [],
}  # fmt: skip
MINE: dict[str, Any] = {
    "ref": "team_1", "name": "Peepers", "lead": "ada", "members": ["ada", "eve"], "mine": True,
    "invitations": [INVITATION],
}  # fmt: skip


@pytest.fixture
def photos(fake: Fake) -> Fake:
    fake.on("GET", TEAMS, [OTHER, MINE])
    return fake


def body(fake: Fake, method: str, path: str) -> Any:
    [asked] = fake.asked(method, path)
    return json.loads(asked.body) if asked.body else None


@pytest.mark.parametrize(
    ("words", "method", "path", "given", "answer", "line"),
    [
        (["create", "photos", "Peepers"], "POST", TEAMS, {"name": "Peepers"}, MINE, "team_1 Peepers"),
        (["rename", "photos", "New"], "PATCH", f"{TEAMS}/team_1", {"name": "New"}, MINE, "team_1 Peepers"),
        (["invite", "photos", "ben"], "POST", f"{TEAMS}/team_1/invitations", {"username": "ben"}, INVITATION,
         "inv_1 ben to Peepers: open"),
        (["accept", "inv_1"], "POST", "/invitations/inv_1/accept", None, MINE, "team_1 Peepers"),
        (["decline", "inv_1"], "POST", "/invitations/inv_1/decline", None, INVITATION, "inv_1 ben to Peepers: open"),
        (["withdraw", "inv_1"], "POST", "/invitations/inv_1/withdraw", None, INVITATION, "inv_1 ben to Peepers: open"),
        (["leave", "photos"], "POST", f"{TEAMS}/team_1/leave", {"lead": None}, None, "team_1 Peepers: left"),
        (["leave", "photos", "--lead", "eve"], "POST", f"{TEAMS}/team_1/leave", {"lead": "eve"}, None,
         "team_1 Peepers: left"),
        (["remove", "photos", "others", "dan"], "DELETE", f"{TEAMS}/team_2/members/dan", None, None,
         "team_2 Others: without dan"),
        (["remove", "photos", "team_2", "--dissolve"], "DELETE", f"{TEAMS}/team_2", None, None,
         "team_2 Others: dissolved"),
    ],
)  # fmt: skip
def test_each_act_asks_for_it_once(
    signed_in: Palmares, photos: Fake, words: list[str], method: str, path: str, given: Any, answer: Any, line: str
) -> None:
    photos.on(method, path, Answer(answer, 204 if answer is None else 200))
    done = signed_in("team", *words)
    assert (done.code, done.out.splitlines()[0]) == (0, line)
    assert body(photos, method, path) == given
    assert signed_in("team", *words, "--json").document["version"] == 1


def test_teams_and_invitations_are_listed(signed_in: Palmares, photos: Fake) -> None:
    _, first, second = signed_in("team", "list", "photos").out.splitlines()
    assert first.split() == ["team_2", "Others", "dan", "dan"]
    assert second.split() == ["team_1", "Peepers", "ada", "ada,", "eve", "yes"]
    assert signed_in("team", "show", "photos").out.splitlines() == [
        "team_1 Peepers", "  ada (lead)", "  eve", "  invited: ben (inv_1)",
    ]  # fmt: skip
    assert signed_in("team", "show", "photos", "OTHERS").out.splitlines() == ["team_2 Others", "  dan (lead)"]
    photos.on("GET", "/me/invitations", [INVITATION])
    assert signed_in("team", "invitations").out.splitlines()[1].split()[:4] == ["inv_1", "photos", "Peepers", "ben"]


def test_what_cannot_be_says_why(signed_in: Palmares, photos: Fake) -> None:
    assert signed_in("team", "remove", "photos", "team_2").code == exits.USAGE
    assert signed_in("team", "remove", "photos", "team_2", "dan", "--dissolve").code == exits.USAGE
    assert signed_in("team", "show", "photos", "nobody").code == exits.USAGE
    assert "team invitations" in signed_in("team", "accept", "../x").err
    assert not [one for one in photos.seen if one.method != "GET"]
    photos.on("POST", "/invitations/inv_1/accept", problem(409, "joint_use_too_high"))
    assert signed_in("team", "accept", "inv_1").code == exits.LIMIT
    photos.on("GET", TEAMS, [OTHER])
    left = signed_in("team", "leave", "photos")
    assert (left.code, "no team" in left.err) == (exits.USAGE, True)
