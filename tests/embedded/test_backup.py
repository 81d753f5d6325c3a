"""What a backup and a restore refuse, with a reason and without a change."""

import tarfile

import pytest

from app.embedded import backup as module
from app.embedded.backup import backup, restore
from app.embedded.errors import BackupFailed
from app.settings import settings


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(settings(), "data_dir", folder)
    monkeypatch.setattr(module, "_folder", lambda: folder / "storage")
    return folder


def test_nothing_to_back_up_and_nothing_written_over(data_dir, tmp_path):
    target = tmp_path / "kept.tar"
    with pytest.raises(BackupFailed, match="no database"):
        backup(target)
    (data_dir / "postgres").mkdir()
    target.write_text("mine")
    with pytest.raises(BackupFailed, match="not written over"):
        backup(target)
    assert target.read_text() == "mine"


def test_a_folder_with_data_and_a_file_that_is_no_backup(data_dir, tmp_path):
    strange = tmp_path / "strange.tar"
    for content in (b"no tar", b""):
        strange.write_bytes(content)
        with pytest.raises(BackupFailed, match="no backup of Palmares"):
            restore(strange)
    with tarfile.open(strange, "w") as archive:
        archive.add(__file__, "other.txt")
    with pytest.raises(BackupFailed, match="no backup of Palmares"):
        restore(strange)
    (data_dir / "storage").mkdir()
    with pytest.raises(BackupFailed, match="holds data already"):
        restore(strange)


def test_servers_of_your_own_have_their_own_tools(monkeypatch, tmp_path):
    monkeypatch.setattr(settings(), "database_url", "postgresql://db.example/palmares")
    with pytest.raises(BackupFailed, match="servers of your own"):
        backup(tmp_path / "kept.tar")
