"""What a participant may see of the judgement, and what is computed only once."""

import json

from app.scoring.claims import assessing
from app.scoring.claims.assessing import assess
from tests.scoring.standin import HashEmbed, pair_of, references

EXPERT = "Hair Sharpness: Image A is sharper.\nFace Noise: Image B is noisy.\nSky Tone: Image A is overexposed."
TOLD = "Hair is sharp in A. The face is noisy in A. The leaves are faded in A."


def test_every_claim_has_its_verdict_and_the_experts_words_stay_hidden() -> None:
    shown = assess([pair_of(EXPERT, TOLD)], HashEmbed()).verdicts[0]
    assert [one["verdict"] for one in shown["reference"]] == ["matched", "contradicted", "missed"]
    assert [one["verdict"] for one in shown["own"]] == ["matched", "contradicted", "unsupported"]
    assert [one["about"] for one in shown["reference"]] == ["hair sharpness", "face noise", "sky tone"]
    assert "overexposed" not in json.dumps(shown)


def test_without_an_explanation_every_claim_is_missed() -> None:
    found = assess([pair_of(EXPERT, None)], HashEmbed())
    assert {one["verdict"] for one in found.verdicts[0]["reference"]} == {"missed"}
    assert (found.values[0], found.coverage[0], found.direction[0]) == (0, 0, 0)


def test_chance_is_measured_once_for_a_truth_and_model() -> None:
    truth, embed = references(40), HashEmbed()
    first = assessing.chance_of(truth, embed)
    asked = len(embed.asked)
    assert assessing.chance_of(truth, embed) is first
    assert len(embed.asked) == asked
    assert assessing.chance_of(truth[:-1], embed) is not first
