"""Mail preferences at the command line: only what is named changes."""

import json

import pytest

from tests.client.server import Fake, Palmares

PATH = "/me/mail-preferences"
KNOWN = {"scored": False, "failed": True}


def test_what_you_get_is_listed(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", PATH, KNOWN)
    assert [line.split() for line in signed_in("mail", "list").out.splitlines()[1:]] == [
        ["scored", "off"],
        ["failed", "on"],
    ]
    assert signed_in("mail", "list", "--json").document == {"version": 1, **KNOWN}


def test_what_is_not_named_stays(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", PATH, KNOWN)
    fake.on("PUT", PATH, {"scored": True, "failed": True})
    assert signed_in("mail", "set", "scored=on").out.splitlines()[1].split() == ["scored", "on"]
    assert json.loads(fake.asked("PUT", PATH)[0].body) == {"scored": True, "failed": True}


@pytest.mark.parametrize("word", ["scored", "scored=yes", "spam=on"])
def test_what_cannot_be_meant_changes_nothing(signed_in: Palmares, fake: Fake, word: str) -> None:
    fake.on("GET", PATH, KNOWN)
    assert signed_in("mail", "set", "failed=off", word).code == 2
    assert fake.asked("PUT", PATH) == []
