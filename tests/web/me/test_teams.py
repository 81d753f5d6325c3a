"""The page of teams: made, asked, accepted, left by forms; hostile names stay words."""

from typing import Any

import pytest

from tests.web.me.test_submissions import shown

NAME = "<script>alert(1)</script> & Co"


@pytest.fixture
def two(client: Any, world: Any) -> Any:
    world.competition.team_size = 3
    ada, ben = world.entrant(), world.entrant()
    tokens = {one.username: world.token(one) for one in (ada, ben)}

    def ask(who: Any, path: str = "", **given: str) -> Any:
        headers = tokens[who.username]
        if given or path:
            return client.post(f"/competitions/pairs{path}", headers=headers, data=given, follow_redirects=False)
        return client.get("/competitions/pairs/team", headers=headers)

    return ada, ben, ask


def test_a_team_is_made_joined_and_left(two: Any) -> None:
    ada, ben, ask = two
    assert "2 to 64" in shown(ask(ada, "/team", name="x"), 422)
    assert ask(ada, "/team", name=NAME).status_code == 303
    page = shown(ask(ada))
    assert "&lt;script&gt;" in page
    ref = page.partition("/team/")[2].partition("/")[0]
    assert "Nobody called" in shown(ask(ada, f"/team/{ref}/invite", username="nobody"), 404)
    assert ask(ada, f"/team/{ref}/invite", username=ben.username).status_code == 303
    page = shown(ask(ben))
    assert "You are asked to join" in page
    invitation = page.partition("/invitations/")[2].partition("/")[0]
    assert ask(ben, f"/invitations/{invitation}/explode").status_code == 404
    assert ask(ben, f"/invitations/{invitation}/accept").status_code == 303
    assert ben.username in shown(ask(ada))
    assert "Denied" not in shown(ask(ben, f"/team/{ref}/rename", name="mine now"), 403)
    assert ask(ada, f"/team/{ref}/leave", lead=ben.username).status_code == 303
    assert "Make a team" in shown(ask(ada))
    assert "As its lead" in shown(ask(ben))


def test_where_everybody_is_alone_there_is_no_form(client: Any, world: Any) -> None:
    headers = world.token(world.entrant())
    page = shown(client.get("/competitions/pairs/team", headers=headers))
    assert "Everybody takes part alone" in page
    assert 'action="/competitions/pairs/team"' not in page
