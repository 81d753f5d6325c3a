"""Every text of the templates has a German one with the same placeholders, and none is kept that nobody says."""

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.submissions.models import STATES
from app.web.language import FOLDER

TEMPLATES = FOLDER.parent / "templates"
PLACES = re.compile(r"%\((\w+)\)s|\{(\w*)\}")
# Words that pages say by their value: states of things, scopes, kinds.
BY_VALUE = {*STATES, "open", "upcoming", "closed", "joined", "pending", "denied", "banned", "approved"}


def said() -> set[str]:
    """The texts that templates and the web room's modules say."""
    texts: set[str] = set()
    for folder, method in ((TEMPLATES, "jinja2"), (FOLDER.parent, "python")):
        keywords = {"_": None, "gettext": None, "ngettext": (1, 2)}
        found = extract_from_dir(
            folder,
            method_map=[("**.html", "jinja2")] if method == "jinja2" else [("**.py", "python")],
            options_map={"**.html": {"trimmed": "true", "newstyle_gettext": "true", "extensions": "jinja2.ext.i18n"}},
            keywords=keywords,
        )
        for _, _, message, _, _ in found:
            texts |= set(message) if isinstance(message, tuple) else {message}
    return {text for text in texts if text}


def translated() -> dict[str, tuple[str, ...]]:
    """The German catalogues, singular and plural apart."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(Path(FOLDER).glob("de*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale="de"):
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                found |= {one: texts for one in ids if one}
    return found


def test_nothing_is_said_in_english_only() -> None:
    known = translated()
    missing = sorted(text for text in said() | BY_VALUE if not all(known.get(text, ("",))))
    assert not missing, "\n".join(missing)


def test_placeholders_are_the_same() -> None:
    known = translated()
    for text in said() & known.keys():
        wanted = sorted(PLACES.findall(text))
        assert all(sorted(PLACES.findall(german)) == wanted for german in known[text]), text
