"""The frame of organizers' pages: who comes in, and what the overview shows."""

import pytest
from sqlalchemy import func, select

from app.audit import AuditEvent
from app.main import create_app
from app.submissions import rescoring
from app.web.organizer.frame import SECTIONS
from tests.competitions.test_people_routes import routes_of
from tests.conftest import TRUTH
from tests.submissions.test_organizing_routes import statements
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize"
WRITTEN = [f"{HERE}/{name}".rstrip("/") for name in SECTIONS]


YES = {"confirmed": "yes", "version": "1"}
# What each form sends; {ref}: somebody's submission, {rescore}: an open re-scoring.
FORMS = {
    "phases/{phase}/act": ("phases/main/act", {"act": "close"}),
    "phases/{phase}": ("phases/main", {"max_submissions": "3"}),
    "participants": ("participants", {"act": "ban", "username": "person1"}),
    "participants/organizers": ("participants/organizers", {"act": "add", "username": "person1"}),
    "participants/allowed": ("participants/allowed", {"allowed_emails": "@example.org"}),
    "submissions/{ref}": ("submissions/{ref}", {"act": "disqualify", "reason": "x"}),
    "truth/{phase}": ("truth/main", {}),
    "rescores": ("rescores", {"phase": "main", "truth_version": "1"}),
    "rescores/{ref}": ("rescores/{rescore}", {"act": "cancel"}),
    "announcements": ("announcements", {"title": "x", "body": "y"}),
    "announcements/{ref}/delete": ("announcements/ann_1/delete", {}),
    "settings": ("settings", {"how": "yaml", "yaml": "x"}),
    "settings/save": ("settings/save", {"sha256": "0" * 64}),
    "settings/delete": ("settings/delete", {}),
}


def test_the_table_of_forms_is_whole():
    start = "/competitions/{slug}/organize/"
    posts = {route.path for route in routes_of(create_app()) if "POST" in route.methods and start in route.path}
    assert {path.partition(start)[2] for path in posts} == set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_no_form_acts_for_a_stranger(world, session, browser, form):
    """Not even for an organizer of other competitions, by a form that skips the question."""
    path, fields = FORMS[form]
    sent = world.submit(world.entrant())
    rescore = rescoring.start(session, world.organizer, "pairs", "main")
    session.commit()
    rows = session.scalar(select(func.count()).select_from(AuditEvent))
    files = {"file": ("t.jsonl", TRUTH)} if form.startswith("truth") else None
    stranger = browser(world.person("other", "organizer"))
    answer = stranger.post(f"{HERE}/{path.format(ref=sent.ref, rescore=rescore.ref)}", files=files, **YES | fields)
    assert answer.status_code in (403, 404)
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == rows


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
