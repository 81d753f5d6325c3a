"""The corpus: every case with its fate. `python -m tests.hostile.measure` tries all and prints the table."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.archives import after_the_door, at_the_door
from tests.hostile.case import Case
from tests.hostile.honest import honest
from tests.hostile.texts import contents


def cases() -> list[Case]:
    """All cases; their titles are unique."""
    return list(_all())


def _all() -> Iterator[Case]:
    yield from at_the_door()
    yield from after_the_door()
    yield from contents()
    yield from honest()
