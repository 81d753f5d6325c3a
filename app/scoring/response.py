"""A model's raw response: `<thinking>…</thinking> … <answer>A</answer>`, with what models leave around it.

Decision: tags are found by one linear pass (case does not matter), because texts from outside made lazy patterns
quadratic. The explanation is the first `<thinking>` block that is not blank; a `<think>` block before it, and anything
behind `</answer>`, is passed over. Every `<answer>` counts, inside the thinking too: two that differ are no answer.
Source: the RAIM-PIQA baseline's form; its reward reads the first `<answer>` only, which lets a response hedge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"<(/?)(thinking|answer)>", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
    """What a raw response says: the text of each complete answer tag, and the thinking (None where there is none)."""

    answers: tuple[str, ...]
    thinking: str | None


def read_response(text: str) -> Response:
    """Reads a raw response; never raises.

    >>> read_response("<think></think><thinking>A is sharper.</thinking> <answer>A</answer> bye").thinking
    'A is sharper.'
    """
    begun: dict[str, int] = {}
    blocks: dict[str, list[str]] = {"thinking": [], "answer": []}
    for tag in _TAG.finditer(text):
        closing, kind = tag[1], tag[2].lower()
        if not closing:
            # An answer begins at the last opening tag before its end, thinking at the first.
            begun[kind] = tag.end() if kind == "answer" else begun.get(kind, tag.end())
        elif kind in begun:
            blocks[kind].append(text[begun.pop(kind) : tag.start()].strip())
    thoughts = blocks["thinking"]
    thinking = next((thought for thought in thoughts if thought), "") if thoughts else None
    return Response(tuple(blocks["answer"]), thinking)
