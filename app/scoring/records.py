"""The frozen values that flow through the core: what was answered, what is true, and both side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Choice = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a participant says of one item: the better image and why (free text, may be empty)."""

    item_id: str
    answer: Choice
    explanation: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The hidden truth of one item: the expert's choice, explanation and, where known, the item's category.

    `directions` are an organizer's readings of the explanation's claims (A, B, tie, mixed), in their order; empty: the
    parser's count.
    """

    item_id: str
    answer: Choice
    explanation: str
    category: str | None = None
    directions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and the answer given to it; `answer` is None where the submission left the item out."""

    reference: Reference
    answer: Answer | None

    @property
    def correct(self) -> bool:
        """True where the choice was made and is the expert's."""
        return self.answer is not None and self.answer.answer == self.reference.answer

    @property
    def explanation(self) -> str:
        """The participant's explanation, empty where there is none."""
        return self.answer.explanation if self.answer is not None else ""
