"""chrF: sacrebleu's own number under the documented signature, every script, and texts that have none."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import sacrebleu

from app.scoring.metrics import Context
from app.scoring.metrics.chrf import SIGNATURE, per_item
from app.scoring.records import Reference
from tests.scoring.standin import HashEmbed, pair_of

CONTEXT = Context(HashEmbed(), gate=True, values={})
DOCS = Path(__file__).parents[3] / "docs" / "scoring.md"
ODD = ["", " \n\t", "!?.,;", "\u202e\u200f", "\u200b", "y" * 20_000, "sharp " * 3_000, "清晰的图像", "صورة", "\x00"]


def test_it_is_sacrebleus_sentence_score(raim: list[Reference]) -> None:
    texts = [(one.explanation, other.explanation) for one, other in pairwise(raim[:20])]
    values = per_item([pair_of(*both) for both in texts], CONTEXT)
    theirs = [sacrebleu.sentence_chrf(said, [told]).score / 100 for told, said in texts]
    assert values == pytest.approx(theirs, abs=1e-12)


def test_its_signature_is_sacrebleus_own_and_documented() -> None:
    chrf = sacrebleu.CHRF()
    chrf.sentence_score("a", ["a"])
    assert re.sub(r"\|version:.*", "", str(chrf.get_signature())) == SIGNATURE
    assert f"`{SIGNATURE}`" in DOCS.read_text()


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_no_text_breaks_it(text: str) -> None:
    values = per_item([pair_of("sharper hair", text), pair_of(text, "sharper hair"), pair_of(text, text)], CONTEXT)
    assert ((values >= 0) & (values <= 1)).all()
    assert values[2] == (1.0 if text.strip() else 0.0)


def test_other_scripts_count() -> None:
    assert 0 < per_item([pair_of("左图更清晰", "左图清晰")], CONTEXT)[0] < 1
