"""Judging anew in the browser: begin, follow, read who moves on which items, apply or cancel."""

from app.submissions.models import Rescore
from tests.submissions.test_rescoring import begin, judge, placed
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize/rescores"


def test_begun_by_a_form_and_cancelled(olga, world, session):
    placed(session, world, world.entrant(), 0.8)
    session.commit()
    assert "Judge Main anew" in olga.get(HERE, truth=1).text
    made = olga.post(HERE, phase="main", truth_version="1", reason=EVIL)
    here = made.headers["location"]
    page = olga.get(here).text
    assert 'http-equiv="refresh"' in page
    assert "data-refresh" in page
    assert "0 of 1 are judged" in page
    again = olga.post(HERE, phase="main", truth_version="1")
    assert again.status_code == 409
    early = olga.post(here, act="apply", confirmed="yes")
    assert early.status_code == 409
    assert "Are you sure?" in olga.post(here, act="cancel").text
    assert "done=cancelled" in olga.post(here, act="cancel", confirmed="yes").headers["location"]
    assert "What it made is removed." in olga.get(here).text


def test_who_moves_and_the_change_applied(olga, world, session):
    ada, ben = world.entrant(), world.entrant()
    first, second = placed(session, world, ada, 0.8), placed(session, world, ben, 0.6)
    rescore = begin(session, world)
    judge(session, rescore, {first.id: 0.5, second.id: 0.7})
    session.commit()
    here = f"{HERE}/{rescore.ref}"
    page = olga.get(here).text
    assert 'http-equiv="refresh"' not in page
    assert "Of 2 entries, 2 have another score or place, and 2 another place." in page
    assert '<span class="down">−1</span>' in page
    assert '<span class="up">+0.1000</span>' in page
    assert "done=applied" in olga.post(here, act="apply", confirmed="yes").headers["location"]
    session.expire_all()
    assert session.get(Rescore, rescore.id).state == "applied"
    assert "Who moved" in olga.get(here).text
    assert "Who moved" in olga.get(here, board="late").text


def test_what_does_not_fit_is_told(olga, browser, world):
    assert olga.post(HERE, phase="main", truth_version="9").status_code == 404
    assert olga.post(HERE, phase="none").status_code == 404
    assert olga.post(HERE, phase="main", scorer="weights: {accuracy: 2}").status_code == 422
    assert olga.post(HERE, phase="main", scorer="a: [").status_code == 422
    assert olga.post(HERE, phase="main", scorer="just words").status_code == 422
    assert olga.get(f"{HERE}/res_none").status_code == 404
    assert browser(world.person()).get(HERE).status_code == 403
