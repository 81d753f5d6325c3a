"""What the judge has answered, one small file per question, so that the same judgement again asks nothing.

Decision: a folder of files named by the hash of model, prompt and round, holding only the grades: no text of a
participant or an expert is kept. Files are replaced atomically, so workers on one machine share the folder without
locks; what cannot be read or written counts as not there. Cost: nothing is thrown away; deleting the folder is safe.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ..scoring.llm_prompt import Grades, parse


class Cache:
    """Grades by key (hex digits) in a folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, key: str) -> Grades | None:
        """The grades kept under a key, None where there are none or they cannot be read."""
        if self._folder is None:
            return None
        try:
            return parse(self._path(self._folder, key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, key: str, grades: Grades) -> None:
        """Keep grades, if the folder can be written."""
        if self._folder is None:
            return
        path = self._path(self._folder, key)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(grades.model_dump_json())
            os.replace(name, path)

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.json"
