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


@pytest.mark.parametrize(("terminal", "ci", "bar"), [(True, "", True), (True, "true", False), (False, "", False)])
def test_a_bar_only_where_somebody_sits_and_all_bytes_pass(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: bool,
    ci: str,
    bar: bool,
) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * 8192)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("TERM", "xterm")
    assert b"".join(files.body(path)()) == path.read_bytes()
    captured = capsys.readouterr()
    assert ("2.1/2.1 MB" in captured.err, captured.out) == (bar, "")


def test_a_piece_is_cut_out_exactly(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * 2048)
    assert b"".join(files.chunks(path, 1000, 400_000)) == path.read_bytes()[1000:400_000]
