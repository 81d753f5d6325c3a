"""A backup taken while everything runs, everything lost, restored: the same boards, files, accounts and tokens."""

import json
import shutil
import tarfile
import tempfile
from pathlib import Path

import httpx2
import pytest

from tests.conftest import ROOT
from tests.journeys.conftest import Stack

SENT = ROOT / "examples" / "submissions"


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="plm-b"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def board(stack: Stack, token: str) -> list[dict]:
    return json.loads(stack.palmares(token, "leaderboard", "photo-pairs/development", "--json"))["rows"]


def test_everything_is_lost_in_between_and_comes_back(folder, tmp_path):
    stack = Stack(folder / "data")
    kept = tmp_path / "kept.tar"
    try:
        olga, ada = stack.person("olga", "organizer"), stack.person("ada")
        stack.palmares(olga, "competition", "apply", ROOT / "examples" / "photo-pairs")
        stack.palmares(ada, "join", "photo-pairs", "--accept-terms")
        where = ("submit", "photo-pairs/development", "--wait", "120", "--json")
        first = json.loads(stack.palmares(ada, *where[:2], SENT / "strong.zip", *where[2:]))
        before = board(stack, ada)
        assert "Backed up to" in stack.python("-m", "app.embedded", "backup", str(kept))
        assert kept.stat().st_mode & 0o077 == 0, "it holds the truth"
        stack.palmares(ada, *where[:2], SENT / "baseline.zip", *where[2:])
    finally:
        stack.stop()
    with tarfile.open(kept) as archive:
        assert {name.split("/")[0] for name in archive.getnames()} >= {
            "palmares-backup.json",
            "database.dump",
            "storage",
        }
    shutil.rmtree(folder / "data")
    assert "Restored what was backed up" in stack.python("-m", "app.embedded", "restore", str(kept))
    stack = Stack(folder / "data")
    try:
        assert board(stack, ada) == before
        with httpx2.Client(base_url=stack.url, headers={"Authorization": f"Bearer {ada}"}, timeout=60) as client:
            sent = client.get(f"/api/v1/submissions/{first['ref']}/file").content
            assert sent == (SENT / "strong.zip").read_bytes()
            assert [one["ref"] for one in client.get("/api/v1/submissions").json()["items"]] == [first["ref"]]
        again = json.loads(stack.palmares(ada, *where[:2], SENT / "baseline.zip", *where[2:]))
        assert again["state"] == "scored", "and it goes on from there"
    finally:
        stack.stop()
