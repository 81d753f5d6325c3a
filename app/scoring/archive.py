"""An uploaded file: is it a zip that can be trusted or a bare predictions file, and where in it are the predictions?

Decision: nothing is ever extracted to disk and no member's name is used as a path. The structure is checked first
(zip_structure.py), then names, types and declared sizes (policy, here), all without inflating; then members are
inflated one after the other with running counters, and only the predictions are kept, in memory, after size and
checksum have been verified. The others are inflated too and thrown away, so that what is stored is known to be sound.
"""

from __future__ import annotations

import io
import os
import re
import stat
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from .findings import Findings, Invalid, shown
from .formats import FORMATS, Format, format_of
from .limits import Limits
from .zip_structure import DEFLATED, ENCRYPTED_BITS, LOCAL, STORED, Entry, describe, read_structure

Kind = Literal["zip", "jsonl", "json", "csv"]

_IGNORED = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".whl"})
_OTHER_ARCHIVES = {
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "Zstandard",
}
_EMPTY_ZIP = b"PK\x05\x06"
_SPLIT_ZIP = (b"PK\x07\x08", b"PK00PK")
_AES_METHOD = 99
_AES_FIELD = 0x9901
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Member:
    """The predictions file: its name, format and bytes, and the names of other files beside it."""

    name: str
    format: Format
    data: bytes
    kind: Kind
    extra_files: tuple[str, ...] = ()


def envelope(file: BinaryIO, name: str, limits: Limits) -> Kind:
    """The cheap check at the door: what kind of file it is, and whether it can be taken, without inflating anything.

    `file` is seekable; at most a few headers of it are read. Raises Invalid, with the single code `not_an_archive`
    where it is neither zip nor predictions file; every other code means a file of the right kind that is wrong. Takes
    milliseconds for any file within the limits. OSError of the file itself is passed on.
    """
    kind, _ = _open(file, name, limits)
    return kind


def predictions(file: BinaryIO, name: str, limits: Limits) -> Member:
    """The one predictions file of an upload: a member of a zip, at its root or inside one folder, or the bare file.

    Its bytes are whole and verified: size as declared, checksum right, within the limits. Raises Invalid with all
    findings of the stage that failed; OSError of the file itself is passed on.
    """
    kind, entries = _open(file, name, limits)
    if kind == "zip":
        return _from_zip(file, entries, limits)
    plain = os.path.basename(name.replace("\\", "/")) or "predictions"
    size = _size(file)
    _check_predictions_size(plain, kind, size, limits)
    file.seek(0)
    return Member(plain, kind, file.read(), kind)


def members(file: BinaryIO, limits: Limits) -> dict[str, bytes]:
    """All files of a zip by their path with forward slashes, read into memory (for an organizer's bundle).

    Folders and what tools leave behind are passed over. Raises Invalid for whatever `predictions` would, too; archives
    inside are files like others where the limits allow them.
    """
    kind, entries = _open(file, "bundle.zip", limits)
    if kind != "zip":
        raise Invalid.because("not_an_archive")
    found: dict[str, bytes] = {}
    for entry in entries:
        if not entry.is_folder and not _is_ignored(entry.name):
            content = io.BytesIO()
            _inflate(file, entry, content.write, nested=limits.nested)
            found["/".join(_parts(entry.name))] = content.getvalue()
    return found


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _open(file: BinaryIO, name: str, limits: Limits) -> tuple[Kind, list[Entry]]:
    size = _size(file)
    if size == 0:
        raise Invalid.because("empty_file")
    if size > limits.upload_bytes:
        raise Invalid.because("too_large", f"The file has {size:,} bytes; {limits.upload_bytes:,} are allowed.")
    file.seek(0)
    beginning = file.read(64)
    if beginning.startswith((LOCAL, _EMPTY_ZIP)):
        entries = read_structure(file, size, limits)
        _check_entries(entries, limits)
        return "zip", entries
    if beginning.startswith(_SPLIT_ZIP):
        raise Invalid.because("split_archive")
    if name.lower().endswith(".zip") and _ends_like_a_zip(file, size):
        raise Invalid.because("leading_data")
    for magic, tool in _OTHER_ARCHIVES.items():
        if beginning.startswith(magic):
            raise Invalid.because("not_an_archive", f"This is a {tool} archive, not a zip.", fix="Pack it as a zip.")
    kind = None if name.lower().endswith(".zip") else format_of(name, beginning)
    if kind is None:
        raise Invalid.because("not_an_archive")
    return kind, []


def _ends_like_a_zip(file: BinaryIO, size: int) -> bool:
    file.seek(max(0, size - 75_797))
    return _EMPTY_ZIP in file.read()


def _check_entries(entries: list[Entry], limits: Limits) -> None:
    """Policy over names, types, methods and declared sizes; all that is wrong is reported at once."""
    findings = Findings()
    names: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for code, message in (*_name_faults(entry, limits), *_content_faults(entry, limits)):
            findings.add(code, message, file=entry.name)
        names[_key(entry.name)].append(entry)
    for same in names.values():
        if len(same) > 1:
            findings.add("duplicate_name", f"{len(same)} members have one name: {describe(same)}.", file=same[0].name)
    total = sum(entry.unpacked for entry in entries)
    if total > limits.unpacked_bytes:
        findings.add(
            "too_large_uncompressed",
            f"Unpacked, the zip has {total:,} bytes; {limits.unpacked_bytes:,} are allowed.",
        )
    if findings:
        raise Invalid(findings)


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]


def _key(name: str) -> str:
    """What makes two names the same for some file system: form, case, dots and spaces at the end."""
    return "/".join(unicodedata.normalize("NFKC", part).casefold().rstrip(" .") for part in _parts(name))


def _name_faults(entry: Entry, limits: Limits) -> list[tuple[str, str]]:
    name = entry.name.replace("\\", "/")
    parts = _parts(name)
    if any(byte < 0x20 or byte == 0x7F for byte in entry.raw_name):
        reason = "holds a control character"
    elif len(entry.raw_name) > limits.name_bytes or len(parts) > limits.levels:
        reason = f"has more than {limits.name_bytes} bytes or {limits.levels} levels"
    elif name.startswith(("/", "~")) or re.match(r"[A-Za-z]:", name):
        reason = "is absolute"
    elif ".." in parts:
        reason = "climbs out of its folder"
    elif not parts and not entry.is_folder:
        reason = "is empty"
    else:
        return []
    return [("unsafe_path", f"The name {shown(entry.name)} {reason}.")]


def _content_faults(entry: Entry, limits: Limits) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    kind = stat.S_IFMT(entry.mode)
    raised = entry.mode & (stat.S_ISUID | stat.S_ISGID) and not entry.is_folder
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or raised:
        faults.append(("special_file", f"{shown(entry.name)} is {_special(kind)}."))
    if entry.flags & ENCRYPTED_BITS or entry.method == _AES_METHOD or _AES_FIELD in entry.extras:
        faults.append(("encrypted", f"{shown(entry.name)} is encrypted."))
    elif entry.method not in (STORED, DEFLATED):
        faults.append(("unsupported_compression", f"{shown(entry.name)} is compressed by method {entry.method}."))
    elif entry.method == STORED and entry.packed != entry.unpacked:
        faults.append(("size_mismatch", f"{shown(entry.name)} is stored, yet has two different sizes."))
    if entry.is_folder and entry.unpacked:
        faults.append(("header_mismatch", f"The folder {shown(entry.name)} has content."))
    if entry.unpacked > limits.ratio_from_bytes and entry.unpacked > limits.ratio * entry.packed:
        message = f"{shown(entry.name)} unpacks from {entry.packed:,} to {entry.unpacked:,} bytes."
        faults.append(("compression_ratio", message))
    named_so = os.path.splitext(entry.name)[1].lower() in _ARCHIVES and not entry.is_folder
    if named_so and not limits.nested and not _is_ignored(entry.name):
        faults.append(("nested_archive", f"{shown(entry.name)} is an archive inside the zip."))
    return faults


def _special(kind: int) -> str:
    names = {stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    names |= {stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFREG: "a file with raised rights"}
    return names.get(kind, "a special file")


def _is_ignored(name: str) -> bool:
    """What file managers leave behind: __MACOSX, ._name, .DS_Store, Thumbs.db, desktop.ini."""
    parts = _parts(name) or [""]
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in _IGNORED


def _from_zip(file: BinaryIO, entries: list[Entry], limits: Limits) -> Member:
    files = [entry for entry in entries if not entry.is_folder and not _is_ignored(entry.name)]
    chosen = _choose(files)
    name = "/".join(_parts(chosen.name))
    form = FORMATS[os.path.splitext(name)[1].lower()]
    _check_predictions_size(name, form, chosen.unpacked, limits)
    data = io.BytesIO()
    findings = Findings()
    for entry in entries:
        try:
            _inflate(file, entry, data.write if entry is chosen else None)
        except Invalid as fault:
            findings.add(fault.findings[0].code, fault.findings[0].message, file=entry.name)
    if findings:
        raise Invalid(findings)
    extra = tuple(shown(entry.name) for entry in files if entry is not chosen)
    return Member(shown(name, 120), form, data.getvalue(), "zip", extra)


def _choose(files: list[Entry]) -> Entry:
    candidates = [entry for entry in files if os.path.splitext(entry.name)[1].lower() in FORMATS]
    reachable = [entry for entry in candidates if len(_parts(entry.name)) <= 2]
    if len(candidates) > 1:
        raise Invalid.because("several_predictions_files", f"The zip holds {describe(candidates)}.")
    if reachable:
        return reachable[0]
    message = ""
    if candidates:
        message = f"{describe(candidates)} lies too deep: the root of the zip or one folder is looked into."
    elif files:
        message = f"The zip holds {describe(files)}, but no .jsonl, .json or .csv file."
    raise Invalid.because("no_predictions_file", message)


def _check_predictions_size(name: str, form: Kind, size: int, limits: Limits) -> None:
    cap = limits.document_bytes if form == "json" else limits.lines_bytes
    if size > cap:
        message = f"{shown(name)} has {size:,} bytes; {cap:,} are allowed for a .{form} file."
        raise Invalid.because("predictions_too_large", message, file=name)


def _inflate(file: BinaryIO, entry: Entry, keep: Callable[[bytes], object] | None, *, nested: bool = False) -> None:
    """Reads a member once, counting; passes it to `keep`; raises Invalid unless size and checksum are as declared."""
    count = crc = 0
    name = shown(entry.name)
    for piece in _pieces(file, entry):
        if count == 0 and piece.startswith(LOCAL) and not nested and not _is_ignored(entry.name):
            raise Invalid.because("nested_archive", f"{name} is itself a zip.")
        count += len(piece)
        if count > entry.unpacked:
            raise Invalid.because(
                "size_mismatch", f"{name} unpacks to more than {entry.unpacked:,} bytes, as declared."
            )
        crc = zlib.crc32(piece, crc)
        if keep is not None:
            keep(piece)
    if count != entry.unpacked:
        raise Invalid.because("size_mismatch", f"{name} unpacks to {count:,} bytes; {entry.unpacked:,} are declared.")
    if crc != entry.crc:
        raise Invalid.because("bad_checksum", f"The checksum of {name} is wrong: its bytes have changed.")


def _packed_pieces(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    file.seek(entry.data)
    left = entry.packed
    while left:
        piece = file.read(min(_CHUNK, left))
        if not piece:
            raise Invalid.because("truncated")
        left -= len(piece)
        yield piece


def _pieces(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """The unpacked bytes in pieces of at most _CHUNK; raises Invalid unless the stream ends where the data ends."""
    if entry.method == STORED:
        yield from _packed_pieces(file, entry)
        return
    name = shown(entry.name)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in _packed_pieces(file, entry):
        if inflater.eof:
            raise Invalid.because("hidden_data", f"There are bytes behind the compressed data of {name}.")
        # zlib may hold back output without holding back input, so it is asked until it gives less than a full piece.
        piece = b""
        while packed or len(piece) == _CHUNK:
            try:
                piece = inflater.decompress(packed, _CHUNK)
            except zlib.error as fault:
                raise Invalid.because("corrupt_data", f"The compressed data of {name} is broken.") from fault
            packed = inflater.unconsumed_tail
            yield piece
    if inflater.unused_data:
        raise Invalid.because("hidden_data", f"There are bytes behind the compressed data of {name}.")
    if entry.packed and not inflater.eof:
        raise Invalid.because("corrupt_data", f"The compressed data of {name} has no end.")
