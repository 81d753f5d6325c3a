"""Phases by buttons: a question first, then the act; two at once do not overwrite one another."""

import re

import pytest

from app.competitions.models import Phase
from tests.web.organizer.conftest import EVIL

HERE = "/competitions/pairs/organize/phases"


def version(olga) -> str:
    return re.search(r'name="version" value="(\d+)"', olga.get(HERE).text)[1]


def fields_of(html: str, slug: str) -> dict[str, str]:
    """What a browser would send of a phase's form, untouched."""
    form = html.partition(f'action="{HERE}/{slug}">')[2].partition("</form>")[0]
    sent = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"(?! checked)', form))
    sent = {name: value for name, value in sent.items() if f'type="checkbox" name="{name}"' not in form}
    for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form):
        sent[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return sent


@pytest.mark.parametrize(
    ("act", "reads"),
    [
        ("close", lambda phase: phase.ends_at is not None),
        ("pause", lambda phase: phase.paused),
        ("freeze", lambda phase: phase.frozen_at is not None),
        ("publish", lambda phase: phase.published_at is not None),
    ],
)
def test_an_act_is_asked_for_then_done(world, session, olga, act, reads):
    given = {"act": act, "version": version(olga)}
    asked = olga.post(f"{HERE}/main/act", **given)
    assert "Are you sure?" in asked.text
    session.expire_all()
    assert not reads(session.get(Phase, world.phase.id))
    done = olga.post(f"{HERE}/main/act", **given, confirmed="yes")
    assert done.headers["location"].startswith(f"{HERE}?done=")
    session.expire_all()
    assert reads(session.get(Phase, world.phase.id))
    assert 'role="status"' in olga.get(done.headers["location"]).text


def test_the_end_is_moved_and_the_phase_reopened(world, session, olga):
    given = {"act": "close", "confirmed": "yes"}
    olga.post(f"{HERE}/main/act", **given, version=version(olga))
    assert "Reopen" in olga.get(HERE).text
    moved = {"act": "extend", "until": "2031-05-01T12:30", "confirmed": "yes"}
    olga.post(f"{HERE}/main/act", **moved, version=version(olga))
    session.expire_all()
    assert session.get(Phase, world.phase.id).ends_at.isoformat() == "2031-05-01T12:30:00+00:00"


def test_an_untouched_form_changes_nothing_and_a_touched_one_only_that(world, session, olga):
    html = olga.get(HERE).text
    sent = fields_of(html, "main")
    assert "start" in sent
    assert olga.post(f"{HERE}/main", **sent).headers["location"] == f"{HERE}?done=unchanged#main"
    started = world.phase.starts_at
    sent |= {"max_submissions_per_day": "7", "max_submissions": "0", "accept_late": "yes"}
    assert "done=saved" in olga.post(f"{HERE}/main", **sent).headers["location"]
    session.expire_all()
    phase = session.get(Phase, world.phase.id)
    assert (phase.max_submissions_per_day, phase.max_submissions, phase.accept_late) == (7, None, True)
    assert phase.starts_at == started  # its seconds are not in the form


def test_the_second_of_two_organizers_is_told_what_the_first_changed(world, session, browser, olga):
    from app.competitions import people

    world.person("co")
    people.add_organizer(session, world.organizer, "pairs", "co")
    session.commit()
    sent = fields_of(olga.get(HERE).text, "main")
    other = browser(world.person("root", "admin"))
    assert "done=saved" in other.post(f"{HERE}/main", **(sent | {"max_concurrent": "3"})).headers["location"]
    late = olga.post(f"{HERE}/main", **(sent | {"max_concurrent": "9"}))
    assert late.status_code == 412
    assert "<strong>root</strong> changed pairs/main" in late.text
    assert "<code>max_concurrent</code>: None → 3" in late.text
    assert 'value="3"' in late.text  # the form is as it is now
    session.expire_all()
    assert session.get(Phase, world.phase.id).max_concurrent == 3


def test_what_is_refused_keeps_what_was_typed(world, session, olga):
    world.phase.name = EVIL
    session.commit()
    sent = fields_of(olga.get(HERE).text, "main") | {"end": "2001-01-01T00:00", "max_concurrent": "4"}
    refused = olga.post(f"{HERE}/main", **sent)
    assert refused.status_code == 422
    assert 'value="2001-01-01T00:00"' in refused.text
    assert olga.post(f"{HERE}/main/act", act=EVIL, version="1").status_code == 422
    assert olga.post(f"{HERE}/none/act", act="open", version="1").status_code == 404
    odd = fields_of(olga.get(HERE).text, "main") | {"max_concurrent": "many"}
    assert "max_concurrent" in olga.post(f"{HERE}/main", **odd).text
