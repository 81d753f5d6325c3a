"""A whole competition changed: settings by name, all phases at once, deleted and restored."""

import json
from pathlib import Path

from tests.client.server import Answer, Fake, Palmares

DONE = {"slug": "photos", "version": 8, "changes": [{"path": "title", "old": "A", "new": "B"}]}
PHASES = [{"slug": "dev", "status": "closed"}, {"slug": "test", "status": "open"}, {"slug": "end", "status": "closed"}]


def test_values_are_json_text_files_or_nothing(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    terms = tmp_path / "terms.md"
    terms.write_text("Be fair.\n")
    fake.on("PATCH", "/competitions/photos", DONE)
    words = ["title=2026", f"terms=@{terms}", "team_size=3", "anonymous=true", "overall=null"]
    assert signed_in("competition", "set", "photos", *words, 'allowed_emails=["@example.org"]').code == 0
    [sent] = fake.asked("PATCH", "/competitions/photos")
    assert sent.headers["If-Match"] == "*"
    assert json.loads(sent.body) == {
        "title": "2026", "terms": "Be fair.\n", "team_size": 3, "anonymous": True, "overall": None,
        "allowed_emails": ["@example.org"],
    }  # fmt: skip


def test_a_phase_is_set_at_its_own_address(signed_in: Palmares, fake: Fake) -> None:
    fake.on("PATCH", "/competitions/photos/phases/dev", DONE)
    assert signed_in("competition", "set", "photos/dev", "gate=null", "ends_at=+2h").out == "title: A -> B\n"
    [sent] = fake.asked("PATCH", "/competitions/photos/phases/dev")
    assert json.loads(sent.body) == {"gate": None, "ends_at": "+2h"}
    assert signed_in("competition", "set", "photos/dev", "gate").code == 2
    assert signed_in("competition", "set", "photos/dev", "description=@nowhere").code == 2


def test_published_is_what_has_ended_and_frozen_what_is_open(signed_in: Palmares, fake: Fake) -> None:
    fake.on("GET", "/competitions/photos", {"slug": "photos", "version": 7, "phases": PHASES})
    for slug in ("dev", "test", "end"):
        fake.on("PATCH", f"/competitions/photos/phases/{slug}", DONE)
    assert signed_in("competition", "publish", "photos").out == "title: A -> B\n" * 2
    assert signed_in("competition", "freeze", "photos").out == "title: A -> B\n"
    sent = [(one.path.rpartition("/")[2], json.loads(one.body)) for one in fake.seen if one.method == "PATCH"]
    assert sent == [("dev", {"published": True}), ("end", {"published": True}), ("test", {"frozen": True})]


def test_nothing_is_deleted_by_silence_and_it_says_how_to_have_it_back(signed_in: Palmares, fake: Fake) -> None:
    fake.on("DELETE", "/competitions/photos", Answer(None, 204))
    fake.on("POST", "/competitions/photos/restore", DONE)
    assert signed_in("competition", "delete", "photos").code == 2
    assert fake.asked("DELETE", "/competitions/photos") == []
    done = signed_in("competition", "delete", "photos", "--yes")
    assert (done.code, done.out) == (0, "deleted: photos\n")
    assert "palmares competition restore photos" in done.err
    assert signed_in("competition", "restore", "photos").out == "restored: photos\n"
