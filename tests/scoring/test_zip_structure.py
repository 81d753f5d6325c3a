"""The structural pass against forged zips: each class of attack has its code, each habit of a real tool passes."""

import io
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from app.scoring.findings import Invalid
from app.scoring.limits import Limits
from app.scoring.zip_structure import read_structure
from tests.scoring.zips import (
    FULL16,
    FULL32,
    LINE,
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

PLAIN = forge(File())
SIZES = (len(LINE), len(deflate(LINE)))
FULL_SIZES = {"unpacked": FULL32, "packed": FULL32}
FULL_END = {"here": FULL16, "entries": FULL16, "size": FULL32, "offset": FULL32}


def code_of(data: bytes, limits: Limits | None = None) -> str:
    try:
        read_structure(io.BytesIO(data), len(data), limits or Limits())
    except Invalid as fault:
        return " ".join(one.code for one in fault.findings)
    return "ok"


def renamed(unicode_name: bytes, raw: bytes, crc: int | None = None) -> File:
    field = extra(0x7075, b"\1" + struct.pack("<I", zlib.crc32(raw) if crc is None else crc) + unicode_name)
    return File(raw, central={"extra": field}, local={"extra": field})


def twice_listed() -> bytes:
    """Full overlap: a second directory entry on the first one's local header."""
    return forge(File(), File(b"b.txt", central={"offset": 0, "name": b"predictions.jsonl"}))


def two_faced() -> bytes:
    """Two zips in one, each sound: the second one's end lies in the comment of the first."""

    def face(size: int) -> tuple[bytes, bytes]:
        told = File(method=0, flags=STREAMED).fields() | {"offset": 0, "packed": size, "unpacked": size}
        told["crc"] = zlib.crc32(body[start : start + size])
        numbers = struct.pack("<4s3I", b"PK\x07\x08", told["crc"], size, size)
        return numbers, central_header(told)

    header = forge(File(method=0, flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0}))
    start = 30 + len(b"predictions.jsonl")
    body = header[:start] + LINE
    descriptor, directory = face(len(LINE))
    rest = len(descriptor) + len(directory) + 22
    body += descriptor
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), rest)
    body += directory + end
    descriptor, directory = face(len(body) - start)
    body += descriptor
    return body + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), len(body), 0)


WIDE = forge(File(), zip64={})

REFUSED = {
    "A1 full overlap": (twice_listed(), "overlapping_entries"),
    "A2 quoted overlap": (quoted_overlap(30, b"a" * 10_000), "overlapping_entries"),
    "A2 data reaches into the directory": (
        forge(File(local={"packed": 5000}, central={"packed": 5000})),
        "overlapping_entries",
    ),
    "A3 giant extra field": (forge(File(local={"extra": extra(0x9999, bytes(5000))})), "header_mismatch"),
    "A3 giant extra field in the directory": (forge(File(central={"extra": extra(9, bytes(5000))})), "header_mismatch"),
    "A3 extra field cut off": (forge(File(central={"extra": b"\x99\x99\x10\x00ab"})), "header_mismatch"),
    "A3 extra field of three bytes": (forge(File(local={"extra": b"abc"})), "header_mismatch"),
    "A6 more entries than allowed": (forge(*(File(b"%d" % at) for at in range(201))), "too_many_files"),
    "A6 a million claimed": (forge(File(), zip64={"here": 10**6, "entries": 10**6}, end=FULL_END), "too_many_files"),
    "A6 count wrapped round": (forge(File(), File(b"b"), end={"here": 1, "entries": 1}), "header_mismatch"),
    "A6 count too high": (forge(File(), end={"here": 2, "entries": 2}), "header_mismatch"),
    "A9 saturated without field": (forge(File(central={"unpacked": FULL32})), "header_mismatch"),
    "A9 field of the wrong length": (
        forge(File(central=FULL_SIZES | {"extra": extra(1, bytes(12))})),
        "header_mismatch",
    ),
    "A9 field for nothing": (forge(File(central={"extra": extra(1, b"")})), "header_mismatch"),
    "A9 field that contradicts": (forge(File(central={"extra": wide(1, 2)})), "header_mismatch"),
    "A9 field given twice": (forge(File(central=FULL_SIZES | {"extra": wide(*SIZES) * 2})), "header_mismatch"),
    "A9 locator points elsewhere": (forge(File(), zip64={"at": 3}), "header_mismatch"),
    "A9 record of another length": (forge(File(), zip64={"length": 60}), "header_mismatch"),
    "A9 the plain end record counts otherwise": (
        forge(File(), zip64={}, end={"here": 5, "entries": 5}),
        "header_mismatch",
    ),
    "A9 bytes between the zip64 records": (WIDE[:-42] + b"gap" + WIDE[-42:], "header_mismatch"),
    "A9 the two end records disagree": (forge(File(), zip64={"here": 2, "entries": 2}), "header_mismatch"),
    "A9 zip64 record without the plain one": (forge(File(), zip64={})[:-22], "truncated"),
    "A9 plain end saturated, no zip64": (forge(File(), end={"offset": FULL32}), "header_mismatch"),
    "A10 names differ": (forge(File(local={"name": b"predictions.jsonX"})), "header_mismatch"),
    "A11 sizes differ": (forge(File(local={"unpacked": 5})), "header_mismatch"),
    "A11 packed sizes differ": (forge(File(local={"packed": 5})), "header_mismatch"),
    "A11 checksums differ": (forge(File(local={"crc": 1})), "header_mismatch"),
    "A11 methods differ": (forge(File(local={"method": 0})), "header_mismatch"),
    "A11 flags differ": (forge(File(local={"flags": 1})), "header_mismatch"),
    "A11 streamed, local crc invented": (
        forge(File(flags=STREAMED, local={"crc": 7}, descriptor=streamed().descriptor)),
        "header_mismatch",
    ),
    "A11 descriptor differs": (
        forge(File(flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0}, descriptor=bytes(16))),
        "header_mismatch",
    ),
    "A11 descriptor missing": (
        forge(File(flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0})),
        "header_mismatch",
    ),
    "A12 unlisted entry first": (forge(File(b"hidden", listed=False), File()), "hidden_data"),
    "A12 unlisted entry last": (forge(File(), File(b"hidden", listed=False)), "hidden_data"),
    "A12 gap between entries": (forge(File(behind=b"gap"), File(b"b.txt")), "hidden_data"),
    "A12 gap behind a descriptor": (forge(File(**(vars(streamed()) | {"behind": b"x"}))), "hidden_data"),
    "A12 gap before the end record": (PLAIN[:-22] + b"gap" + PLAIN[-22:], "hidden_data"),
    "A12 every entry unlisted": (forge(File(listed=False)), "hidden_data"),
    "A13 listed entry that is not there": (forge(File(local={"signature": b"PKxx"})), "header_mismatch"),
    "A13 directory entry that is none": (forge(File(central={"signature": b"PKxx"})), "header_mismatch"),
    "A13 offset beyond the file": (forge(File(central={"offset": 10**6})), "hidden_data"),
    "A20 other name in a Unicode field": (forge(renamed(b"b.jsonl", b"a.jsonl")), "header_mismatch"),
    "A20 Unicode field with a NUL": (forge(renamed("é\0.txt".encode(), b"e.txt")), "header_mismatch"),
    "A20 Unicode field of another name": (forge(renamed("é.txt".encode(), b"e.txt", crc=1)), "header_mismatch"),
    "A23 cut at the end": (PLAIN[:-1], "truncated"),
    "A23 cut in the middle": (PLAIN[: len(PLAIN) // 2], "truncated"),
    "A23 cut within the comment": (forge(File(), comment=b"comment")[:-3], "truncated"),
    "A24 trailing bytes": (PLAIN + b"more", "trailing_data"),
    "A24 trailing newline": (PLAIN + b"\n", "trailing_data"),
    "A25 bytes in front, offsets kept": (b"PK\x03\x04" + PLAIN, "hidden_data"),
    "A26 two zips glued together": (PLAIN + PLAIN, "hidden_data"),
    "A26 second zip, offsets mended": (forge(File(before=PLAIN)), "hidden_data"),
    "A26 a second end in the comment": (
        forge(File(), comment=b"x" * 10 + forge(), end={"comment": 32}),
        "hidden_data",
    ),
    "A26 two zips in one, each sound": (two_faced(), "hidden_data"),
    "A26 endless comment": (forge(File(), comment=b"c" * 2000), "hidden_data"),
    "A26 endless member comment": (forge(File(central={"comment": b"c" * 2000})), "hidden_data"),
    "A27 a disk number": (forge(File(), end={"disk": 1, "first": 1}), "split_archive"),
    "A27 fewer entries here": (forge(File(), File(b"b"), end={"here": 1}), "split_archive"),
    "A27 entry on another disk": (forge(File(central={"disk": 2})), "split_archive"),
    "A27 zip64 on two disks": (forge(File(), zip64={"disks": 2}), "split_archive"),
    "directory larger than its place": (forge(File(), end={"size": 4000}), "header_mismatch"),
    "entry reaches beyond the directory": (
        PLAIN[: len(PLAIN) - 22 - 46 - 17 + 28] + b"\xff\xff" + PLAIN[len(PLAIN) - 22 - 46 - 17 + 30 :],
        "header_mismatch",
    ),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(data: bytes, code: str) -> None:
    assert code_of(data) == code


TAKEN = {
    "plain": PLAIN,
    "no entries": forge(),
    "stored": forge(File(method=0)),
    "A32 timestamps out of range": forge(File()).replace(b"\x08\x00\x00\x00\x00\x00", b"\x08\x00\xff\xff\xff\xff"),
    "comment": forge(File(), comment=b"packed on a Monday"),
    "descriptor": forge(streamed()),
    "descriptor without signature": forge(streamed(sign=False)),
    "descriptor of eight bytes": forge(streamed(wide=True)),
    "descriptor of eight bytes without signature": forge(streamed(wide=True, sign=False)),
    "several descriptors": forge(streamed(), streamed(b"b.txt", wide=True), streamed(b"empty.txt", b"")),
    "empty streamed member, eight bytes": forge(streamed(b"empty.txt", b"", wide=True), streamed()),
    "streamed, but known ahead, no descriptor": forge(File(flags=STREAMED), File(b"b.txt")),
    "streamed, unpacked size known": forge(
        File(**(vars(streamed()) | {"local": {"crc": 0, "packed": 0, "unpacked": len(LINE)}}))
    ),
    "zip64 end": forge(File(), zip64={}),
    "zip64 end, plain saturated": forge(File(), zip64={}, end=FULL_END),
    "zip64 sizes": forge(
        File(local=FULL_SIZES | {"extra": wide(*SIZES)}, central=FULL_SIZES | {"extra": wide(*SIZES)}), zip64={}
    ),
    "zip64 size, one": forge(File(central={"unpacked": FULL32, "extra": wide(SIZES[0])})),
    "zip64 field in full, not needed": forge(File(central={"extra": wide(*SIZES)})),
    "zip64 field in full, one needed": forge(File(central={"unpacked": FULL32, "extra": wide(*SIZES)})),
    "zip64 streamed, empty local field": forge(
        File(
            **(
                vars(streamed(wide=True))
                | {"local": {"crc": 0, "packed": FULL32, "unpacked": FULL32, "extra": wide(0, 0)}}
            )
        )
    ),
    "directory in another order": forge(
        File(b"b.txt", central={"offset": 0}), File(central={"comment": b"x"})
    ),
    "a second end mark in the comment, no end": forge(File(), comment=b"PK\x05\x05"),
    "Unicode name": forge(renamed("é.txt".encode(), b"\x82.txt")),
    "level bits in one header only": forge(File(local={"flags": 2})),
    "UTF-8 bit in one header only, ASCII name": forge(File(central={"flags": 0x800})),
}  # fmt: skip


@pytest.mark.parametrize("data", TAKEN.values(), ids=TAKEN.keys())
def test_takes(data: bytes) -> None:
    assert code_of(data) == "ok"


def test_the_order_of_the_directory_need_not_be_that_of_the_data() -> None:
    first, second = File(b"a.txt"), File(b"b.txt")
    data = forge(first, second)
    directory = data.index(b"PK\x01\x02")
    size = (len(data) - 22 - directory) // 2
    swapped = data[:directory] + data[directory + size : -22] + data[directory : directory + size] + data[-22:]
    entries = read_structure(io.BytesIO(swapped), len(swapped), Limits())
    assert [entry.name for entry in entries] == ["b.txt", "a.txt"]
    assert [swapped[entry.data :][: entry.packed] for entry in entries] == [deflate(LINE)] * 2


class Pipe(io.RawIOBase):
    """A target that cannot seek, as standard output is."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self.bytes += piece
        return len(piece)


@pytest.mark.parametrize("wide64", [False, True])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_takes_what_python_writes(method: int, wide64: bool) -> None:
    for target in (Pipe(), io.BytesIO()):
        with zipfile.ZipFile(target, "w", method) as archive:
            archive.mkdir("run")
            with archive.open("run/predictions.jsonl", "w", force_zip64=wide64) as member:
                member.write(LINE)
            archive.writestr("run/ü.txt", "")
        data = bytes(target.bytes) if isinstance(target, Pipe) else target.getvalue()
        assert code_of(data) == "ok"


@pytest.mark.parametrize(
    ("flags", "piped"),
    [(["-0"], False), (["-9", "-X"], False), (["-fz"], False), (["-0"], True), (["-9"], True)],
)
def test_takes_what_info_zip_writes(tmp_path: Path, flags: list[str], piped: bool) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "predictions.jsonl").write_bytes(LINE * 50)
    (tmp_path / "run" / "é.txt").write_text("")
    target = "-" if piped else "made.zip"
    try:
        made = subprocess.run(["zip", "-q", *flags, "-r", target, "run"], cwd=tmp_path, capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("The zip program is not installed; forged samples stand for it.")
    assert code_of(made.stdout if piped else (tmp_path / "made.zip").read_bytes()) == "ok"


def test_reads_no_data_and_few_headers() -> None:
    """A header pass over 200 members of a large file reads headers only."""

    class Counted(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.count += len(piece)
            return piece

    data = forge(*(File(b"%d.txt" % at, bytes(50_000), method=0) for at in range(200)))
    file = Counted(data)
    assert len(read_structure(file, len(data), Limits())) == 200
    assert file.count < 70_000 + 200 * 200
