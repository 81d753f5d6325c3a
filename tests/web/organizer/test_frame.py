"""All texts of organizers' and administrators' pages have German ones, with the same values in them."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from app.competitions.bundle_schema import CompetitionIn, PhaseIn, TaskIn
from app.leaderboards import likely_same
from app.scoring.integrity import fingerprints, radar
from app.web import admin
from app.web.language import FOLDER
from app.web.organizer import drafts, frame, integrity, people, phases, rescores, sent, settings
from app.web.rendering import FOLDER as WEB

OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
WORDS = (
    frame.SECTIONS, frame.DONE, phases.QUESTIONS, people.QUESTIONS, people.ORGANIZERS, sent.QUESTIONS,
    rescores.QUESTIONS, settings.MODES, integrity.SHOWN, admin.SECTIONS, admin.QUESTIONS, likely_same.WHY,
)  # fmt: skip
SCHEMAS = ((CompetitionIn, (*drafts.GENERAL, "slug")), (PhaseIn, (*drafts.PHASE, "slug")), (TaskIn, drafts.TASK))


def german() -> dict[str, list[str]]:
    """The German texts by their English ones."""
    found = {}
    for file in FOLDER.glob("de*.po"):
        for one in read_po(file.open("rb"), locale="de"):
            key = one.id if isinstance(one.id, str) else one.id[0]
            found[key] = [one.string] if isinstance(one.string, str) else list(one.string)
    return found


def texts(template: Path) -> set[str]:
    """The English texts of a template."""
    with template.open("rb") as source:
        found = [message for _, _, message, _ in babel_extract(source, ["_", "gettext", "ngettext"], [], OPTIONS)]
    return {one if isinstance(one, str) else one[0] for one in found if one}


@pytest.mark.parametrize("folder", ["organizer", "admin"])
def test_every_text_has_a_german_one(folder):
    wanted = {one for template in (WEB / "templates" / folder).glob("*.html") for one in texts(template)}
    wanted |= {words for table in WORDS for words in table.values()}
    wanted |= {text for model, keys in SCHEMAS for key in keys for text in _told(model, key)}
    wanted |= {radar.CAVEAT, fingerprints.CAVEAT, likely_same.CAVEAT}
    have = german()
    assert not [one for one in sorted(wanted) if not all(have.get(one, [""]))]
    for one in wanted:
        for other in have[one]:
            assert set(re.findall(r"%\(\w+\)s", one)) == set(re.findall(r"%\(\w+\)s", other)), one


def _told(model, key) -> tuple[str, str]:
    field = model.model_fields[key]
    return field.title, field.description


def test_the_question_before_an_act_is_in_the_readers_language(olga):
    olga.client.headers["accept-language"] = "de"
    asked = olga.post("/competitions/pairs/organize/phases/main/act", act="close", version="1").text
    assert '<html lang="de">' in asked
