"""Hostile and broken archives: the classes A1 to A33 of attacks on readers of zips, each with its finding."""

from __future__ import annotations

import io
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.hostile.case import GOOD, Case, State
from tests.scoring.zips import (
    FULL16,
    FULL32,
    STREAMED,
    File,
    central_header,
    deflate,
    extra,
    forge,
    quoted_overlap,
    streamed,
    wide,
)

NAME = b"predictions.jsonl"
SIZES = (len(GOOD), len(deflate(GOOD)))
FULL_SIZES = {"unpacked": FULL32, "packed": FULL32}
FULL_END = {"here": FULL16, "entries": FULL16, "size": FULL32, "offset": FULL32}
MIB = 1024 * 1024


def member(name: bytes = NAME, data: bytes = GOOD, **told: object) -> File:
    """The predictions as a member, or another file."""
    return File(name, data, **told)  # type: ignore[arg-type]


def zipped(*files: File) -> Callable[[], bytes]:
    """A maker of the forged zip of these."""
    return lambda: forge(*(files or (member(),)))


def full_overlap(copies: int) -> bytes:
    """`copies` directory entries, all on one local header."""
    body = forge(member())
    start = body.index(b"PK\x01\x02")
    directory = body[start:-22] * copies
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return body[:start] + directory + end


def extra_quoted() -> bytes:
    """The second local header lies in an extra field of the first, and both end in the same data."""
    packed = deflate(GOOD)
    numbers = struct.pack("<5H3I", 20, 0, 8, 0, 0, zlib.crc32(GOOD), len(packed), len(GOOD))
    inner = b"PK\x03\x04" + numbers + struct.pack("<2H", 5, 0) + b"b.txt"
    quoted = extra(0x9999, inner)
    outer = b"PK\x03\x04" + numbers + struct.pack("<2H", len(NAME), len(quoted)) + NAME + quoted
    told = member().fields()
    directory = central_header(told | {"offset": 0})
    directory += central_header(told | {"offset": len(outer) - len(inner), "name": b"b.txt"})
    body = outer + packed
    return body + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(body), 0)


def nameless(count: int) -> bytes:
    """So many entries without a name, told by zip64 records: all cost lies in the directory."""
    body = forge(member())[: -22 - 46 - len(NAME)]
    directory = central_header(member().fields() | {"name": b"", "offset": 0}) * count
    at = len(body) + len(directory)
    end64 = struct.pack(
        "<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), len(body)
    ) + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    return body + directory + end64 + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, *[FULL16] * 2, *[FULL32] * 2, 0)


def many(count: int) -> bytes:
    """So many small entries, honestly told."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for at in range(count):
            archive.writestr(zipfile.ZipInfo(f"{at}.txt"), b"")
    return target.getvalue()


def matryoshka(levels: int) -> bytes:
    """A zip in a zip, `levels` deep."""
    inner = forge(member())
    for _ in range(levels):
        inner = forge(member(b"inner.zip", inner, method=0))
    return inner


def bomb(size: int) -> bytes:
    """Zeros, packed in pieces."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(MIB)
    return b"".join([*(squeezer.compress(piece) for _ in range(size // MIB)), squeezer.flush()])


def liar(size: int, told: int) -> bytes:
    """A bomb that says it is small."""
    payload = bomb(size)
    numbers = {"unpacked": told, "crc": 0}
    return forge(File(NAME, b"", payload=payload, local=numbers, central=numbers))


def dense(size: int, told: int) -> bytes:
    """Bytes that do not shrink, more of them than told."""
    return forge(
        File(
            NAME,
            b"",
            payload=deflate(random.Random(1).randbytes(size)),
            local={"unpacked": told},
            central={"unpacked": told},
        )
    )


def tar(mode: str) -> bytes:
    """A tar of the predictions, plain or packed."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        told = tarfile.TarInfo("predictions.jsonl")
        told.size = len(GOOD)
        archive.addfile(told, io.BytesIO(GOOD))
    return target.getvalue()


def squeezed(method: int) -> bytes:
    """A zip by the standard library in a method that is not taken."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("predictions.jsonl", GOOD)
    return target.getvalue()


def office(*names: str) -> bytes:
    """A zip of other files, as office and model formats are."""
    return forge(*(member(name.encode(), b"<x/>") for name in names))


LONG = forge(streamed(NAME, GOOD), streamed(b"notes.txt", b"by hand"), zip64={}, comment=b"packed on a Monday")
CUTS = {
    "the first local header": 12,
    "the first name": 36,
    "the first data": 30 + len(NAME) + 20,
    "the first descriptor": 30 + len(NAME) + SIZES[1] + 7,
    "the second local header": LONG.index(b"PK\x03\x04", 4) + 9,
    "the second data": LONG.index(b"notes.txt") + 12,
    "the directory": LONG.index(b"PK\x01\x02") + 20,
    "the directory's second entry": LONG.rindex(b"PK\x01\x02") + 40,
    "the zip64 end record": LONG.index(b"PK\x06\x06") + 30,
    "the zip64 locator": LONG.index(b"PK\x06\x07") + 11,
    "the end record": LONG.index(b"PK\x05\x06") + 10,
    "the comment": len(LONG) - 5,
}

ZERO_NAMES = {
    "NUL and another ending": b"predictions.jsonl\0.exe",
    "line feed": b"predic\ntions.jsonl",
    "escape sequence": b"\x1b[2J.jsonl",
    "bell": b"\x07.jsonl",
    "DEL": b"\x7f.jsonl",
}
UNSAFE = {
    "parent": b"../predictions.jsonl",
    "parent further in": b"a/../../predictions.jsonl",
    "parent by backslash": b"..\\predictions.jsonl",
    "parent at the end": b"run/..",
    "cron": b"../../../../etc/cron.d/palmares",
    "absolute": b"/etc/passwd",
    "absolute predictions": b"/predictions.jsonl",
    "share": b"\\\\host\\share\\predictions.jsonl",
    "drive": b"C:\\predictions.jsonl",
    "drive-relative": b"C:predictions.jsonl",
    "home": b"~/predictions.jsonl",
    "somebody's home": b"~root/predictions.jsonl",
    "nameless": b"",
    "256 bytes": b"a" * 250 + b".jsonl",
    "60,000 bytes": b"a" * 60_000 + b".jsonl",
    "100 levels": b"d/" * 100 + b"p.jsonl",
}
ALIKE = {
    "the same": b"predictions.jsonl",
    "upper case": b"PREDICTIONS.JSONL",
    "full width": "ｐredictions.jsonl".encode(),
    "a dot at the end": b"predictions.jsonl.",
    "a space at the end": b"predictions.jsonl ",
    "a detour": b"./predictions.jsonl",
    "a doubled slash": b".//predictions.jsonl",
}
TYPES = {
    "symbolic link": stat.S_IFLNK | 0o777,
    "pipe": stat.S_IFIFO | 0o644,
    "character device": stat.S_IFCHR | 0o644,
    "block device": stat.S_IFBLK | 0o644,
    "socket": stat.S_IFSOCK | 0o644,
    "set-user-id file": stat.S_IFREG | stat.S_ISUID | 0o755,
    "set-group-id file": stat.S_IFREG | stat.S_ISGID | 0o755,
}
POLYGLOTS = {
    "shell script": b"#!/bin/sh\nexit 0\n",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "GIF": b"GIF89a\1\0\1\0\0\0\0;",
    "PDF": b"%PDF-1.7\n1 0 obj<<>>endobj\n",
    "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "ELF": b"\x7fELF\2\1\1" + bytes(9),
    "HTML": b"<!doctype html><script>alert(1)</script>\n",
    "one byte": b"P",
}  # fmt: skip
OTHERS = {
    "gzip": (lambda: zlib.compress(GOOD, wbits=31), "p.jsonl.gz"),
    "tar": (lambda: tar("w"), "p.tar"),
    "tar.gz": (lambda: tar("w:gz"), "p.tar.gz"),
    "tar.bz2 named zip": (lambda: tar("w:bz2"), "p.zip"),
    "tar.xz named zip": (lambda: tar("w:xz"), "p.zip"),
    "7-Zip": (lambda: b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40), "p.7z"),
    "RAR": (lambda: b"Rar!\x1a\7\1\0" + bytes(40), "p.rar"),
    "Zstandard": (lambda: b"(\xb5/\xfd" + bytes(40), "p.zip"),
    "pickle": (lambda: b"\x80\x04cposix\nsystem\n(S'id'\ntR.", "p.pkl"),
    "ELF": (lambda: b"\x7fELF\2\1\1" + bytes(60), "run"),
    "PNG named zip": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(60), "p.zip"),
    "HTML": (lambda: b"<!doctype html><html></html>", "p.html"),
    "prose named zip": (lambda: b"please find my predictions attached", "p.zip"),
    "JSON Lines named zip": (lambda: GOOD, "p.zip"),
    "zeros": (lambda: bytes(1000), "p.zip"),
    "half a mark": (lambda: b"PK\x03", "p.zip"),
    "spreadsheet": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "p.xls"),
}


def at_the_door() -> Iterator[Case]:
    """What is refused before anything is inflated."""
    yield from _refusals("A1 full overlap", "overlapping_entries", {
        "two": lambda: full_overlap(2), "a hundred": lambda: full_overlap(100),
    })  # fmt: skip
    yield from _refusals("A1 full overlap", "too_many_files", {"thirty thousand": lambda: full_overlap(30_000)})
    yield from _refusals("A2 quoted overlap", "overlapping_entries", {
        "Fifield's, 10 members": lambda: quoted_overlap(10, bytes(MIB)),
        "Fifield's, 150 members of 10 MiB": lambda: quoted_overlap(150, bytes(10 * MIB)),
        "data reaches into the directory": zipped(member(local={"packed": 5000}, central={"packed": 5000})),
    })  # fmt: skip
    yield from _refusals("A2 quoted overlap", "too_many_files", {
        "Fifield's, 250 members": lambda: quoted_overlap(250, bytes(MIB)),
    })  # fmt: skip
    yield from _refusals("A3 extra fields", "overlapping_entries", {"a header quoted in one": extra_quoted})
    yield from _refusals("A3 extra fields", "header_mismatch", {
        "60 kB": zipped(member(local={"extra": extra(0x9999, bytes(60_000))})),
        "60 kB in the directory": zipped(member(central={"extra": extra(9, bytes(60_000))})),
        "cut off": zipped(member(central={"extra": b"\x99\x99\x10\x00ab"})),
        "three bytes": zipped(member(local={"extra": b"abc"})),
    })  # fmt: skip
    yield from _refusals("A4 bombs", "compression_ratio", {
        "30 MiB of zeros": zipped(member(data=bytes(30 * MIB))),
        "one beside the predictions": zipped(member(), member(b"notes.txt", bytes(30 * MIB))),
        "one in what is ignored": zipped(member(), member(b"__MACOSX/._x", bytes(30 * MIB))),
    })  # fmt: skip
    yield from _refusals("A4 bombs", "too_large_uncompressed", {
        "declares 600 MiB in 4 MiB": zipped(*(member(b"%d.txt" % at, b"", payload=bytes(MIB), local=big, central=big)
        for at, big in enumerate([{"unpacked": 150 * MIB}] * 4))),
    })  # fmt: skip
    yield from _refusals("A5 nesting", "nested_archive", {
        "a zip in the zip": lambda: matryoshka(1),
        "ten zips in one another": lambda: matryoshka(10),
        "tar.gz": zipped(member(b"predictions.tar.gz")),
        "jar beside": zipped(member(), member(b"lib/x.jar")),
    })  # fmt: skip
    yield from _refusals("A6 counts", "too_many_files", {
        "201": lambda: many(201), "65,535": lambda: many(65_535), "a million nameless": lambda: nameless(10**6),
        "a million claimed": lambda: forge(member(), zip64={"here": 10**6, "entries": 10**6}, end=FULL_END),
        "2**64 - 1 claimed": lambda: forge(member(), zip64={"here": 2**64 - 1, "entries": 2**64 - 1}, end=FULL_END),
    })  # fmt: skip
    yield from _refusals("A6 counts", "header_mismatch", {
        "wrapped round": lambda: forge(member(), member(b"b"), end={"here": 1, "entries": 1}),
        "too high": lambda: forge(member(), end={"here": 2, "entries": 2}),
    })  # fmt: skip
    yield from _zip64()
    yield from _headers()
    yield from _refusals("A14 names twice", "duplicate_name", {
        name: zipped(member(), member(other)) for name, other in ALIKE.items()
    })  # fmt: skip
    yield from _refusals("A16 paths", "unsafe_path", {name: zipped(member(raw)) for name, raw in UNSAFE.items()})
    yield from _refusals("A17 special files", "special_file", {
        **{name: zipped(member(), member(b"x.txt", b"/etc/passwd", mode=mode)) for name, mode in TYPES.items()},
        "the predictions are a link": zipped(member(data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777)),
    })  # fmt: skip
    yield from _refusals("A19 control characters", "unsafe_path", {
        name: zipped(member(raw)) for name, raw in ZERO_NAMES.items()
    })  # fmt: skip
    yield from _refusals("A21 encryption", "encrypted", {
        "ZipCrypto": zipped(member(flags=1)), "strong": zipped(member(flags=0x41)),
        "directory": zipped(member(flags=0x2000)), "AES method": zipped(member(method=99)),
        "AES field": zipped(member(central={"extra": extra(0x9901, bytes(7))})),
    })  # fmt: skip
    yield from _refusals("A22 methods", "unsupported_compression", {
        "bzip2": lambda: squeezed(zipfile.ZIP_BZIP2), "LZMA": lambda: squeezed(zipfile.ZIP_LZMA),
        **{f"number {method}": zipped(member(method=method)) for method in (1, 6, 9, 93, 95, 98, 1000)},
    })  # fmt: skip
    yield from _refusals("A23 truncated", "truncated", {name: _cut(at) for name, at in CUTS.items()})
    yield from _refusals("A24 bytes behind", "trailing_data", {
        "text": lambda: forge(member()) + b"more", "a newline": lambda: forge(member()) + b"\n",
        "60 kB of zeros": lambda: forge(member()) + bytes(60_000),
    })  # fmt: skip
    yield from _refusals("A25 bytes in front", "leading_data", {
        name: _glued(front) for name, front in POLYGLOTS.items()
    })  # fmt: skip
    yield from _refusals("A26 two in one", "hidden_data", {
        "glued": lambda: forge(member()) * 2,
        "glued, offsets mended": lambda: forge(member(before=forge(member()))),
        "a second end in the comment": lambda: forge(member(), comment=b"x" * 10 + forge(), end={"comment": 32}),
        "endless comment": lambda: forge(member(), comment=b"c" * 60_000),
        "endless comment of a member": zipped(member(central={"comment": b"c" * 60_000})),
    })  # fmt: skip
    yield from _refusals("A27 split", "split_archive", {
        "spanning mark": lambda: b"PK\x07\x08" + forge(member()),
        "disk numbers": lambda: forge(member(), end={"disk": 1, "first": 1}),
        "a member elsewhere": zipped(member(central={"disk": 2})),
        "zip64 on two disks": lambda: forge(member(), zip64={"disks": 2}),
    })  # fmt: skip
    yield from _refusals("A31 folders", "header_mismatch", {
        "with content": zipped(member(), member(b"folder/", b"x", method=0)),
    })  # fmt: skip
    for name, (make, file) in OTHERS.items():
        yield Case("no zip", name, make, "refused", ("not_an_archive",), file)
    yield Case("no zip", "nothing", lambda: b"", "refused", ("empty_file",))
    yield Case("no zip", "65 MiB", lambda: bytes(65 * MIB), "refused", ("too_large",))


def _zip64() -> Iterator[Case]:
    yield from _refusals("A9 zip64", "header_mismatch", {
        "saturated without field": zipped(member(central={"unpacked": FULL32})),
        "field of the wrong length": zipped(member(central=FULL_SIZES | {"extra": extra(1, bytes(12))})),
        "field for nothing": zipped(member(central={"extra": extra(1, b"")})),
        "field that contradicts": zipped(member(central={"extra": wide(1, 2)})),
        "field given twice": zipped(member(central=FULL_SIZES | {"extra": wide(*SIZES) * 2})),
        "locator points elsewhere": lambda: forge(member(), zip64={"at": 3}),
        "locator beyond the file": lambda: forge(member(), zip64={"at": 2**63}),
        "record of another length": lambda: forge(member(), zip64={"length": 60}),
        "the two end records disagree": lambda: forge(member(), zip64={"here": 2, "entries": 2}),
        "the plain end counts otherwise": lambda: forge(member(), zip64={}, end={"here": 5, "entries": 5}),
        "plain end saturated, no zip64": lambda: forge(member(), end={"offset": FULL32}),
    })  # fmt: skip
    huge = {"unpacked": FULL32, "extra": wide(2**62)}
    yield from _refusals("A9 zip64", ("compression_ratio", "too_large_uncompressed"), {
        "4.6 exabytes declared": zipped(member(central=huge, local=FULL_SIZES | {"extra": wide(2**62, SIZES[1])})),
    })  # fmt: skip


def _headers() -> Iterator[Case]:
    zeros = {"crc": 0, "packed": 0, "unpacked": 0}
    yield from _refusals("A10 names differ", "header_mismatch", {
        "local and central": zipped(member(local={"name": b"predictions.jsonX"})),
        "Unicode field": zipped(member(local={"extra": renamed()}, central={"extra": renamed()})),
    })  # fmt: skip
    yield from _refusals("A11 headers differ", "header_mismatch", {
        "sizes": zipped(member(local={"unpacked": 5})), "packed sizes": zipped(member(local={"packed": 5})),
        "checksums": zipped(member(local={"crc": 1})), "methods": zipped(member(local={"method": 0})),
        "flags": zipped(member(local={"flags": 1})),
        "descriptor": zipped(member(flags=STREAMED, local=zeros, descriptor=bytes(16))),
        "descriptor missing": zipped(member(flags=STREAMED, local=zeros)),
    })  # fmt: skip
    yield from _refusals("A12 hidden", "hidden_data", {
        "an unlisted member first": zipped(member(b"hidden", listed=False), member()),
        "an unlisted member last": zipped(member(), member(b"hidden", listed=False)),
        "a gap": zipped(member(behind=b"gap"), member(b"b.txt")),
        "a megabyte between": zipped(member(behind=bytes(MIB)), member(b"b.txt")),
        "nothing is listed": zipped(member(listed=False)),
        "a directory offset beyond the file": zipped(member(central={"offset": 10**6})),
    })  # fmt: skip
    yield from _refusals("A13 nothing there", "header_mismatch", {
        "no local header": zipped(member(), member(b"b.txt", local={"signature": b"PKxx"})),
        "no directory entry": zipped(member(central={"signature": b"PKxx"})),
    })  # fmt: skip
    yield from _refusals("A8 sizes", "size_mismatch", {
        "stored, two sizes": zipped(member(method=0, payload=GOOD + b"x")),
    })  # fmt: skip


def after_the_door() -> Iterator[Case]:
    """What shows only when members are inflated, or chosen."""
    unended = zlib.compressobj(9, zlib.DEFLATED, -15).compress(b"") + b"\x00\x02\x00\xfd\xffab"
    table: dict[tuple[str, str], dict[str, Callable[[], bytes]]] = {
        ("A7 unpacks to more", "size_mismatch"): {
            "a bomb of 1 GiB declared small": lambda: liar(1024 * MIB, 10),
            "a bomb declared as its ratio allows": lambda: liar(300 * MIB, 50 * MIB),
            "dense data": lambda: dense(3 * MIB, MIB),
            "one byte": zipped(member(payload=deflate(GOOD + b"\n"))),
        },
        ("A8 unpacks to less", "size_mismatch"): {
            "half": zipped(member(payload=deflate(GOOD[:50]))),
            "nothing": zipped(member(payload=deflate(b""))),
        },
        ("A28 checksums", "bad_checksum"): {
            "deflated": zipped(member(local={"crc": 1}, central={"crc": 1})),
            "stored, one bit": zipped(member(method=0, payload=bytes([GOOD[0] ^ 1]) + GOOD[1:])),
            "of another file": zipped(member(), member(b"a.txt", local={"crc": 1}, central={"crc": 1})),
        },
        ("A29 broken deflate", "corrupt_data"): {
            "bad block": zipped(member(payload=b"\x07" + bytes(20))),
            "no end": zipped(member(payload=unended)),
            "noise": zipped(member(payload=b"\xff" * 40)),
        },
        ("A29 broken deflate", "hidden_data"): {
            "bytes behind the end": zipped(member(payload=deflate(GOOD) + b"more")),
            "a second stream": zipped(member(payload=deflate(GOOD) + deflate(GOOD))),
            "a megabyte behind": zipped(member(payload=deflate(GOOD) + bytes(MIB))),
        },
        ("A5 nesting", "nested_archive"): {
            "a zip under another name": zipped(member(), member(b"notes.txt", forge(member()))),
            "the predictions are a zip": zipped(member(data=forge(member()))),
        },
        ("which file", "no_predictions_file"): {
            "an empty zip": lambda: forge(),
            "only a readme": zipped(member(b"README.md")),
            "only what Finder adds": zipped(member(b"__MACOSX/._predictions.jsonl")),
            "too deep": zipped(member(b"a/b/predictions.jsonl")),
            "a text document": lambda: office("[Content_Types].xml", "word/document.xml"),
            "a spreadsheet": lambda: office("[Content_Types].xml", "xl/workbook.xml"),
            "a checkpoint of a model": lambda: office("archive/version", "archive/byteorder"),
            "arrays": lambda: office("predictions.npy"),
        },
        ("which file", "several_predictions_files"): {
            "two formats": zipped(member(), member(b"old.csv")),
            "one in a folder": zipped(member(), member(b"run/predictions.jsonl")),
            "a configuration beside": zipped(member(), member(b"a/b/config.json")),
        },
    }
    for (kind, code), makers in table.items():
        yield from _refusals(kind, code, makers, "invalid")
    broken = zipped(member(payload=b"\x07" + bytes(20)), member(b"a.txt", local={"crc": 1}, central={"crc": 1}))
    yield Case("A29 broken deflate", "two members", broken, "invalid", ("bad_checksum", "corrupt_data"))


def renamed() -> bytes:
    """A Unicode path field that gives an ASCII name another one."""
    return extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(NAME)) + b"other.jsonl")


def _cut(at: int) -> Callable[[], bytes]:
    return lambda: LONG[:at]


def _glued(front: bytes) -> Callable[[], bytes]:
    return lambda: front + forge(member())


def _refusals(
    kind: str, codes: str | tuple[str, ...], makers: dict[str, Callable[[], bytes]], state: State = "refused"
) -> Iterator[Case]:
    for name, make in makers.items():
        yield Case(kind, name, make, state, (codes,) if isinstance(codes, str) else codes)
