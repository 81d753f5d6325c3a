"""Announcements, as they are read, posted and taken back."""

import json
from pathlib import Path
from typing import Any

from tests.client.server import Answer, Fake, Palmares

NEWS: dict[str, Any] = {
    "ref": "ann_1",
    "title": "New\x1b[2J kit",
    "body": "It is\n*mended*.\x1b]0;evil\x07\n",
    "author": "olga",
    "created_at": "2026-11-23T10:00:00Z",
    "edited_at": None,
}
PATH = "/competitions/photos/announcements"


def test_everybody_reads_them_and_nothing_draws(palmares: Palmares, fake: Fake, monkeypatch: Any) -> None:
    monkeypatch.setenv("PALMARES_URL", fake.url)
    fake.on("GET", PATH, {"items": [NEWS], "next_cursor": None})
    assert palmares("announcement", "list", "photos").out == (
        "ann_1  2026-11-23 10:00 UTC  olga\nNew kit\n\nIt is\n*mended*.\n\n"
    )
    assert palmares("announcement", "list", "photos", "--json").document["items"] == [NEWS]
    fake.on("GET", PATH, {"items": [], "next_cursor": None})
    assert "no announcements" in palmares("announcement", "list", "photos").err


def test_one_is_posted_with_or_without_mail(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    file = tmp_path / "news.md"
    file.write_text("It is *mended*.\n")
    fake.on("POST", PATH, {**NEWS, "mails": 12})
    done = signed_in("announcement", "post", "photos", "New kit", file, "--mail")
    assert (done.out, done.err) == ("ann_1\n", "mailed to 12\n")
    assert json.loads(fake.seen[-1].body) == {"title": "New kit", "body": "It is *mended*.\n", "mail": True}
    assert signed_in("announcement", "post", "photos", "New kit", file, "--json").document["mails"] == 12
    assert json.loads(fake.seen[-1].body)["mail"] is False


def test_one_is_taken_back(signed_in: Palmares, fake: Fake) -> None:
    fake.on("DELETE", f"{PATH}/ann_1", Answer(None, 204))
    assert signed_in("announcement", "delete", "photos", "ann_1").code == 0
    assert signed_in("announcement", "delete", "photos", "../ann_1").code == 2
