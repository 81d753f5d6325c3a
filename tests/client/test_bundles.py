"""A competition as files: the same folder is the same zip, and nothing hidden travels along."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.client import bundles
from app.client.exits import Problem
from tests.client.server import Answer, Fake, Palmares, problem

DONE: dict[str, Any] = {
    "slug": "photos",
    "created": False,
    "dry_run": False,
    "changes": [
        {"path": "phases.dev.max_submissions", "old": 5, "new": 10},
        {"path": "title", "old": None, "new": "A\x1b[2J"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle, with what must stay at home."""
    top = tmp_path / "bundle"
    (top / "pages").mkdir(parents=True)
    (top / "competition.yaml").write_text("title: Photos\n")
    (top / "pages" / "home.md").write_text("# Hello\n")
    (top / ".env").write_text("SECRET=1\n")
    (top / ".git").mkdir()
    (top / ".git" / "config").write_text("x")
    (top / "__pycache__").mkdir()
    (top / "__pycache__" / "x.pyc").write_text("x")
    (top / "passwords").symlink_to("/etc/passwd")
    (top / "etc").symlink_to("/etc")
    return top


def test_a_folder_is_packed_without_hidden_files_and_links(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundles.pack(folder, tmp_path / "a.zip")) as packed:
        assert packed.namelist() == ["competition.yaml", "pages/home.md"]
        assert packed.read("pages/home.md") == b"# Hello\n"


def test_the_same_folder_is_the_same_zip(folder: Path, tmp_path: Path) -> None:
    first = bundles.pack(folder, tmp_path / "a.zip").read_bytes()
    os.utime(folder / "competition.yaml", (1, 1))
    (folder / "competition.yaml").chmod(0o600)
    assert bundles.pack(folder, tmp_path / "b.zip").read_bytes() == first


def test_apply_prints_what_changes(signed_in: Palmares, fake: Fake, folder: Path) -> None:
    fake.on("POST", "/competitions", DONE)
    done = signed_in("competition", "apply", folder)
    assert done.code == 0
    assert done.out.splitlines() == ["phases.dev.max_submissions: 5 -> 10", "title: (nothing) -> A"]
    assert done.err.splitlines()[-1] == "photos: updated"
    (sent,) = fake.seen
    assert sent.query == {"dry_run": "false"}
    assert sent.headers["Content-Type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(sent.body)).testzip() is None


def test_a_dry_run_says_that_it_is_one(signed_in: Palmares, fake: Fake, folder: Path) -> None:
    fake.on("POST", "/competitions", {**DONE, "created": True, "dry_run": True})
    done = signed_in("competition", "apply", folder, "--dry-run")
    assert fake.seen[0].query == {"dry_run": "true"}
    assert "nothing was done" in done.err
    assert signed_in("competition", "apply", folder, "--json").document["changes"] == DONE["changes"]


def test_a_zip_goes_as_it_is(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("competition.yaml", "title: Photos\n")
    fake.on("POST", "/competitions", {**DONE, "changes": []})
    done = signed_in("competition", "apply", path)
    assert (done.code, done.out) == (0, "")
    assert "photos: unchanged" in done.err
    assert fake.seen[0].body == path.read_bytes()


def test_findings_of_a_bundle_are_exit_3(signed_in: Palmares, fake: Fake, folder: Path) -> None:
    finding = {"code": "bad_date", "message": "No date.", "file": "competition.yaml", "line": 7, "fix": "Write one."}
    fake.on("POST", "/competitions", problem(422, "bundle_invalid", findings=[finding], findings_total=1))
    done = signed_in("competition", "apply", folder)
    assert done.code == 3
    assert "competition.yaml:7: bad_date: No date.\n    Write one." in done.err


@pytest.mark.parametrize("kind", ["folder", "zip", "text"])
def test_what_is_no_bundle_is_not_sent(signed_in: Palmares, fake: Fake, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bundle"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("PK\x03\x04 not really")
    else:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("a/competition.yaml", "")
    assert signed_in("competition", "apply", path).code == 3
    assert fake.seen == []


def test_pack_needs_the_yaml(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        bundles.pack(tmp_path, tmp_path / "a.zip")
    assert caught.value.code == "bundle_invalid"


def packed(**contents: str) -> Answer:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as bundle:
        for name, text in contents.items():
            bundle.writestr(name, text)
    return Answer(content.getvalue(), headers={"Content-Type": "application/zip"})


def test_apply_names_keys_without_effect(signed_in: Palmares, fake: Fake, folder: Path) -> None:
    note = {"line": 7, "message": "queue: not supported.", "fix": "Leave it out."}
    fake.on("POST", "/competitions", {**DONE, "notes": [note]})
    assert "note: line 7: queue: not supported. Leave it out." in signed_in("competition", "apply", folder).err


def test_export_writes_a_zip_or_a_folder(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    fake.on("GET", "/competitions/photos/bundle", packed(**{"competition.yaml": "version: 2\n", "pages/a.md": "A"}))
    zipped, unpacked = tmp_path / "copy.zip", tmp_path / "copy"
    assert signed_in("competition", "export", "photos", "-o", zipped).code == 0
    assert zipfile.ZipFile(zipped).namelist() == ["competition.yaml", "pages/a.md"]
    assert signed_in("competition", "export", "photos", "-o", unpacked, "--no-truth").code == 0
    assert (unpacked / "pages" / "a.md").read_text() == "A"
    assert [one.query["truth"] for one in fake.seen] == ["true", "false"]


def test_export_overwrites_nothing_and_leaves_no_half(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "copy.zip").write_text("mine")
    assert signed_in("competition", "export", "photos", "-o", tmp_path / "copy.zip").code == 2
    fake.on("GET", "/competitions/photos/bundle", problem(403, "not_allowed"))
    assert signed_in("competition", "export", "photos", "-o", tmp_path / "new.zip").code == 4
    fake.on("GET", "/competitions/photos/bundle", packed(**{"../evil": "x"}))
    assert signed_in("competition", "export", "photos", "-o", tmp_path / "new").code == 2
    assert sorted(path.name for path in tmp_path.iterdir() if "new" in path.name) == []
    assert not (tmp_path / "evil").exists()


def test_an_archive_says_what_is_in_it_and_overwrites_nothing(
    signed_in: Palmares, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.on("GET", "/competitions/photos/archive", packed(**{"public/index.html": "<h1>Photos</h1>"}))
    monkeypatch.chdir(tmp_path)
    done = signed_in("competition", "archive", "photos")
    assert (done.code, done.out) == (0, "photos-archive.zip\n")
    assert zipfile.ZipFile("photos-archive.zip").namelist() == ["public/index.html"]
    assert signed_in("competition", "archive", "photos").code == 2
    assert (
        signed_in("competition", "archive", "photos", "-o", "all.zip", "--with-truth", "--with-submissions").code == 0
    )
    assert [one.query for one in fake.seen] == [
        {"truth": "false", "submissions": "false"},
        {"truth": "true", "submissions": "true"},
    ]
