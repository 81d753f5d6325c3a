"""Policy over uploads: what is taken, which member is the predictions, and that inflating is bounded and verified."""

import io
import stat
import zlib

import pytest

from app.scoring.archive import Member, envelope, predictions
from app.scoring.findings import Invalid
from app.scoring.limits import MIB, Limits
from tests.scoring.zips import LINE, STREAMED, File, deflate, extra, forge, streamed

README = File(b"README.md", b"# how these were made\n")
BOMB = bytes(30 * MIB)


def codes(data: bytes, name: str = "sub.zip", limits: Limits | None = None) -> list[str]:
    """The codes of everything that is wrong, sorted; empty where the predictions come out."""
    try:
        predictions(io.BytesIO(data), name, limits or Limits())
    except Invalid as fault:
        return sorted(one.code for one in fault.findings)
    return []


def member(data: bytes, name: str = "sub.zip") -> Member:
    return predictions(io.BytesIO(data), name, Limits())


def typed(kind: int) -> File:
    return File(b"link.txt", b"/etc/passwd", mode=kind | 0o644)


BROKEN_BLOCK = b"\x07" + bytes(20)
UNENDED = zlib.compressobj(9, zlib.DEFLATED, -15).compress(b"") + b"\x00\x02\x00\xfd\xffab"

REFUSED_AT_THE_DOOR = {
    "empty file": (b"", "empty_file"),
    "not a zip": (b"this is no zip", "not_an_archive"),
    "JSON Lines named zip": (LINE, "not_an_archive"),
    "gzip": (b"\x1f\x8b\x08" + bytes(30), "not_an_archive"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "not_an_archive"),
    "A23 truncated": (forge(File())[:-4], "truncated"),
    "A25 self-extractor": (b"#!/bin/sh\nexit\n" + forge(File()), "leading_data"),
    "A25 picture in front": (b"\x89PNG\r\n\x1a\n" + forge(File()), "leading_data"),
    "A27 split": (b"PK\x07\x08" + forge(File()), "split_archive"),
    "A14 one name twice": (forge(File(), File()), "duplicate_name"),
    "A15 case": (forge(File(), File(b"Predictions.JSONL")), "duplicate_name"),
    "A15 composed and decomposed": (forge(File("é.txt".encode()), File("e\u0301.txt".encode())), "duplicate_name"),
    "A15 compatibility form": (forge(File("ﬁ.txt".encode()), File(b"fi.txt")), "duplicate_name"),
    "A15 dot at the end": (forge(File(), File(b"predictions.jsonl.")), "duplicate_name"),
    "A15 space at the end": (forge(File(), File(b"predictions.jsonl ")), "duplicate_name"),
    "A15 backslash for slash": (forge(File(b"a/b.txt"), File(b"a\\b.txt")), "duplicate_name"),
    "A15 detours": (forge(File(b"a/b.txt"), File(b"./a//./b.txt")), "duplicate_name"),
    "A16 traversal": (forge(File(b"../predictions.jsonl")), "unsafe_path"),
    "A16 traversal further in": (forge(File(b"a/../../predictions.jsonl")), "unsafe_path"),
    "A16 traversal by backslash": (forge(File(b"..\\predictions.jsonl")), "unsafe_path"),
    "A16 traversal of an ignored file": (forge(File(), File(b"../.DS_Store")), "unsafe_path"),
    "A16 absolute": (forge(File(b"/predictions.jsonl")), "unsafe_path"),
    "A16 share": (forge(File(b"\\\\host\\predictions.jsonl")), "unsafe_path"),
    "A16 drive": (forge(File(b"C:predictions.jsonl")), "unsafe_path"),
    "A16 home": (forge(File(b"~/predictions.jsonl")), "unsafe_path"),
    "A17 symbolic link": (forge(File(), typed(stat.S_IFLNK)), "special_file"),
    "A17 the predictions are a link": (forge(File(mode=stat.S_IFLNK | 0o777)), "special_file"),
    "A17 pipe": (forge(File(), typed(stat.S_IFIFO)), "special_file"),
    "A17 device": (forge(File(), typed(stat.S_IFCHR)), "special_file"),
    "A17 socket": (forge(File(), typed(stat.S_IFSOCK)), "special_file"),
    "A17 setuid": (forge(File(), typed(stat.S_IFREG | stat.S_ISUID)), "special_file"),
    "A19 NUL in a name": (forge(File(b"predictions.jsonl\0.exe")), "unsafe_path"),
    "A19 escape in a name": (forge(File(b"\x1b[2J.jsonl")), "unsafe_path"),
    "A19 DEL in a name": (forge(File(b"\x7f.jsonl")), "unsafe_path"),
    "nameless": (forge(File(b"")), "unsafe_path"),
    "A21 encrypted": (forge(File(flags=1)), "encrypted"),
    "A21 strong encryption": (forge(File(flags=0x41)), "encrypted"),
    "A21 encrypted directory": (forge(File(flags=0x2000)), "encrypted"),
    "A21 AES method": (forge(File(method=99)), "encrypted"),
    "A21 AES field": (forge(File(central={"extra": extra(0x9901, bytes(7))})), "encrypted"),
    **{
        f"A22 method {method}": (forge(File(method=method)), "unsupported_compression")
        for method in (1, 6, 9, 12, 14, 93, 95, 98)
    },
    "A30 long name": (forge(File(b"a" * 60_000 + b".jsonl")), "unsafe_path"),
    "A30 deep path": (forge(File(b"d/" * 100 + b"p.jsonl")), "unsafe_path"),
    "A31 folder with content": (forge(File(), File(b"folder/", b"x", method=0)), "header_mismatch"),
    "stored, sizes differ": (forge(File(method=0, payload=LINE + b"x")), "size_mismatch"),
    "A4 ratio": (forge(File(data=BOMB)), "compression_ratio"),
    "A4 ratio of an ignored file": (forge(File(), File(b"__MACOSX/x", BOMB)), "compression_ratio"),
    "A5 zip in the zip": (forge(File(), File(b"more.zip", forge(File()))), "nested_archive"),
    "A5 tar in the zip": (forge(File(b"predictions.tar.gz")), "nested_archive"),
    "A6 too many": (forge(*(File(b"%d.txt" % at) for at in range(201))), "too_many_files"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code"), REFUSED_AT_THE_DOOR.values(), ids=REFUSED_AT_THE_DOOR.keys())
def test_refuses_at_the_door(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        envelope(io.BytesIO(data), "sub.zip", Limits())
    assert [one.code for one in caught.value.findings] == [code]
    assert codes(data) == [code]


INFLATED = {
    "no member": (forge(), ["no_predictions_file"]),
    "only other files": (forge(README), ["no_predictions_file"]),
    "only an ignored file": (forge(File(b"__MACOSX/._predictions.jsonl")), ["no_predictions_file"]),
    "too deep": (forge(File(b"a/b/predictions.jsonl")), ["no_predictions_file"]),
    "two": (forge(File(), File(b"old.csv")), ["several_predictions_files"]),
    "two, one of them deep": (forge(File(), File(b"a/b/config.json")), ["several_predictions_files"]),
    "two, one in a folder": (forge(File(), File(b"a/predictions.jsonl")), ["several_predictions_files"]),
    "A5 a zip under another name": (forge(File(), File(b"notes.txt", forge(File()))), ["nested_archive"]),
    "A5 the predictions are a zip": (forge(File(data=forge(File()))), ["nested_archive"]),
    "A7 unpacks to more than declared": (
        forge(File(payload=deflate(LINE * 3))),
        ["size_mismatch"],
    ),
    "A7 bomb declared small": (
        forge(File(payload=deflate(BOMB), local={"unpacked": 10}, central={"unpacked": 10})),
        ["size_mismatch"],
    ),
    "A8 unpacks to less than declared": (forge(File(payload=deflate(LINE[:9]))), ["size_mismatch"]),
    "A28 bad checksum": (forge(File(local={"crc": 1}, central={"crc": 1})), ["bad_checksum"]),
    "A28 bad checksum, stored": (forge(File(method=0, payload=LINE[::-1])), ["bad_checksum"]),
    "A28 bad checksum of another file": (
        forge(File(), File(b"a.txt", local={"crc": 1}, central={"crc": 1})),
        ["bad_checksum"],
    ),
    "A29 broken block": (forge(File(payload=BROKEN_BLOCK)), ["corrupt_data"]),
    "A29 no end": (forge(File(payload=UNENDED)), ["corrupt_data"]),
    "A29 bytes behind the end": (forge(File(payload=deflate(LINE) + b"more")), ["hidden_data"]),
    "A29 many bytes behind the end": (forge(File(payload=deflate(LINE) + bytes(600_000))), ["hidden_data"]),
    "several members broken": (
        forge(File(payload=BROKEN_BLOCK), File(b"a.txt", local={"crc": 1}, central={"crc": 1})),
        ["bad_checksum", "corrupt_data"],
    ),
}


@pytest.mark.parametrize(("data", "expected"), INFLATED.values(), ids=INFLATED.keys())
def test_refuses_after_the_door(data: bytes, expected: list[str]) -> None:
    assert envelope(io.BytesIO(data), "sub.zip", Limits()) == "zip"
    assert codes(data) == expected


def test_reports_every_fault_of_the_directory_at_once() -> None:
    data = forge(File(b"/a.txt"), File(b"b.txt", flags=1), File(b"c.txt", method=12), typed(stat.S_IFLNK))
    assert codes(data) == ["encrypted", "special_file", "unsafe_path", "unsupported_compression"]


def test_a_hostile_name_is_shown_harmlessly() -> None:
    with pytest.raises(Invalid) as caught:
        envelope(io.BytesIO(forge(File("\u202egpj.\x1b[2J".encode()))), "sub.zip", Limits())
    (finding,) = caught.value.findings
    assert finding.file == "\\u202egpj.\\u001b[2J"
    assert "\x1b" not in finding.message
    assert "\u202e" not in finding.message


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(upload_bytes=len(forge(File(), README)) - 1), "too_large"),
        (Limits(unpacked_bytes=len(LINE) + len(README.data) - 1), "too_large_uncompressed"),
        (Limits(lines_bytes=len(LINE) - 1), "predictions_too_large"),
        (Limits(entries=1), "too_many_files"),
    ],
)
def test_each_limit_refuses_one_beyond_and_takes_the_limit(limits: Limits, code: str) -> None:
    data = forge(File(), README)
    assert codes(data, limits=limits) == [code]
    at_limit = Limits(
        upload_bytes=len(data), unpacked_bytes=len(LINE) + len(README.data), lines_bytes=len(LINE), entries=2
    )
    assert codes(data, limits=at_limit) == []


def test_a_json_document_has_a_lower_cap() -> None:
    limits = Limits(document_bytes=10)
    assert codes(forge(File(b"p.json")), limits=limits) == ["predictions_too_large"]
    assert codes(LINE, "p.json", limits) == ["predictions_too_large"]
    assert codes(LINE, "p.jsonl", limits) == []


TAKEN = {
    "plain": (forge(File()), "predictions.jsonl", ()),
    "stored": (forge(File(method=0)), "predictions.jsonl", ()),
    "in a folder": (forge(File(b"run/", b"", method=0), File(b"run/p.jsonl")), "run/p.jsonl", ()),
    "in a folder that is not listed": (forge(File(b"run/p.jsonl")), "run/p.jsonl", ()),
    "Windows PowerShell's separators": (forge(File(b"run\\p.jsonl")), "run/p.jsonl", ()),
    "with a dot in front": (forge(File(b"./", b"", method=0), File(b"./p.jsonl")), "p.jsonl", ()),
    "ending in capitals": (forge(File(b"P.JSONL")), "P.JSONL", ()),
    "readme beside": (forge(README, File()), "predictions.jsonl", ("README.md",)),
    "A33 Finder": (
        forge(
            File(b"run/", b"", method=0, mode=stat.S_IFDIR | 0o755),
            streamed(b"run/p.jsonl"),
            streamed(b"run/.DS_Store", bytes(100)),
            File(b"__MACOSX/", b"", method=0),
            File(b"__MACOSX/run/", b"", method=0),
            streamed(b"__MACOSX/run/._p.jsonl", bytes(176)),
        ),
        "run/p.jsonl",
        (),
    ),
    "A33 Windows": (forge(File(), File(b"Thumbs.db"), File(b"desktop.ini")), "predictions.jsonl", ()),
    "folder deflated, as old Java does": (
        forge(File(b"run/", b"", flags=STREAMED, descriptor=streamed(b"", b"").descriptor), File()),
        "predictions.jsonl",
        (),
    ),
    "unix file with setgid folder": (
        forge(File(b"run/", b"", mode=stat.S_IFDIR | 0o2775, method=0), File(mode=stat.S_IFREG | 0o600)),
        "predictions.jsonl",
        (),
    ),
    "cp437 name beside": (forge(File(), File(b"\x82.txt")), "predictions.jsonl", ("é.txt",)),
    "A18 Windows device name beside": (forge(File(), File(b"aux.txt")), "predictions.jsonl", ("aux.txt",)),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name", "extra_files"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(data: bytes, name: str, extra_files: tuple[str, ...]) -> None:
    assert member(data) == Member(name, "jsonl", LINE, "zip", extra_files)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("p.jsonl", LINE, "jsonl"),
        ("P.JSON", b"[]", "json"),
        ("p.csv", b"id,answer\n", "csv"),
        ("submission", LINE, "jsonl"),
        ("", b"\xef\xbb\xbf [1]", "json"),
        ("p.jsonl", b"\xff\xfe", "jsonl"),
    ],
)
def test_takes_a_bare_file(name: str, data: bytes, kind: str) -> None:
    assert envelope(io.BytesIO(data), name, Limits()) == kind
    found = member(data, name)
    assert (found.format, found.kind, found.data) == (kind, kind, data)
    assert found.name == (name or "predictions")


def test_a_zip_is_a_zip_whatever_its_name() -> None:
    assert envelope(io.BytesIO(forge(File())), "p.jsonl", Limits()) == "zip"


@pytest.mark.parametrize("name", ["notes.txt", "p", "p.xlsx"])
def test_what_is_no_format_is_not_an_archive(name: str) -> None:
    assert codes(b"A,B\n", name) == ["not_an_archive"]


def test_takes_honest_predictions_that_repeat_one_template() -> None:
    template = "Face Texture: Image A (Left) shows finer and more natural skin than Image B (Right). " * 14
    lines = "".join(f'{{"id": "p_{at:04d}", "answer": "A", "explanation": "{template}"}}\n' for at in range(3000))
    assert member(forge(File(data=lines.encode()))).data == lines.encode()


@pytest.mark.parametrize(
    "data", [LINE * 13_000, b"".join(b"%d " % at * 40_000 for at in range(9)), bytes(5_000_000), bytes(2**18 + 100)]
)
def test_large_members_come_out_whole(data: bytes) -> None:
    """zlib holds back output behind input that it has taken: every byte must come out."""
    found = predictions(io.BytesIO(forge(File(data=data))), "s.zip", Limits(ratio=2000))
    assert found.data == data
