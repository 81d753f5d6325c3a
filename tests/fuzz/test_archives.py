"""Archives that are written come back whole; one change, and they are refused or say the same as before.

Where our reader takes an archive, the standard library's must read the same bytes: an archive has one reading.
"""

import io
import zipfile
from dataclasses import replace
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.scoring.archive import _key, envelope, predictions
from app.scoring.findings import CODES, Invalid
from app.scoring.limits import Limits
from tests.fuzz.budget import budget
from tests.hostile.case import GOOD
from tests.scoring.zips import STREAMED, File, extra, forge, streamed, wide

LIMITS = Limits(upload_bytes=10**6, unpacked_bytes=10**6, lines_bytes=10**6, document_bytes=10**6)
PLAIN = st.text("abcXYZ019 _-.+é米", min_size=1, max_size=12).filter(lambda text: text.strip(" .") not in ("", "~"))


Made = tuple[list[File], dict[str, Any], bytes]
STRAY = [b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"\xff" * 4]


@st.composite
def others(draw: Any) -> File:
    """A file beside the predictions, or a folder."""
    name = "/".join(draw(st.lists(PLAIN, min_size=1, max_size=3)))
    assume(not name.startswith(" ") and ".." not in name.split("/"))
    if draw(st.booleans()):
        return File(name.encode() + b"/", b"", method=0, flags=0 if name.isascii() else 0x800, mode=0o040755)
    return _written(draw, f"{name}.txt", draw(st.binary(max_size=300)))


@st.composite
def archives(draw: Any) -> Made:
    """Members as tools write them, what the end says, and the predictions."""
    data = draw(st.just(GOOD) | st.binary(min_size=1, max_size=2000))
    assume(not data.startswith(b"PK\x03\x04"))
    folder = draw(st.sampled_from(["", "run/", "Läufe/", "./"]))
    files = [_written(draw, folder + draw(st.sampled_from(["p.jsonl", "P.CSV", "predictions.json"])), data)]
    files += draw(st.lists(others(), max_size=4))
    keys = [_key(one.name.decode()) for one in files]
    assume(len(set(keys)) == len(keys))
    assume(not any(one.data.startswith(b"PK\x03\x04") for one in files))
    order = draw(st.permutations(files))
    end = {"comment": draw(st.binary(max_size=30).filter(lambda one: b"PK" not in one))}
    return list(order), end | ({"zip64": {}} if draw(st.booleans()) else {}), data


def _written(draw: Any, name: str, data: bytes) -> File:
    raw, flags = name.encode(), 0 if name.isascii() else 0x800
    how = draw(st.sampled_from(["stored", "deflated", "streamed", "unsigned", "wide", "zip64"]))
    if how in ("streamed", "unsigned", "wide"):
        made = streamed(raw, data, wide=how == "wide", sign=how != "unsigned")
        return replace(made, flags=made.flags | flags)
    made = File(raw, data, method=0 if how == "stored" else 8, flags=flags)
    if how == "zip64":
        field = {"packed": 0xFFFFFFFF, "unpacked": 0xFFFFFFFF, "extra": wide(len(data), len(made.packed()))}
        return replace(made, local=field, central=field)
    stamp = extra(0x5455, b"\1" + bytes(4)) if draw(st.booleans()) else b""
    return replace(made, central={"extra": stamp})


def taken(data: bytes) -> tuple[str, bytes] | None:
    """Name and bytes of the predictions, or None after findings that are in the table."""
    try:
        envelope(io.BytesIO(data), "s.zip", LIMITS)
        found = predictions(io.BytesIO(data), "s.zip", LIMITS)
    except Invalid as error:
        codes = [one.code for one in error.findings]
    else:
        return found.name, found.data
    assert codes
    assert set(codes) <= set(CODES)
    return None


def by_the_library(data: bytes, wanted: bytes) -> None:
    """zipfile finds a predictions file, and these bytes in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".jsonl", ".json", ".csv"))]
        assert any(archive.read(name) == wanted for name in names)


@budget(200)
@given(archives())
def test_what_is_written_comes_back(made: Made) -> None:
    files, end, wanted = made
    data = forge(*files, **end)
    found = taken(data)
    assert found is not None
    assert found[1] == wanted
    by_the_library(data, wanted)


LIES = ("flags", "method", "crc", "packed", "unpacked", "name", "extra", "offset", "disk", "signature", "mode")


@budget(300)
@given(archives(), st.data())
def test_one_lie_in_a_header_is_noticed_or_changes_nothing(made: Made, data: Any) -> None:
    files, end, wanted = made
    at = data.draw(st.integers(0, len(files) - 1))
    field, side = data.draw(st.sampled_from(LIES)), data.draw(st.sampled_from(["local", "central"]))
    number = st.integers(0, 2**16 - 1) if field in ("flags", "method", "disk", "mode") else st.integers(0, 2**32 - 1)
    value = data.draw({"name": st.binary(max_size=40), "extra": st.binary(max_size=40),
                       "signature": st.binary(min_size=4, max_size=4)}.get(field, number))  # fmt: skip
    files[at] = replace(files[at], **{side: {**getattr(files[at], side), field: value}})
    forged = forge(*files, **end)
    found = taken(forged)
    if found is not None:
        assert found[1] == wanted
        by_the_library(forged, wanted)


@budget(600)
@given(archives(), st.data())
@example((([File(data=GOOD)]), {"comment": b""}, GOOD), None)
def test_any_change_of_bytes_is_noticed_or_changes_nothing(made: Made, data: Any) -> None:
    files, end, wanted = made
    whole = bytearray(forge(*files, **end))
    if data is None:
        changed, longer = bytes(whole), False
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        cut = data.draw(st.integers(0, 8))
        stray = data.draw(st.binary(max_size=8) | st.sampled_from(STRAY))
        changed, longer = bytes(whole[:at] + stray + whole[at + cut :]), len(stray) != min(cut, len(whole) - at)
    found = taken(changed)
    if found is not None:
        assert found[1] == wanted
        by_the_library(changed, wanted)
        assert not longer or not changed[len(whole) :].strip(b"\0"), "no byte can be added, save zeros at the end"


@budget(300)
@given(st.binary(max_size=400), st.sampled_from(["s.zip", "p.jsonl", "p.json", "p.csv", "p", ""]))
@example(b"PK\x05\x06" + bytes(18), "s.zip")
@example(b"PK\x05\x06" + b"\xff" * 18, "s.zip")
def test_no_bytes_are_unforeseen(data: bytes, name: str) -> None:
    for start in (b"", b"PK\x03\x04", b"PK\x05\x06"):
        codes: set[str] = set()
        try:
            predictions(io.BytesIO(start + data), name, LIMITS)
        except Invalid as error:
            codes = {one.code for one in error.findings}
        assert codes <= set(CODES) - {"unreadable"}


def test_streamed_is_what_it_says() -> None:
    assert streamed().flags == STREAMED
