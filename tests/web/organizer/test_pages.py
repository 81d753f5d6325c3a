"""The frame of organizers' pages: who comes in, and what the overview shows."""

import pytest

from app.web.organizer.frame import SECTIONS
from tests.submissions.test_organizing_routes import statements
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize"
WRITTEN = [f"{HERE}/{name}".rstrip("/") for name in SECTIONS]


@pytest.mark.parametrize("path", WRITTEN)
def test_organizers_alone_come_in(client, world, browser, olga, path):
    assert olga.get(path).status_code == 200
    assert browser(world.entrant()).get(path).status_code == 403
    client.cookies.clear()
    answer = client.get(path, follow_redirects=False)
    assert answer.headers["location"].startswith("/login?next=/competitions/pairs/organize")


def test_the_competition_leads_organizers_in(world, browser, olga):
    assert HERE in olga.get("/competitions/pairs").text
    assert HERE not in browser(world.entrant()).get("/competitions/pairs").text


def test_a_page_asks_the_database_as_often_however_much_was_sent(world, session, olga):
    counts = []
    for _ in range(2):
        with statements() as seen:
            for path in ("", "/submissions", "/participants"):
                olga.get(HERE + path)
        counts.append(len(seen))
        for _ in range(3):
            world.submit(world.entrant())
        session.commit()
    assert counts[0] == counts[1]


def test_the_overview_shows_states_reasons_and_a_chart(world, session, olga):
    world.competition.title = world.phase.name = EVIL
    ada = world.entrant()
    world.submit(ada)
    lost = world.submit(ada, key="b").evaluation
    lost.state, lost.finished_at, lost.problem = "failed", lost.queued_at, {"code": EVIL}
    session.commit()
    html = olga.get(HERE).text
    assert '<rect class="failed"' in html
    assert "The oldest waits since" in html
    assert "?state=failed" in html
