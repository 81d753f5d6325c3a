"""Comparing readings: what must not matter, what must, and the example worked by hand in docs/scoring.md."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from app.scoring.claims.chance import measure
from app.scoring.claims.matching import TUNING, Block, compare, read
from app.scoring.claims.topics import numbered
from app.scoring.records import Reference

EXPERT = "Hair Sharpness: Image A is sharper.\nFace Noise: Image B is noisy.\nSky Tone: Image A is overexposed."


def score(reference: str, text: str) -> float:
    return float(compare(Block([read(reference)]), read(text)).scores[0])


def test_ones_own_text_supports_every_claim_fully() -> None:
    one = read(EXPERT)
    found = compare(Block([one]), one)
    assert found.scores.tolist() == [1.0]
    assert found.support.tolist() == [1.0] * len(one.rows)


def test_exchanging_both_changes_nothing_and_exchanging_one_turns_all_round() -> None:
    one, other = read(EXPERT), read("The hair is crisp on the left. Its face is grainy.")
    usual = compare(Block([one]), other)
    both = compare(Block([one.exchanged()]), other.exchanged())
    turned = compare(Block([one]), other.exchanged())
    assert both.scores.tolist() == usual.scores.tolist()
    assert turned.support.tolist() == (-usual.support).tolist()
    assert compare(Block([one]), one.exchanged()).scores[0] == -1


def test_order_and_repetition_earn_nothing() -> None:
    lines = EXPERT.split("\n")
    assert score(EXPERT, "\n".join(reversed(lines))) == pytest.approx(1)
    assert score(EXPERT, EXPERT + "\n" + EXPERT) == pytest.approx(1)
    assert score(EXPERT, lines[0] + "\n" + lines[0]) == pytest.approx(score(EXPERT, lines[0] + "\n"), abs=0.05)


def test_each_claim_turned_round_costs_and_each_left_out_costs_less() -> None:
    lines = EXPERT.split("\n")
    turned = [line.translate(str.maketrans("AB", "BA")) for line in lines]
    steps = [score(EXPERT, "\n".join(turned[:k] + lines[k:])) for k in range(4)]
    assert steps == sorted(steps, reverse=True)
    assert len(set(steps)) == 4
    assert score(EXPERT, "\n".join(lines[1:])) > steps[1]


def test_unneeded_claims_cost_more_and_more() -> None:
    padding = ["Text Colour: Image A is faded.", "Water Artifacts: Image B is jagged.", "Leaf Smear: Image A is waxy."]
    steps = [score(EXPERT, "\n".join([EXPERT, *padding[:k]])) for k in range(4)]
    assert steps == sorted(steps, reverse=True)
    assert len(set(steps)) == 4


def test_a_claim_about_something_else_counts_less() -> None:
    one = read("Hair is crisp in Image A.")
    other = dataclasses.replace(one, words=numbered(["an advertisement"]))
    assert compare(Block([one]), other).support.tolist() == [TUNING.topic_floor] * len(one.rows)


def test_saying_it_both_ways_cancels() -> None:
    assert score(EXPERT, "Hair: Image A is sharper. Image B is sharper.") == pytest.approx(0, abs=0.01)


def test_many_references_at_once_give_what_each_gives_alone() -> None:
    texts = [EXPERT, "Hair is crisp in A.", "nothing", "The sky is noisy in B.", ""]
    readings = [read(text) for text in texts]
    text = read("Hair is sharp in the left one, the face noisy in the right one.")
    together = compare(Block(readings), text)
    alone = [compare(Block([one]), text) for one in readings]
    assert together.scores.tolist() == [float(one.scores[0]) for one in alone]
    assert np.array_equal(together.support, np.concatenate([one.support for one in alone]))
    assert np.array_equal(together.own, np.concatenate([one.own for one in alone]))


def test_the_example_worked_by_hand_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "scoring.md").read_text(encoding="utf-8")
    example = page.partition("**A pair by hand.**")[2].partition("**What a participant is shown**")[0]
    expert = "Hair Sharpness: Image A is sharper.\nFace Noise: Image B is noisy."
    text = "The left photo has the crisper hair. In the right one the hair is natural and the skin grainy."
    assert " ".join(text.split()) in " ".join(example.split())
    truth, told = read(expert), read(text)
    found = compare(Block([truth]), told)
    value = measure([Reference("x", "A", expert)], [truth]).judge(0, told).value
    numbers = [float(number) for number in re.findall(r"\d\.\d{3}", example)]
    for number in (*found.support, found.scores[0], value):
        assert round(float(number), 3) in numbers
