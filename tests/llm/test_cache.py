"""The cache: what was answered is found again, what is broken is not there, and no text is kept."""

from pathlib import Path

from app.llm.cache import Cache
from app.scoring.llm_prompt import Grades

GRADES = Grades(completeness=2, preciseness=1, consistency=0)
KEY = "ab" * 32


def test_what_was_put_is_found_by_another_one(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, GRADES)
    assert Cache(tmp_path).get(KEY) == GRADES
    assert Cache(tmp_path).get("cd" * 32) is None
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file.read_text() for file in files] == ['{"completeness":2,"preciseness":1,"consistency":0}']


def test_a_broken_file_is_not_there_and_is_mended(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, GRADES)
    (file,) = tmp_path.rglob("*.json")
    for content in (b"", b"{", b"\xff", b'{"completeness": 3}'):
        file.write_bytes(content)
        assert Cache(tmp_path).get(KEY) is None
    Cache(tmp_path).put(KEY, GRADES)
    assert Cache(tmp_path).get(KEY) == GRADES


def test_without_a_folder_or_in_one_that_cannot_be_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for cache in (Cache(None), Cache(tmp_path / "file")):
        cache.put(KEY, GRADES)
        assert cache.get(KEY) is None
