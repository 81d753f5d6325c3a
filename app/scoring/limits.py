"""How much an untrusted file may ask for. One value, passed down, so that a competition can set its own.

Decision: the predictions file is read into memory as a whole, so it has a cap of its own below the cap of the archive;
a JSON document has a lower one than lines have, because it is decoded as one text. Honest but repetitive predictions
(one template in each of 20,000 records) were measured to shrink to 1:120, the longest allowed ones to 1:180, and plain
bombs to 1:1030: the ratio stands between them.
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of a submission. A value equal to its limit passes."""

    upload_bytes: int = 64 * MIB
    """The file as it was sent."""
    unpacked_bytes: int = 512 * MIB
    """All members of a zip together, as declared and as really inflated."""
    lines_bytes: int = 128 * MIB
    """The predictions file, if it is JSON Lines or CSV."""
    document_bytes: int = 32 * MIB
    """The predictions file, if it is one JSON document."""
    entries: int = 200
    """Entries of a zip, folders and ignored files included."""
    ratio: int = 200
    """Unpacked over packed size of a member that unpacks to more than `ratio_from_bytes`."""
    ratio_from_bytes: int = MIB
    name_bytes: int = 255
    """A member's name with its folders."""
    levels: int = 8
    """Folders in a member's name, the file itself included."""
    nested: bool = False
    """Whether archives may lie inside: in an organizer's bundle, never in a submission."""
    extra_bytes: int = 1024
    """An extra field of a zip header."""
    comment_bytes: int = 1024
    """The comment of a zip or of one member."""
    records: int = 200_000
    record_bytes: int = 16 * MIB
    """One record: a line of JSON Lines, an element of a JSON document, a row of CSV."""
    containers: int = 10_000
    """Lists and objects within one record."""
    depth: int = 32
    """Lists and objects inside one another within one record."""
    id_chars: int = 200
    explanation_chars: int = 20_000
