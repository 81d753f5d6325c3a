"""A tiny deterministic embedder and pairs to judge, so that judging is tested without a model."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.scoring.records import Answer, Pair, Reference

REGIONS = ("Face", "Hair", "Clothing", "Background", "Text", "Sky", "Leaf")
AXES = ("Sharpness", "Texture", "Noise", "Realism")
WORDS = ("sharper", "finer", "noisier", "more natural")


class HashEmbed:
    """Unit rows of 8 positive numbers drawn from the text's hash; remembers what it was asked."""

    model_hash = "f" * 64

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        self.asked.extend(texts)
        drawn = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8) + 1.0 for text in texts]
        return np.array([row / np.linalg.norm(row) for row in drawn], dtype=np.float32)

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """A row for each word."""
        return [self(text.split()).astype(np.float64).reshape(-1, 8) for text in texts]


def references(n: int, *, categories: Sequence[str | None] = ("person", "scene")) -> list[Reference]:
    """n items with different texts and alternating answers and categories."""
    return [
        Reference(
            f"x_{i:03d}",
            "AB"[i % 2],
            f"{REGIONS[i % 7]} {AXES[i % 4]}: Image {'AB'[i % 2]} is {WORDS[i % 4]} than the other, as w{i} shows.",
            categories[i % len(categories)],
        )
        for i in range(n)
    ]


def own(reference: Reference, *, wrong: bool = False, explanation: str | None = None) -> Answer:
    """The expert's own answer, or its opposite, with the expert's words or others."""
    choice = reference.answer if not wrong else ("B" if reference.answer == "A" else "A")
    return Answer(reference.item_id, choice, reference.explanation if explanation is None else explanation)


def pair_of(reference: str, explanation: str | None, *, correct: bool = True) -> Pair:
    """One pair; without an explanation the item is missing."""
    expert = Reference("x_000", "A", reference)
    return Pair(expert, None if explanation is None else own(expert, wrong=not correct, explanation=explanation))
