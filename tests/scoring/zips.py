"""Zips forged byte by byte: every header field can be made to lie, which no zip library allows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LINE = b'{"id": "p_000", "answer": "A", "explanation": "Face Texture: Image A is finer."}\n'
STREAMED = 0x8
FULL16, FULL32 = 0xFFFF, 0xFFFFFFFF


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass
class File:
    """One entry. `local` and `central` overwrite fields of their header; `before` and `behind` are stray bytes."""

    name: bytes = b"predictions.jsonl"
    data: bytes = LINE
    method: int = 8
    flags: int = 0
    mode: int = 0
    payload: bytes | None = None
    local: Mapping[str, Any] = field(default_factory=dict)
    central: Mapping[str, Any] = field(default_factory=dict)
    descriptor: bytes = b""
    before: bytes = b""
    behind: bytes = b""
    listed: bool = True

    def fields(self) -> dict[str, Any]:
        payload = self.packed()
        return {
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "packed": len(payload),
            "unpacked": len(self.data),
            "name": self.name,
            "extra": b"",
            "comment": b"",
            "disk": 0,
            "mode": self.mode,
            "signature": None,
        }

    def packed(self) -> bytes:
        if self.payload is not None:
            return self.payload
        return deflate(self.data) if self.method == 8 else self.data


def streamed(name: bytes = b"predictions.jsonl", data: bytes = LINE, *, wide: bool = False, sign: bool = True) -> File:
    """An entry as a tool writes it that cannot seek: zeros in the local header, a data descriptor behind the data."""
    packed = deflate(data)
    numbers = struct.pack("<I2Q" if wide else "<3I", zlib.crc32(data), len(packed), len(data))
    zeros = {"crc": 0, "packed": 0, "unpacked": 0}
    return File(name, data, flags=STREAMED, local=zeros, descriptor=(b"PK\x07\x08" if sign else b"") + numbers)


def forge(
    *files: File, end: Mapping[str, int] | None = None, comment: bytes = b"", zip64: Mapping | None = None
) -> bytes:
    """The bytes of a zip; `end` overwrites fields of the end record, `zip64` adds its records, overwritten too."""
    body, directory, count = b"", b"", 0
    for one in files:
        body += one.before
        offset = len(body)
        told = one.fields() | dict(one.local)
        body += told["signature"] or b"PK\x03\x04"
        body += struct.pack(
            "<5H3I", 20, told["flags"], told["method"], 0, 0, told["crc"], told["packed"], told["unpacked"]
        )
        body += struct.pack("<2H", len(told["name"]), len(told["extra"])) + told["name"] + told["extra"]
        body += one.packed() + one.descriptor + one.behind
        if one.listed:
            count += 1
            directory += central_header(one.fields() | {"offset": offset} | dict(one.central))
    numbers = {"disk": 0, "first": 0, "here": count, "entries": count, "size": len(directory), "offset": len(body)}
    extra = b""
    if zip64 is not None:
        wide = numbers | {"length": 44, "at": len(body) + len(directory), "disks": 1} | dict(zip64)
        extra = struct.pack(
            "<4sQ2H2I4Q", b"PK\x06\x06", wide["length"], 45, 45, wide["disk"], wide["first"], wide["here"],
            wide["entries"], wide["size"], wide["offset"],
        )  # fmt: skip
        extra += struct.pack("<4sIQI", b"PK\x06\x07", 0, wide["at"], wide["disks"])
    short = numbers | {"comment": len(comment)} | dict(end or {})
    counts = (short[key] for key in ("disk", "first", "here", "entries"))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", *counts, short["size"], short["offset"], short["comment"])
    return body + directory + extra + tail + comment


def central_header(told: Mapping[str, Any]) -> bytes:
    sizes = (told["crc"], told["packed"], told["unpacked"])
    return (
        (told["signature"] or b"PK\x01\x02")
        + struct.pack("<6H3I", 3 << 8 | 20, 20, told["flags"], told["method"], 0, 0, *sizes)
        + struct.pack("<3H", len(told["name"]), len(told["extra"]), len(told["comment"]))
        + struct.pack("<2H2I", told["disk"], 0, told["mode"] << 16, told["offset"])
        + told["name"] + told["extra"] + told["comment"]
    )  # fmt: skip


def extra(kind: int, content: bytes) -> bytes:
    """One extra field."""
    return struct.pack("<2H", kind, len(content)) + content


def wide(*numbers: int) -> bytes:
    """A zip64 extra field."""
    return extra(1, struct.pack(f"<{len(numbers)}Q", *numbers))


def quoted_overlap(copies: int, data: bytes) -> bytes:
    """Fifield's bomb: each entry quotes the next one's local header in a stored block, and all end in one kernel."""
    kernel = deflate(data)
    body, packed, content = kernel, len(kernel), data
    entries: list[tuple[bytes, int, int, int, int]] = []
    for at in range(copies):
        name = b"predictions.jsonl" if at == copies - 1 else b"%d.txt" % at
        if at:
            quoted = body[: 30 + len(entries[-1][0])]
            block = b"\x00" + struct.pack("<2H", len(quoted), len(quoted) ^ FULL16)
            body, packed, content = block + body, len(block) + len(quoted) + packed, quoted + content
        crc = zlib.crc32(content)
        body = (
            struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, packed, len(content), len(name), 0)
            + name
            + body
        )
        entries.append((name, crc, packed, len(content), len(body)))
    directory = b""
    for name, crc, packed, unpacked, length in entries:
        told = {"crc": crc, "packed": packed, "unpacked": unpacked, "offset": len(body) - length}
        directory += central_header(File(name).fields() | told)
    return body + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), len(body), 0)
