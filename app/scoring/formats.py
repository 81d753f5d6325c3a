"""Text formats of a predictions or truth file: bytes -> rows with their physical line, or what is wrong with each.

Decision: one row at a time, so that one broken line does not hide the others and memory stays near the file's size. The
standard library parses, with three doors closed that it leaves open (repeated keys, NaN and Infinity, numbers beyond
float). Where a broken place makes what follows unreadable (a JSON document, CSV quoting), reading ends there.
UTF-8 is decoded strictly and ahead of the parser, which would guess an encoding; one byte order mark is skipped.
Rejected: orjson (keeps the last of repeated keys, and the light wheel needs no more dependencies).
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .findings import Findings, shown
from .limits import Limits

Format = Literal["jsonl", "json", "csv"]

FORMATS: dict[str, Format] = {".jsonl": "jsonl", ".json": "json", ".csv": "csv"}

ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("id", "pair_id", "image_id"),
    "answer": ("answer", "choice", "label", "preference"),
    "explanation": ("explanation", "thinking", "reason", "rationale"),
    "response": ("response", "solution", "output", "prediction"),
}
"""The fields of a record and the names each may have, in the order in which they are looked for."""

IMAGES = "images"

_KNOWN = frozenset(name for names in ALIASES.values() for name in names) | {IMAGES}
_BOM = b"\xef\xbb\xbf"
_BEGINNINGS: dict[bytes, Format] = {b"{": "jsonl", b"[": "json"}
_NOT_BLANK = re.compile(rb"\S[^\n]*")
_SPACE = re.compile(r"[ \t\n\r]*")


class Row(NamedTuple):
    """One record as it stands in the file: physical line (from 1), key in a JSON object of records, and its value."""

    line: int
    key: str | None
    value: object


class _Refused(ValueError):
    """A parser's hook met what valid JSON text may spell and a record may not hold."""

    def __init__(self, code: str, message: str, at: int = 0) -> None:
        self.code = code
        self.at = at
        super().__init__(message)


def format_of(name: str, beginning: bytes) -> Format | None:
    """The format that the ending of `name` says; where it says none, what the first character shows; else None."""
    found = FORMATS.get(os.path.splitext(name)[1].lower())
    return found or _BEGINNINGS.get(beginning.removeprefix(_BOM).lstrip()[:1])


def read_rows(data: bytes, form: Format, findings: Findings, limits: Limits) -> Iterator[Row]:
    """The rows of `data` in order; what cannot be read is added to `findings`, with its line, and left out.

    At most `limits.records` rows are given. Findings: not_utf8, wrong_format, invalid_json, invalid_csv, not_finite,
    duplicate_key, too_deep, record_too_large, csv_header_missing, wrong_cell_count, too_many_records.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4]:
        findings.add("not_utf8", "The text looks like UTF-16 or UTF-32, not UTF-8.", line=1)
        return
    reader = {"jsonl": _lines, "json": _document, "csv": _table}[form]
    for count, row in enumerate(reader(data, findings, limits)):
        if count >= limits.records:
            findings.add("too_many_records", f"There are more than {limits.records:,} records.", line=row.line)
            return
        if row.value is not None:
            yield row


def _lines(data: bytes, findings: Findings, limits: Limits) -> Iterator[Row]:
    line, counted = 1, 0
    for number, match in enumerate(_NOT_BLANK.finditer(data, len(_BOM) if data.startswith(_BOM) else 0)):
        start = match.start()
        line += data.count(b"\n", counted, start)
        counted = start
        if number == 0 and (trouble := _no_line(match[0])):
            findings.add("wrong_format", trouble, line=line, fix="Write one record per line, or name the file .json.")
            return
        yield Row(line, None, _line_value(match[0], start, line, findings, limits))


def _no_line(first: bytes) -> str:
    """Why the first line shows that this is not JSON Lines, or nothing."""
    if first.startswith(b"["):
        return "The file is named .jsonl, but begins like one JSON list."
    return "The file is named .jsonl, but its records span several lines." if first.rstrip() == b"{" else ""


def _line_value(raw: bytes, start: int, line: int, findings: Findings, limits: Limits) -> object:
    """The JSON value of one line, or None after a finding."""
    if len(raw) > limits.record_bytes or raw.count(b"[") + raw.count(b"{") > limits.containers:
        findings.add("record_too_large", _too_large(len(raw), limits), line=line)
        return None
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as fault:
        findings.add("not_utf8", _not_utf8(raw[fault.start], start + fault.start), line=line)
    except (ValueError, RecursionError) as fault:
        code, message = _explained(fault)
        findings.add(code, message, line=line)
    else:
        if value is not None and not _is_deep(value, limits.depth):
            return value
        findings.add("not_a_record" if value is None else "too_deep", line=line)
    return None


def _document(data: bytes, findings: Findings, limits: Limits) -> Iterator[Row]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        findings.add("not_utf8", _not_utf8(data[fault.start], fault.start), line=line)
        return
    if text.count("[") + text.count("{") > 8 * limits.records:
        findings.add("too_many_records", "The document holds too many lists and objects.")
        return
    line, counted = 1, 0
    try:
        for start, finish, key, value in _elements(text):
            line += text.count("\n", counted, start)
            counted = start
            if key in _KNOWN and not isinstance(value, dict):
                message = "The document is a single record, or one record after the other, not a list of records."
                fix = "If there is one record per line, name the file .jsonl; otherwise write a list: [{…}, {…}]."
                findings.add("wrong_format", message, line=line, fix=fix)
                return
            yield Row(line, key, _checked(value, finish - start, line, key, findings, limits))
    except ValueError as fault:
        code, message = _explained(fault)
        place = text.count("\n", 0, getattr(fault, "pos", getattr(fault, "at", 0))) + 1
        findings.add(code, f"{message} What follows is not read.", line=place)


def _checked(value: object, size: int, line: int, key: str | None, findings: Findings, limits: Limits) -> object:
    if size > limits.record_bytes:
        findings.add("record_too_large", _too_large(size, limits), line=line, item_id=key)
    elif _is_deep(value, limits.depth):
        findings.add("too_deep", line=line, item_id=key)
    elif value is None:
        findings.add("not_a_record", line=line, item_id=key)
    else:
        return value
    return None


def _elements(text: str) -> Iterator[tuple[int, int, str | None, object]]:
    """Start, end, key and value of each element of the one list or object in `text`; raises JSONDecodeError."""
    at = _skip(text, 1 if text.startswith("\ufeff") else 0)
    opening = text[at : at + 1]
    if opening not in ("[", "{"):
        raise json.JSONDecodeError("A list or an object should begin", text, at)
    closing = "]" if opening == "[" else "}"
    at = _skip(text, at + 1)
    while text[at : at + 1] != closing:
        start, key = at, None
        if opening == "{":
            key, at = _key(text, at)
        value, at = _decoded(text, start, at)
        yield start, at, key, value
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == closing:
                raise json.JSONDecodeError("A comma stands before the end", text, at)
        elif text[at : at + 1] != closing:
            raise json.JSONDecodeError("A comma or the end is missing", text, at)
    at = _skip(text, at + 1)
    if at != len(text):
        raise json.JSONDecodeError("There is text behind the end of the document", text, at)


def _decoded(text: str, start: int, at: int) -> tuple[object, int]:
    """The value at `at` and its end; what the parser raises without a place is given that of the element."""
    try:
        value, at = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as fault:
        raise _Refused(*_explained(fault), at=start) from None
    return value, at


def _key(text: str, at: int) -> tuple[str, int]:
    key, at = _decoded(text, at, at)
    at = _skip(text, at)
    if not isinstance(key, str) or text[at : at + 1] != ":":
        raise json.JSONDecodeError("A key and a colon should stand", text, at)
    return key, _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _table(data: bytes, findings: Findings, limits: Limits) -> Iterator[Row]:
    reader = csv.reader(_table_lines(data, findings, limits), strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            value: object = None
            if cells and header is None:
                header = [cell.strip().casefold() for cell in cells]
                if not _is_header(header, line, findings):
                    return
            elif cells and header is not None:
                value = _table_value(cells, header, line, findings)
            yield Row(line, None, value)
            line = reader.line_num + 1
    except _Refused as fault:
        findings.add(fault.code, f"{fault} What follows is not read.", line=line)
    except csv.Error as fault:
        if "field limit" in str(fault):
            message = f"A cell is longer than {csv.field_size_limit():,} characters. What follows is not read."
            findings.add("record_too_large", message, line=line)
        else:
            findings.add("invalid_csv", f"The quoting is broken ({fault}). What follows is not read.", line=line)


def _table_value(cells: list[str], header: list[str], line: int, findings: Findings) -> object:
    if len(cells) != len(header):
        message = f"The row has {len(cells)} cells, the header has {len(header)}."
        findings.add("wrong_cell_count", message, line=line)
        return None
    return dict(zip(header, cells, strict=True))


def _table_lines(data: bytes, findings: Findings, limits: Limits) -> Iterator[str]:
    start = 0
    for line, raw in enumerate(io.BytesIO(data), start=1):
        if len(raw) > limits.record_bytes:
            raise _Refused("record_too_large", _too_large(len(raw), limits))
        try:
            yield (raw.removeprefix(_BOM) if line == 1 else raw).decode("utf-8")
        except UnicodeDecodeError as fault:
            findings.add("not_utf8", _not_utf8(raw[fault.start], start + fault.start), line=line)
            # The file is refused; reading on with a stand-in shows what else is wrong in it.
            yield raw.decode("utf-8", "replace")
        start += len(raw)


def _is_header(header: list[str], line: int, findings: Findings) -> bool:
    has = {field: any(name in header for name in names) for field, names in ALIASES.items()}
    lacking = [] if has["id"] or IMAGES in header else ["id"]
    if not has["response"]:
        lacking += [field for field in ("answer", "explanation") if not has[field]]
    repeated = sorted(name for name, count in Counter(header).items() if name in _KNOWN and count > 1)
    if repeated and not lacking:
        findings.add("duplicate_key", f"The header names {', '.join(repeated)} twice.", line=line)
    if not lacking:
        return not repeated
    message = f"The header has no column for {' and '.join(lacking)}; it begins: {shown(', '.join(header))}."
    if len(header) == 1 and re.search(r"[;\t]", header[0]):
        message += " Columns are separated by commas."
    findings.add("csv_header_missing", message, line=line)
    return False


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _Refused("duplicate_key", f"An object names the field {shown(twice)} twice.")
    return found


def _constant(name: str) -> object:
    raise _Refused("not_finite", f"{name} is not a value of JSON.")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused("not_finite", f"The number {shown(digits)} is too large.")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def _explained(fault: ValueError | RecursionError) -> tuple[str, str]:
    """The code and sentence of what the JSON parser or one of its hooks raised."""
    if isinstance(fault, _Refused):
        return fault.code, str(fault)
    if isinstance(fault, json.JSONDecodeError):
        return "invalid_json", f"This is not valid JSON: {fault.msg} (column {fault.colno})."
    if isinstance(fault, RecursionError):
        return "too_deep", "A record is nested too deeply."
    return "invalid_json", "A number has too many digits."


def _is_deep(value: object, limit: int) -> bool:
    """Whether lists and objects lie more than `limit` deep within one another."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, (dict, list))
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _not_utf8(byte: int, offset: int) -> str:
    return f"The byte 0x{byte:02x} at offset {offset} is not UTF-8."


def _too_large(size: int, limits: Limits) -> str:
    return (
        f"A record has {size:,} bytes; {limits.record_bytes:,} bytes and {limits.containers:,} lists and objects are "
        "allowed."
    )
