"""The archive: what strangers see is all that `public/` holds, and nothing hidden is there unless it was asked for."""

import csv
import io
import json
import re
import tracemalloc
import zipfile
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from app import storage
from app.announcements.models import Announcement
from app.archive import writing
from app.audit import AuditEvent
from app.competitions.bundle import read_bundle
from app.competitions.models import Phase, Team
from app.competitions.service import add_truth
from app.db import now
from app.errors import Denied
from app.leaderboards import service as boards
from app.submissions import service as submissions
from app.submissions.models import Evaluation
from tests.leaderboards.test_service import score

SECRET = "Face Texture"
"""Words that stand in the truth only."""


@pytest.fixture
def year(session, world):
    """Two phases and an overall board; a team whose name is a formula, and an entry after the freeze."""
    world.competition.pages = [{"title": "Overview", "content": "# Hello\n\n<script>alert(1)</script> [x](/rules)"}]
    world.competition.terms, world.competition.overall = "Be fair.", {"key": "final"}
    final = Phase(
        competition_id=world.competition.id, slug="final", name="Final <b>", index=1, plan=world.phase.plan,
        starts_at=now(session) - timedelta(minutes=5),
    )  # fmt: skip
    session.add(final)
    session.flush()
    sha256 = world.phase.truth.sha256
    add_truth(session, final, sha256, world.phase.truth.item_ids, world.organizer.account_id)
    session.add(
        Announcement(
            ref="ann_1", competition_id=world.competition.id, author_id=world.organizer.account_id, title="News",
            body="There are *news*.",
        )
    )  # fmt: skip
    session.expire(world.competition)
    ada, ben = world.entrant(), world.entrant()
    member = submissions.competitions.participation_of(session, world.competition, ada.account_id)
    session.add(
        Team(ref="team_1", competition_id=world.competition.id, name="=1+1", lead_id=member.id, members=[member])
    )
    session.flush()
    for who, value in ((ada, 0.4), (ben, 0.6)):
        boards.place(session, score(session, world, who, value))
    world.phase.frozen_at = now(session)
    session.flush()
    boards.place(session, score(session, world, ada, 0.9))
    session.commit()
    session.expire_all()
    return ada, ben


def opened(who, **wanted) -> zipfile.ZipFile:
    given = {"truth": False, "submissions": False, **wanted}
    return zipfile.ZipFile(io.BytesIO(writing.archive(who, "pairs", **given).read()))


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))


def test_boards_are_those_of_the_site_for_strangers_and_for_organizers(client, world, year):
    archive = opened(world.organizer)
    assert archive.testzip() is None
    headers = world.token(world.organizer)
    for phase in ("main", "final"):
        path = f"/api/v1/competitions/pairs/phases/{phase}/leaderboard"
        for folder, who in (("public", {}), ("organizers", headers)):
            assert (
                archive.read(f"{folder}/board-{phase}-main.csv").decode() == client.get(f"{path}.csv", headers=who).text
            )
    seen = [json.loads(archive.read(f"{folder}/board-main-main.json"))["rows"] for folder in ("public", "organizers")]
    assert [[row["scores"]["final"]["value"] for row in one] for one in seen] == [[0.6, 0.4], [0.9, 0.6]]
    assert "mine" not in seen[0][0]
    overall = client.get("/api/v1/competitions/pairs/leaderboard.csv").text
    assert archive.read("public/overall.csv").decode() == overall
    assert rows(archive, "organizers/overall.csv")[0]["participant"] == "'=1+1"


class Page(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.targets = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.targets |= {value for name, value in attrs if name in ("href", "src")}


def test_the_pages_stand_alone(world, year):
    world.competition.image_sha256 = storage.put(b"\x89PNG\r\n\x1a\n1")
    world.session.commit()
    archive = opened(world.organizer)
    names = {name.removeprefix("public/") for name in archive.namelist() if name.startswith("public/")}
    pages = {name: archive.read(f"public/{name}").decode() for name in names if name.endswith(".html")}
    assert set(pages) == {
        "index.html", "board-main-main.html", "board-final-main.html", "page-01.html", "terms.html",
    }  # fmt: skip
    for name, html in pages.items():
        page = Page(html)
        assert not page.tags & {"script", "form", "iframe", "b"}
        links = page.targets - {"#main", "/rules"}  # the organizers' own link stays as they wrote it
        assert links <= names, f"{name} leads out of the archive: {links - names}"
    index = Page(pages["index.html"]).targets
    assert set(pages) - {"index.html"} <= index
    assert "<em>news</em>" in pages["index.html"]
    assert "0.6000" in pages["board-main-main.html"]


def test_nothing_hidden_is_public_and_truth_and_files_come_where_they_are_asked_for(world, year, session):
    plain = opened(world.organizer)
    whole = opened(world.organizer, truth=True, submissions=True)
    assert not [name for name in plain.namelist() if re.search("truth|submissions/", name)]
    public = b"".join(whole.read(name) for name in whole.namelist() if name.startswith("public/"))
    assert b"0.9" not in public
    assert year[0].username.encode() not in public  # the team's name stands for it
    for name in plain.namelist():
        assert SECRET.encode() not in plain.read(name)
    bundle = zipfile.ZipFile(io.BytesIO(plain.read("organizers/bundle.zip")))
    assert not [name for name in bundle.namelist() if SECRET.encode() in bundle.read(name)]
    assert SECRET.encode() in whole.read("organizers/truth/main-1.jsonl")
    again = read_bundle(whole.read("organizers/bundle.zip"))
    assert [phase.item_ids for phase in again.phases] == [["p_000", "s_000"]] * 2
    told = [json.loads(line) for line in whole.read("organizers/audit.jsonl").splitlines()]
    assert [one["after"] for one in told if one["action"] == "competition.archived"] == [
        {"truth": True, "submissions": True}, {"truth": False, "submissions": False},
    ]  # fmt: skip


def test_submissions_come_as_they_were_sent_and_no_name_becomes_a_path(world, session):
    who = world.entrant()
    names = ["../../etc/passwd", "=cmd|' /C calc'!A0.zip", "ok.jsonl"]
    sent = []
    for number, name in enumerate(names):
        content = b'{"n": %d}' % number
        received = submissions.Received(storage.put(content), len(content), name)
        sent.append(submissions.submit(session, who, "pairs", "main", received, "@me", None)[0])
    first = sent[0].evaluation
    session.execute(
        Evaluation.__table__.update()
        .where(Evaluation.id == first.id)
        .values(
            state="scored",
            final=0.5,
            finished_at=now(session),
            report={"final": {"value": 0.5}, "accuracy": {"value": 0.5}, "explanation": {"value": 0.5}},
        )
    )
    session.commit()
    session.expire_all()
    archive = opened(world.organizer, submissions=True)
    here = "organizers/submissions/main"
    for one, end in zip(sent, (".bin", ".zip", ".jsonl"), strict=True):
        assert archive.read(f"{here}/{one.ref}/{one.ref}{end}") == storage.get(one.file_sha256)
    assert json.loads(archive.read(f"{here}/{sent[0].ref}/report-1.json"))["final"]["value"] == 0.5
    assert not [name for name in archive.namelist() if ".." in name or "=" in name]
    listed = rows(archive, "organizers/submissions.csv")
    assert [row["file"] for row in listed] == [names[0], "'" + names[1], names[2]]
    assert (listed[0]["message"], listed[0]["final"], listed[1]["final"]) == ("'@me", "0.5", "")


def test_a_large_file_is_never_whole_in_memory(world, session):
    content = bytes(range(256)) * 4096 * 24
    received = submissions.Received(storage.put(content), len(content), "large.zip")
    submissions.submit(session, world.entrant(), "pairs", "main", received, "", None)
    session.commit()
    del content
    opened(world.organizer)  # what is imported and compiled once is not counted
    tracemalloc.start()
    try:
        file = writing.archive(world.organizer, "pairs", truth=False, submissions=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert file.seek(0, 2) > 24 * 2**20
    assert peak < writing.IN_MEMORY + 8 * 2**20


def test_a_changed_blob_is_told_and_nothing_is_given(world, session, monkeypatch):
    world.submit(world.entrant())
    session.commit()
    monkeypatch.setattr(storage, "stream", lambda _: iter([b"other"]))
    with pytest.raises(storage.StorageFailed):
        writing.archive(world.organizer, "pairs", truth=False, submissions=True)


def test_it_is_for_organizers(world, session):
    session.commit()
    with pytest.raises(Denied):
        writing.archive(world.entrant(), "pairs", truth=True, submissions=True)
    assert session.scalars(select(AuditEvent).where(AuditEvent.action == "competition.archived")).all() == []
