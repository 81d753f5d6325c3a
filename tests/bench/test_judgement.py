"""The measuring of the judgement, on a truth of three pairs and a score that can be foretold."""

import json
from pathlib import Path

import pytest

from app.scoring.records import Reference
from bench import judgement_page, judgement_picture
from bench.judgement import Measured, Remembering, Truth, measure
from bench.judgement_page import GOALS, Goal
from bench.probes import FAITHFUL, MECHANICAL, OWN, REWORDED, TEMPLATES, mechanical, written
from tests.scoring.standin import HashEmbed

TRUTH = [
    Reference("p_0", "A", "Face: Image A is finer than Image B.\nHair: Image A is sharper than Image B.", "person"),
    Reference("p_1", "B", "Face: Image B is finer than Image A.", "person"),
    Reference("s_0", "A", "Sky: Both images are similar.", "scene"),
]


def measured(**kinds: dict[str, float]) -> Measured:
    """A measurement with these values of the explanation score."""
    truth = Truth("made", "A made truth", TRUTH, {kind: dict.fromkeys(values, "x") for kind, values in kinds.items()})
    return Measured(truth, "palmares:0", {"explanation": kinds})


def test_means_are_over_the_probed_pairs_only() -> None:
    found = measured(partial={"p_0": 1.0, "p_1": 0.0}, contradiction={"p_0": 0.25})
    assert found.mean("explanation", "partial") == 0.5
    assert found.mean("explanation", "contradiction") == 0.25
    assert found.mean("explanation", "nothing") is None
    assert found.best("explanation", ["contradiction", "partial", "nothing"]) == 0.5


def test_order_is_the_share_of_common_pairs_with_strictly_more() -> None:
    found = measured(partial={"p_0": 0.5, "p_1": 0.5, "s_0": 0.9}, contradiction={"p_0": 0.4, "p_1": 0.5})
    assert found.margins("explanation", "partial", "contradiction") == {"p_0": pytest.approx(0.1), "p_1": 0.0}
    assert found.ordered("explanation", "partial", "contradiction") == 0.5
    assert found.ordered("explanation", "partial", "nothing") is None


def test_monotone_wants_every_step_to_fall() -> None:
    found = measured()
    found.steps["explanation"] = {"a": [1.0, 0.5, 0.0], "b": [1.0, 0.5, 0.5], "c": [1.0, 0.2, 0.3], "d": [0.3, -0.1]}
    assert found.monotone("explanation") == 0.5
    assert found.monotone("explanation.rouge_l") is None


def test_a_truth_is_judged_kind_by_kind_and_claim_by_claim() -> None:
    probes = {"reference": mechanical(TRUTH)["reference"], "partial": {"p_0": "Face: Image A is finer than Image B."}}
    found = measure(Truth("made", "", TRUTH, probes), HashEmbed(), ("explanation", "explanation.rouge_l"))
    assert set(found.values) == {"explanation", "explanation.rouge_l"}
    assert found.values["explanation.rouge_l"]["reference"] == {"p_0": 1.0, "p_1": 1.0, "s_0": 1.0}
    assert set(found.values["explanation.rouge_l"]["partial"]) == {"p_0"}
    assert {pair: len(scores) for pair, scores in found.steps["explanation.rouge_l"].items()} == {"p_0": 3, "p_1": 2}
    assert found.monotone("explanation.rouge_l") == 1.0


def test_the_references_pieces_are_computed_once() -> None:
    embed = HashEmbed()
    remembering = Remembering(embed, ["kept"])
    first = remembering.tokens(["kept", "other", "kept"])
    again = remembering.tokens(["kept", "other"])
    assert embed.asked == ["kept", "other", "other"]
    assert (first[0] == again[0]).all()
    assert len(first) == 3


@pytest.mark.parametrize(("at_least", "value", "met"), [(True, 0.9, True), (True, 0.89, False), (False, 0.91, False)])
def test_a_goal_is_met_on_its_side_of_the_bound(at_least: bool, value: float, met: bool) -> None:
    assert Goal("x", lambda m, k: value, 0.9, at_least=at_least, share=True).met(value) is met


def test_the_goals_are_those_of_the_design() -> None:
    assert [goal.bound for goal in GOALS] == [
        *(0.95, 0.90, 0.90), *(0.98, 0.92, 0.92), *(0.98, 0.95, 0.95),
        *(0.05, 0.05), *(0.08, 0.08, 0.08, 0.08), *(0.65, 0.50), 0.95,
    ]  # fmt: skip


def test_the_page_tells_goals_means_orders_and_the_worst_rows_without_their_texts() -> None:
    found = measured(
        reference={"p_0": 1.0, "p_1": 1.0},
        paraphrase_close={"p_0": 0.8, "p_1": 0.4},
        contradiction={"p_0": 0.0, "p_1": 0.9},
    )
    text = judgement_page.page([found])
    assert "| paraphrase close > contradiction | ≥ 95% | 50% |" in text
    assert "| **paraphrase close** | 2 | 0.60 |" in text
    assert "- paraphrase close > contradiction, right in 50%: `p_1` (-0.50)" in text
    assert "misses 3, these:" in text
    assert text == judgement_page.page([found])
    assert "finer" not in text


def test_the_picture_is_the_same_bytes_twice(tmp_path: Path) -> None:
    found = measured(reference={"p_0": 1.0, "p_1": 0.9}, contradiction={"p_0": -0.2, "p_1": 0.9})
    for name in ("one.png", "two.png"):
        judgement_picture.draw(found, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_our_own_probes_are_of_the_example_and_of_every_written_kind() -> None:
    lines = [json.loads(line) for line in OWN.read_text().splitlines()]
    truth = {r.item_id: r.answer for r in _example()}
    kinds = written(OWN)
    assert all(line["answer"] == truth[line["pair_id"]] for line in lines)
    assert all(line["text"] not in {r.explanation for r in _example()} for line in lines)
    for kind in (*REWORDED, "contradiction", "unrelated_right_winner", "vague_right_winner"):
        assert len(kinds[kind]) >= 24
    assert set(TEMPLATES) <= set(MECHANICAL)
    assert set(FAITHFUL) - set(MECHANICAL) == set(REWORDED)


def _example() -> list[Reference]:
    from app.scoring.reading import read_references
    from bench.judgement import EXAMPLE

    return read_references(EXAMPLE.read_bytes(), EXAMPLE.name)
