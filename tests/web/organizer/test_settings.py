"""The editor: what would change is shown before it is saved; form, YAML and bundle change the same competition."""

import re

import pytest
from sqlalchemy import select

from app.competitions import people
from app.competitions.models import Competition
from tests.web.organizer.conftest import EVIL, _Tags
from tests.web.organizer.test_making import sha256

HERE = "/competitions/mine/organize/settings"


@pytest.fixture
def editor(olga):
    """An organizer with a competition of two pairs."""
    shown = olga.post("/organize/new", **{"from": "example", "example-title": "Mine", "example-slug": "mine"})
    olga.post("/organize/new/save", sha256=sha256(shown.text))
    return olga


def untouched(html: str) -> dict[str, str]:
    """What a browser would send of the form of settings as it stands there."""
    form = html.partition(f'action="{HERE}">')[2].partition("</form>")[0]
    sent = {}
    for tag, values in _Tags(form).found:
        if tag == "input" and values.get("type") not in ("file", "checkbox"):
            sent[values["name"]] = values.get("value", "")
        if tag == "input" and values.get("type") == "checkbox" and "checked" in values:
            sent[values["name"]] = "yes"
    for name, words in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        sent[name] = html_text(words).replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form):
        sent[name] = next(iter(re.findall(r'value="([^"]*)" selected', options)), "")
    return sent


def html_text(words: str) -> str:
    from html import unescape

    return unescape(words)


def mine(session) -> Competition:
    session.expire_all()
    return session.scalar(select(Competition).where(Competition.slug == "mine"))


def saved(editor, shown):
    version = re.search(r'name="version" value="(\d+)"', shown.text)[1]
    return editor.post(f"{HERE}/save", sha256=sha256(shown.text), version=version)


def test_an_untouched_form_changes_nothing(editor):
    shown = editor.post(HERE, **untouched(editor.get(HERE).text)).text
    assert "Nothing would change." in shown
    assert "Line by line" not in shown
    assert "Save it" not in shown


def test_all_kinds_of_fields_are_shown_then_saved(editor, session):
    sent = untouched(editor.get(HERE).text) | {
        "title": EVIL.replace("\u202e", ""), "team_size": "3", "allowed_emails": "@example.org\r\nada@b.example",
        "anonymous": "yes", "overall": "key: final", "page-0-content": "# Other\r\n<script>alert(1)</script>",
        "page-new-title": "Rules", "page-new-content": "Be fair.", "terms": "Other terms",
        "phase-development-max_submissions": "0", "phase-development-board": "counting: latest",
        "phase-development-end": "2031-02-03T04:05", "phase-development-show_items": "yes",
        "new-name": "Final", "new-slug": "final", "new-start": "2031-03-01T00:00", "new-end": "",
    }  # fmt: skip
    shown = editor.post(HERE, **sent)
    for path in ("title", "team_size", "pages", "phases.development.board", "phases.final.name"):
        assert f"<code>{path}</code>" in shown.text, path
    assert "<ins>+Be fair.</ins>" in shown.text
    assert mine(session).team_size == 1
    assert saved(editor, shown).headers["location"] == f"{HERE}?done=saved"
    now = mine(session)
    assert (now.team_size, now.anonymous, now.terms, now.terms_version) == (3, True, "Other terms", 2)
    assert now.allowed_emails == ["@example.org", "ada@b.example"]
    assert [page["title"] for page in now.pages] == ["Overview", "Rules"]
    first, second = now.phases
    assert (first.max_submissions, first.board, first.show_items) == (None, {"counting": "latest"}, True)
    assert first.ends_at.isoformat() == "2031-02-03T04:05:00+00:00"
    assert (second.slug, second.truth, second.plan) == ("final", None, first.plan)
    assert first.truth is not None  # it is not in the draft, and stays
    gone = untouched(editor.get(HERE).text) | {"phase-final-gone": "yes", "page-1-gone": "yes"}
    saved(editor, editor.post(HERE, **gone))
    assert (len(mine(session).phases), len(mine(session).pages)) == (1, 1)


def test_files_come_and_go(editor, session):
    sent = untouched(editor.get(HERE).text)
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    kit = editor.get("/api/v1/competitions/mine/phases/development/starting-kit").content
    files = {"image": ("l.png", png), "phase-development-public_data": ("k.zip", kit)}
    saved(editor, editor.post(HERE, files=files, **sent))
    assert editor.get("/api/v1/competitions/mine/image").content == png
    assert editor.get("/api/v1/competitions/mine/phases/development/public-data").status_code == 200
    sent = untouched(editor.get(HERE).text) | {"image-gone": "yes", "phase-development-starting_kit-gone": "yes"}
    saved(editor, editor.post(HERE, **sent))
    assert mine(session).image_sha256 is None
    assert mine(session).phases[0].starting_kit_sha256 is None
    bad = editor.post(HERE, files={"image": ("l.png", b"<svg>")}, **untouched(editor.get(HERE).text))
    assert bad.status_code == 422


def test_as_yaml_with_every_fault_at_its_line(editor, session):
    page = editor.get(HERE, how="yaml").text
    sent = untouched(page)
    shown = editor.post(HERE, **sent | {"yaml": sent["yaml"].replace("title: Mine", "title: Other")})
    saved(editor, shown)
    assert mine(session).title == "Other"
    sent = untouched(editor.get(HERE, how="yaml").text)
    bad = editor.post(HERE, **sent | {"yaml": sent["yaml"].replace("team_size: 1", "team_size: 0")})
    assert bad.status_code == 422
    assert "team_size" in bad.text
    assert "team_size: 0" in bad.text  # kept
    for odd in ("a: [", "just words", "", EVIL):
        assert editor.post(HERE, **sent | {"yaml": odd}).status_code == 422
    other = editor.post(HERE, **sent | {"yaml": sent["yaml"].replace("slug: mine", "slug: pairs")})
    assert "not of &#39;mine&#39;" in other.text


def test_by_a_bundle(editor):
    packed = editor.get("/api/v1/competitions/mine/bundle", truth="false").content
    version = untouched(editor.get(HERE, how="bundle").text)["version"]
    shown = editor.post(HERE, files={"bundle": ("b.zip", packed)}, how="bundle", version=version)
    assert "Nothing would change." in shown.text
    assert editor.post(HERE, how="bundle", version=version).status_code == 422


def test_nobody_saves_over_anothers_change(editor, session):
    sent = untouched(editor.get(HERE).text)
    shown = editor.post(HERE, **sent | {"title": "First"})
    late = editor.post(HERE, **sent | {"title": "Second"})
    saved(editor, shown)
    for answer in (saved(editor, late), editor.post(HERE, **sent | {"title": "Third"})):
        assert answer.status_code == 412
        assert "Somebody else was faster" in answer.text
    assert mine(session).title == "First"


def test_a_co_organizer_without_the_role_is_told(editor, browser, world, session):
    co = world.person("co")
    people.add_organizer(session, world.organizer, "mine", "co")
    session.commit()
    theirs = browser(co)
    html = theirs.get(HERE).text
    assert "Saving here needs the role organizer" in html
    assert "Delete it" not in html
    assert theirs.post(HERE, **untouched(html)).status_code == 403
    assert theirs.post(f"{HERE}/delete", confirmed="yes").status_code == 403
