"""Everybody's submissions: found, disqualified with a reason, reinstated, judged once more."""

import pytest

from app.db import now
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize/submissions"


@pytest.fixture
def sent(world, session):
    """One that waits, one that failed with hostile words."""
    ada = world.entrant()
    waits, failed = world.submit(ada, key="a"), world.submit(ada, key="b")
    row = failed.evaluation
    row.state, row.finished_at = "failed", now(session)
    row.problem = {"code": "worker_lost", "title": EVIL, "detail": EVIL}
    session.commit()
    return waits.ref, failed.ref


def test_filters_keep_their_values_and_reasons_are_text(olga, sent):
    waits, failed = sent
    assert waits in olga.get(HERE).text
    shown = olga.get(HERE, state="failed", participant="PERSON").text
    assert failed in shown
    assert waits not in shown
    assert 'value="PERSON"' in shown
    assert "Nothing fits this." in olga.get(HERE, participant=EVIL[:60]).text
    assert olga.get(HERE, state=EVIL[:60]).status_code == 200


def test_disqualified_with_a_reason_and_reinstated(olga, sent):
    ref, _ = sent
    given = {"act": "disqualify", "reason": EVIL}
    assert "Are you sure?" in olga.post(f"{HERE}/{ref}", **given).text
    assert olga.post(f"{HERE}/{ref}", act="disqualify", reason=" ", confirmed="yes").status_code == 422
    olga.post(f"{HERE}/{ref}", **given, confirmed="yes")
    assert "Reinstate" in olga.get(HERE, state="disqualified").text
    olga.post(f"{HERE}/{ref}", act="reinstate", confirmed="yes")
    assert ref not in olga.get(HERE, state="disqualified").text


def test_a_failed_one_is_judged_once_more(olga, sent, world, browser):
    waits, failed = sent
    assert "done=retried" in olga.post(f"{HERE}/{failed}", act="retry", confirmed="yes").headers["location"]
    assert olga.post(f"{HERE}/{waits}", act="retry", confirmed="yes").status_code == 409
    assert olga.post(f"{HERE}/sub_none", act="retry", confirmed="yes").status_code == 404
    assert olga.post(f"{HERE}/{waits}", act=EVIL).status_code == 422
    stranger = browser(world.person())
    assert stranger.post(f"{HERE}/{failed}", act="retry", confirmed="yes").status_code == 403
