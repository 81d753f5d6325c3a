"""The public items and the reports of parts: the same everywhere, alike in their mix, exact sums, and stable."""

import math

import pytest

from app.scoring.judging import judge
from app.scoring.plan import load
from app.scoring.splitting import part_of, public_items
from tests.scoring.standin import HashEmbed, references
from tests.scoring.test_judging import mixed

IDS = [f"p_{number:03d}" for number in range(60)] + [f"s_{number:03d}" for number in range(20)]
CATEGORIES = ["person"] * 60 + ["scene"] * 20


@pytest.mark.parametrize(("share", "persons", "scenes"), [(0.5, 30, 10), (0.3, 18, 6), (0.01, 1, 0), (0.99, 59, 20)])
def test_a_share_is_drawn_within_each_category(share, persons, scenes):
    found = public_items(IDS, CATEGORIES, share=share, seed=3)
    assert [sum(one[0] == kind for one in found) for kind in "ps"] == [persons, scenes]


def test_the_draw_is_a_matter_of_seed_and_ids_alone():
    first = public_items(IDS, CATEGORIES, share=0.5, seed=3)
    assert first == public_items(IDS[::-1], CATEGORIES[::-1], share=0.5, seed=3)
    assert first != public_items(IDS, CATEGORIES, share=0.5, seed=4)
    more = public_items([*IDS, "p_900"], [*CATEGORIES, "person"], share=0.5, seed=3)
    assert len(first ^ more) <= 2
    # Written down, so that another version of the code cannot move an item from one side to the other.
    assert sorted(public_items(IDS[:8], [None] * 8, share=0.5, seed=0)) == DRAWN


DRAWN = ["p_001", "p_003", "p_005", "p_006"]


def test_a_list_names_the_public_ones():
    assert public_items(IDS, CATEGORIES, items=["s_001", "p_007", "gone"]) == {"p_007", "s_001"}


def test_parts_are_means_of_the_very_values_of_the_whole():
    truth, plan = references(48), load()
    report = judge(truth, mixed(truth), plan, HashEmbed())
    public = public_items([one.item_id for one in truth], [one.category for one in truth], share=0.25, seed=1)
    shown, hidden = (
        part_of(report, plan, public, "public"),
        part_of(report, plan, {item["item_id"] for item in report.items} - public, "private"),
    )
    assert shown is not None
    assert hidden is not None
    assert (shown.n_items, hidden.n_items) == (12, 36)
    assert shown.n_missing + hidden.n_missing == report.n_missing > 0
    for key, score in report.scores.items():
        together = (12 * shown.scores[key].value + 36 * hidden.scores[key].value) / 48
        assert together == pytest.approx(score.value, abs=1e-12)
        assert shown.scores[key].low <= shown.scores[key].value <= shown.scores[key].high
    assert shown.scores["final"].value == pytest.approx(math.fsum(item["final"] for item in shown.items) / 12)
    assert shown.signature == f"{report.signature}|part:public.12"
    assert {name: group.n_items for name, group in shown.categories.items()} == {"person": 6, "scene": 6}
    everything = part_of(report, plan, {item["item_id"] for item in report.items}, "all")
    assert everything is not None
    assert {**everything.as_dict(), "signature": ""} == {**report.as_dict(), "signature": ""}
    assert part_of(report, plan, set(), "none") is None
