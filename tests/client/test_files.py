"""What goes along with a file on its way."""

import zipfile
from pathlib import Path

import pytest

from app.client import files


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a b.jsonl", "a b.jsonl"), ("größe\n.jsonl", "gr%C3%B6%C3%9Fe%0A.jsonl"), ('"x".csv', "%22x%22.csv")],
)
def test_a_files_name_is_safe_in_a_header(tmp_path: Path, name: str, expected: str) -> None:
    path = tmp_path / name
    path.write_text("{}")
    found = files.headers(path, "100 % ü\r\nX: y")
    assert found["X-Filename"] == expected
    assert found["X-Message"] == "100%20%25%20%C3%BC%0D%0AX%3A%20y"
    assert found["Content-Length"] == "2"


def test_a_zip_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "named-wrongly.jsonl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jsonl", "{}")
    assert files.headers(path)["Content-Type"] == "application/zip"


def test_the_body_begins_anew_at_each_call(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * (files.CHUNK + 1))
    body = files.body(path)
    assert [len(chunk) for chunk in body()] == [files.CHUNK, 1]
    assert b"".join(body()) == path.read_bytes()


def test_on_a_terminal_the_bar_passes_all_bytes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * 8192)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert b"".join(files.body(path)()) == path.read_bytes()
