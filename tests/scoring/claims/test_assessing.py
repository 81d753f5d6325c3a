"""What a participant may see of the judgement, and what is computed only once."""

import json

import pytest

from app.scoring.claims import assessing
from app.scoring.claims.assessing import assess
from tests.scoring.clock import cpu_seconds
from tests.scoring.standin import pair_of, references

EXPERT = "Hair Sharpness: Image A is sharper.\nFace Noise: Image B is noisy.\nSky Tone: Image A is overexposed."
TOLD = "Hair is sharp in A. The face is noisy in A. The leaves are faded in A."


def test_every_claim_has_its_verdict_and_the_experts_words_stay_hidden() -> None:
    shown = assess([pair_of(EXPERT, TOLD)]).verdicts[0]
    assert [one["verdict"] for one in shown["reference"]] == ["matched", "contradicted", "missed"]
    assert [one["verdict"] for one in shown["own"]] == ["matched", "contradicted", "unsupported"]
    assert [one["about"] for one in shown["reference"]] == ["hair sharpness", "face noise", "sky tone"]
    assert "overexposed" not in json.dumps(shown)


def test_without_an_explanation_every_claim_is_missed() -> None:
    found = assess([pair_of(EXPERT, None)])
    assert {one["verdict"] for one in found.verdicts[0]["reference"]} == {"missed"}
    assert (found.values[0], found.coverage[0], found.direction[0]) == (0, 0, 0)


def test_chance_is_measured_once_for_a_truth() -> None:
    truth = references(40)
    first = assessing.chance_of(truth)
    assert assessing.chance_of(references(40)) is first
    assert assessing.chance_of(truth[:-1]) is not first


HOSTILE = {
    "blank": " \n\t ",
    "punctuation": "...!?;:()-" * 50,
    "lone surrogate": "Image A is \ud800 sharper.",
    "1 MB": "Image A is sharper in the hair, Image B is blurry. " * 20_000,
    "one word of 1 MB": "a" * 1_000_000,
    "right to left": "\u202eImage A is sharper\u202c. \u0627\u0644\u0635\u0648\u0631\u0629",
    "zero width": "\u200bI\u200bm\u200ba\u200bg\u200be A is sharper.",
    "no side": "Sharp hair, clean skin, no noise at all.",
    "sides muddled": "Image A is sharper than Image A, the left one less than the first.",
    "another language": "左边的照片更清晰，右边的噪点很多。",
    "marks": "a" + "\u0301" * 5_000,
    "brackets": "(" * 10_000 + ")" * 10_000,
    "labels": "Hair Sharpness: " * 3_000,
    "names": "Image A and Image B or A than B which B " * 500,
}


@pytest.fixture(scope="module")
def ordinary() -> float:
    """Processor seconds of an ordinary text as long as texts are read."""
    return cpu_seconds(lambda: assess([pair_of(EXPERT, "Image A is sharper in the hair, Image B is blurry. " * 400)]))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_any_text_has_a_value_as_soon_as_an_ordinary_one(text: str, ordinary: float) -> None:
    found = assess([pair_of(EXPERT, text)])
    assert -1 <= found.values[0] <= 0.8
    assert 0 <= found.coverage[0] <= 1
    assert 0 <= found.direction[0] <= 1
    assert cpu_seconds(lambda: assess([pair_of(EXPERT, text)])) < 20 * ordinary
