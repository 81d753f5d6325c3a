"""Probes: texts whose place is known beforehand, to judge the judgement with (`make judgement`).

A probe takes the place of the explanation in an answer with the right choice. Hand-written ones are kept as JSON Lines
(`pair_id`, `answer`, `kind`, `text`); mechanical ones follow from any ground truth. Faithful kinds say what the expert
says; all others say something else, nothing, or the opposite, and must come after them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.scoring.records import Reference

from .mechanical import MECHANICAL

# Texts by kind and pair id.
Probes = Mapping[str, Mapping[str, str]]

HERE = Path(__file__).resolve().parent
OWN = HERE / "photo_pairs.jsonl"
# Of RAIM-PIQA pairs without a development probe; scored as first written and never fitted to, so keep it that way.
UNSEEN = HERE / "raim_unseen.jsonl"
LANGUAGES = ("german", "chinese")
REWORDED = ("paraphrase_close", "paraphrase_free", "partial")
RESTYLED = ("naming_bare", "naming_left_right", "naming_first_second", "shuffled_lines")
FAITHFUL = ("reference", *REWORDED, *RESTYLED)
TEMPLATES = tuple(kind for kind in MECHANICAL if kind.startswith("template_"))


def written(path: Path) -> dict[str, dict[str, str]]:
    """The hand-written probes of a JSON Lines file, by kind and pair id."""
    found: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        found.setdefault(record["kind"], {})[record["pair_id"]] = record["text"]
    return found


def mechanical(truth: Sequence[Reference], only: frozenset[str] | None = None) -> dict[str, dict[str, str]]:
    """Every mechanical kind for every pair it can be made for; `only` names the pairs that are wanted."""
    found: dict[str, dict[str, str]] = {}
    for kind, make in MECHANICAL.items():
        texts = {}
        for position, reference in enumerate(truth):
            if only is None or reference.item_id in only:
                text = make(truth, position)
                if text is not None:
                    texts[reference.item_id] = text
        found[kind] = texts
    return found
