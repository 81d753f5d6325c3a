"""The structure of an untrusted zip: every header read, compared and accounted for, nothing inflated.

Context: readers of zip files disagree (some trust the directory at the end, some the headers before the data), and
attacks live in the difference; the standard library's `zipfile` accepts overlapping, hidden and contradicting entries.
Decision: a zip is taken only if it has one reading. The end record, the directory and the local headers must agree, and
headers, data and descriptors must tile the file from its first byte to the directory, without gap or overlap. What real
tools write is taken: data descriptors (Finder, Java, pipes), zip64 records, folders, extra fields.
Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5. Rejected: `zipfile` after a partial check (two readers of one file).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from .findings import Invalid, shown
from .limits import Limits

LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_DESCRIPTOR = b"PK\x07\x08"

STORED = 0
DEFLATED = 8
ENCRYPTED_BITS = 0x1 | 0x40 | 0x2000
_STREAMED_BIT = 0x8
_UTF8_BIT = 0x800
# How hard the packer tried (bits 1, 2) says nothing of the content, and some tools write it into one header only.
_IGNORED_BITS = 0x6

_FULL16 = 0xFFFF
_FULL32 = 0xFFFFFFFF
_END_SIZE = 22
_LOCATOR64_SIZE = 20
_END64_SIZE = 56
_CENTRAL_SIZE = 46
_LOCAL_SIZE = 30
_LONGEST_COMMENT = 0xFFFF
# libarchive's bsdtar fills its last block with zeros when it writes into a pipe.
_LONGEST_PADDING = 10_240


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the directory, its local header compared and its data located; sizes and offsets in bytes."""

    raw_name: bytes
    name: str
    """The decoded name, for showing and for choosing only; never a path to write to."""
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    mode: int
    """Unix type and permission bits, 0 where the zip has none."""
    start: int
    """Where the local header begins."""
    data: int = 0
    """Where the packed bytes begin."""
    extras: tuple[int, ...] = ()
    """The ids of the extra fields in the directory."""

    @property
    def is_folder(self) -> bool:
        """True where the name ends in a slash."""
        return self.raw_name.endswith((b"/", b"\\"))


@dataclass(frozen=True, slots=True)
class _End:
    entries: int
    size: int
    offset: int
    limit: int
    """Where the directory must end: the first byte of the end records."""


def read_structure(file: BinaryIO, size: int, limits: Limits) -> list[Entry]:
    """Every entry of the zip in `file` (seekable, `size` bytes), in the order of the directory.

    Raises Invalid where the structure is broken or ambiguous: truncated, trailing_data, hidden_data,
    header_mismatch, overlapping_entries, split_archive, too_many_files.
    """
    end = _read_end(file, size, limits)
    if end.entries > limits.entries:
        raise Invalid.because("too_many_files", f"The zip has {end.entries:,} entries; {limits.entries} are allowed.")
    if end.offset + end.size != end.limit:
        code = "hidden_data" if end.offset + end.size < end.limit else "header_mismatch"
        raise Invalid.because(code, "The zip's directory does not fill the place that the end record gives it.")
    entries = _read_directory(file, end, limits)
    _check_tiling(file, entries, end, limits)
    return entries


def _bytes_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    found = file.read(count)
    if len(found) != count:
        raise Invalid.because("truncated", f"The zip ends within a header that begins at byte {offset}.")
    return found


def _mismatch(what: str, name: bytes | None = None) -> Invalid:
    file = None if name is None else decode_name(name)
    return Invalid.because("header_mismatch", what, **({"file": file} if file else {}))


def _read_end(file: BinaryIO, size: int, limits: Limits) -> _End:
    tail_start = max(0, size - _END_SIZE - _LONGEST_COMMENT - _LONGEST_PADDING)
    tail = _bytes_at(file, tail_start, size - tail_start)
    place = tail.rfind(_END)
    if place < 0 or place + _END_SIZE > len(tail):
        raise Invalid.because("truncated", "The zip's end record is missing: the file ends too early.")
    disk, directory_disk, here, entries, directory_size, offset, comment = struct.unpack_from("<4H2IH", tail, place + 4)
    finish = place + _END_SIZE + comment
    if finish > len(tail) or len(tail) - finish > _LONGEST_PADDING or any(tail[finish:]):
        code = "trailing_data" if finish < len(tail) else "truncated"
        raise Invalid.because(code, f"The zip ends at byte {tail_start + finish}; the file has {size} bytes.")
    if comment > limits.comment_bytes or _another_end(tail, place, finish):
        raise Invalid.because("hidden_data", "The zip's comment is too long, or a second zip ends in it.")
    at = tail_start + place
    if at >= _LOCATOR64_SIZE and (locator := _bytes_at(file, at - _LOCATOR64_SIZE, _LOCATOR64_SIZE))[:4] == _LOCATOR64:
        return _read_end64(file, at - _LOCATOR64_SIZE, locator, (here, entries, directory_size, offset))
    if disk or directory_disk or here != entries:
        raise Invalid.because("split_archive")
    return _End(entries, directory_size, offset, at)


def _another_end(tail: bytes, last: int, finish: int) -> bool:
    """Whether an earlier end record would do as well, its comment swallowing the last one."""
    place = tail.find(_END)
    while 0 <= place < last:
        (comment,) = struct.unpack_from("<H", tail, place + 20)
        if finish <= place + _END_SIZE + comment <= len(tail):
            return True
        place = tail.find(_END, place + 1)
    return False


def _read_end64(file: BinaryIO, at: int, locator: bytes, short: tuple[int, int, int, int]) -> _End:
    disk, start, disks = struct.unpack_from("<IQI", locator, 4)
    if disk or disks > 1:
        raise Invalid.because("split_archive")
    if start != at - _END64_SIZE:
        raise _mismatch("The zip64 end record is not where its locator says.")
    record = _bytes_at(file, start, _END64_SIZE)
    signature, length, _, _, disk, directory_disk, here, entries, size, offset = struct.unpack("<4sQ2H2I4Q", record)
    if signature != _END64 or length != _END64_SIZE - 12:
        raise _mismatch("The zip64 end record is not one.")
    if disk or directory_disk or here != entries:
        raise Invalid.because("split_archive")
    full = (_FULL16, _FULL16, _FULL32, _FULL32)
    if any(old not in (limit, new) for old, limit, new in zip(short, full, (here, entries, size, offset), strict=True)):
        raise _mismatch("The zip's two end records disagree.")
    return _End(entries, size, offset, start)


def _read_directory(file: BinaryIO, end: _End, limits: Limits) -> list[Entry]:
    entries = []
    at = end.offset
    for _ in range(end.entries):
        if at + _CENTRAL_SIZE > end.limit:
            raise _mismatch("The zip's directory has fewer entries than its end record says.")
        header = _bytes_at(file, at, _CENTRAL_SIZE)
        if header[:4] != _CENTRAL:
            raise _mismatch("The zip's directory has fewer entries than its end record says.")
        name, extra, comment = struct.unpack_from("<3H", header, 28)
        if at + _CENTRAL_SIZE + name + extra + comment > end.limit:
            raise _mismatch("An entry of the zip's directory reaches beyond the directory.")
        rest = _bytes_at(file, at + _CENTRAL_SIZE, name + extra + comment)
        if comment > limits.comment_bytes:
            raise Invalid.because("hidden_data", "A member's comment is too long.", file=decode_name(rest[:name]))
        entries.append(_entry(header, rest[:name], rest[name : name + extra], limits))
        at += _CENTRAL_SIZE + name + extra + comment
    if at != end.limit:
        raise _mismatch("The zip's directory has more entries than its end record says.")
    return entries


def _entry(header: bytes, name: bytes, extra: bytes, limits: Limits) -> Entry:
    flags, method = struct.unpack_from("<2H", header, 8)
    crc, packed, unpacked = struct.unpack_from("<3I", header, 16)
    disk, _, attributes, start = struct.unpack_from("<2H2I", header, 34)
    fields = _extra_fields(extra, name, limits)
    unpacked, packed, start, disk = _widened(fields, (unpacked, packed, start, disk), name)
    if disk:
        raise Invalid.because("split_archive", file=decode_name(name))
    _check_unicode_path(fields, name)
    extras = tuple(fields)
    return Entry(name, decode_name(name), flags, method, crc, packed, unpacked, attributes >> 16, start, extras=extras)


def _extra_fields(extra: bytes, name: bytes, limits: Limits) -> dict[int, bytes]:
    if len(extra) > limits.extra_bytes:
        raise _mismatch(f"An extra field is longer than {limits.extra_bytes} bytes.", name)
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(extra):
        if at + 4 > len(extra):
            raise _mismatch("An extra field is cut off.", name)
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4 + length
        if at > len(extra):
            raise _mismatch("An extra field is cut off.", name)
        if kind in fields:
            raise _mismatch("An extra field is given twice.", name)
        fields[kind] = extra[at - length : at]
    return fields


def _widened(fields: dict[int, bytes], short: tuple[int, ...], name: bytes) -> tuple[int, int, int, int]:
    """Unpacked size, packed size, offset, disk: each as it is, or from the zip64 field where it is saturated.

    Takes the field with the saturated values only, as the standard demands, and the full one that some tools write.
    """
    full = (_FULL32, _FULL32, _FULL32, _FULL16)
    wide = fields.get(1)
    saturated = [at for at, value in enumerate(short) if value == full[at]]
    values = list(short) + [0] * (4 - len(short))
    if wide is None:
        if saturated:
            raise _mismatch("A size or place needs a zip64 field, and there is none.", name)
        return values[0], values[1], values[2], values[3]
    present = saturated if len(wide) == sum(_width(at) for at in saturated) else list(range(len(short)))
    while sum(_width(at) for at in present) > len(wide):
        present.pop()
    if sum(_width(at) for at in present) != len(wide) or not set(saturated) <= set(present) or not present:
        raise _mismatch("A zip64 field has the wrong length.", name)
    at = 0
    for which in present:
        value = int.from_bytes(wide[at : at + _width(which)], "little")
        if which not in saturated and value != values[which]:
            raise _mismatch("A zip64 field says something else than the header.", name)
        values[which] = value
        at += _width(which)
    return values[0], values[1], values[2], values[3]


def _width(which: int) -> int:
    return 4 if which == 3 else 8


def _check_unicode_path(fields: dict[int, bytes], name: bytes) -> None:
    """The Info-ZIP Unicode Path field may spell a non-ASCII name; it may not rename an ASCII one into predictions."""
    field = fields.get(0x7075)
    if field is None:
        return
    if len(field) < 5 or field[0] != 1 or int.from_bytes(field[1:5], "little") != zlib.crc32(name):
        raise _mismatch("A Unicode name field does not belong to its name.", name)
    if field[5:] != name and (field[5:].isascii() or b"\0" in field):
        raise _mismatch("A member has two different names.", name)


def _check_tiling(file: BinaryIO, entries: list[Entry], end: _End, limits: Limits) -> None:
    """Compares each local header, and demands that entries cover [0, directory) without gap and overlap."""
    order = sorted(range(len(entries)), key=lambda at: entries[at].start)
    first = entries[order[0]].start if order else end.offset
    if first > 0:
        raise Invalid.because("hidden_data", f"The first {first} bytes of the zip belong to no member.")
    for at, following in zip(order, [*(entries[at].start for at in order[1:]), end.offset], strict=False):
        entry = entries[at]
        if entry.start + _LOCAL_SIZE > following:
            raise Invalid.because("overlapping_entries", file=entry.name)
        entries[at], local = _with_local(file, entry, end, limits)
        _check_extent(file, entries[at], local, following)


def _check_extent(file: BinaryIO, entry: Entry, local: tuple[int, int, int], following: int) -> None:
    finish = entry.data + entry.packed
    if finish > following:
        raise Invalid.because("overlapping_entries", file=entry.name)
    told = (entry.crc, entry.packed, entry.unpacked)
    if not entry.flags & _STREAMED_BIT:
        ends = [finish]
        if local != told:
            raise _mismatch("The two headers of a member disagree on checksum or size.", entry.raw_name)
    else:
        ends = list(_descriptor_ends(file, entry, finish, following))
        if local == told:
            # Everything was known ahead, so a tool may have left the descriptor out.
            ends.append(finish)
        if not ends or any(value not in (0, real) for value, real in zip(local, told, strict=True)):
            raise _mismatch("A member's headers and its data descriptor disagree.", entry.raw_name)
    if following not in ends:
        count = following - min(ends)
        raise Invalid.because("hidden_data", f"{count} bytes behind a member belong to nothing.", file=entry.name)


def _with_local(file: BinaryIO, entry: Entry, end: _End, limits: Limits) -> tuple[Entry, tuple[int, int, int]]:
    """The entry with its data located, and checksum, packed and unpacked size as the local header tells them."""
    header = _bytes_at(file, entry.start, _LOCAL_SIZE)
    if header[:4] != LOCAL:
        raise _mismatch("The directory names a member that is not there.", entry.raw_name)
    flags, method = struct.unpack_from("<2H", header, 6)
    crc, packed, unpacked, name_size, extra_size = struct.unpack_from("<3I2H", header, 14)
    data = entry.start + _LOCAL_SIZE + name_size + extra_size
    if data > end.offset:
        raise Invalid.because("overlapping_entries", file=entry.name)
    rest = _bytes_at(file, entry.start + _LOCAL_SIZE, name_size + extra_size)
    if rest[:name_size] != entry.raw_name:
        raise _mismatch("The two headers of a member give it different names.", entry.raw_name)
    ignored = _IGNORED_BITS | (_UTF8_BIT if entry.raw_name.isascii() else 0)
    if method != entry.method or (flags ^ entry.flags) & ~ignored:
        raise _mismatch("The two headers of a member disagree on flags or method.", entry.raw_name)
    fields = _extra_fields(rest[name_size:], entry.raw_name, limits)
    if flags & _STREAMED_BIT and 1 in fields and len(fields[1]) == 16 and not any(fields[1]):
        # A tool that streams writes an empty zip64 field and puts the sizes into the descriptor.
        packed, unpacked = (0 if value == _FULL32 else value for value in (packed, unpacked))
    else:
        unpacked, packed, _, _ = _widened(fields, (unpacked, packed), entry.raw_name)
    _check_unicode_path(fields, entry.raw_name)
    return replace(entry, data=data), (crc, packed, unpacked)


def _descriptor_ends(file: BinaryIO, entry: Entry, finish: int, following: int) -> Iterator[int]:
    """Where the data descriptor behind the data may end: with or without signature, sizes of 4 or of 8 bytes."""
    file.seek(finish)
    found = file.read(min(24, following - finish))
    for signature in (_DESCRIPTOR, b""):
        for sizes in ("<I2I", "<I2Q"):
            if entry.packed > _FULL32 or entry.unpacked > _FULL32:
                continue
            expected = signature + struct.pack(sizes, entry.crc, entry.packed, entry.unpacked)
            if found.startswith(expected):
                yield finish + len(expected)


def decode_name(raw: bytes) -> str:
    """A member's name for showing: UTF-8 where it is that (many tools write it without saying so), else cp437."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def describe(entries: list[Entry], limit: int = 5) -> str:
    """The names of some entries for a message: at most `limit` in full."""
    names = ", ".join(shown(entry.name) for entry in entries[:limit])
    return names if len(entries) <= limit else f"{names} and {len(entries) - limit} more"
