"""The list of words: every kind is known, every name is used, endings are found."""

import pytest

from app.scoring.claims.vocabulary import AXES, REGIONS, hits_in, senses, stem, terms

KINDS = {"up", "down", "good", "bad", "not", "lose", "excess", "tie", "untie", "link"}


def test_every_sense_is_of_a_known_kind_and_every_name_has_words() -> None:
    every = {sense for found in terms().values() for sense in found}
    assert {sense.name for sense in every if sense.kind == "region"} == set(REGIONS)
    assert {sense.name for sense in every if sense.kind in ("noun", "more", "less")} == set(AXES)
    assert {sense.kind for sense in every} == {"region", "noun", "more", "less"} | KINDS


@pytest.mark.parametrize(("word", "like"), [("grainiest", "grainy"), ("crispest", "crisp"), ("blurriest", "blurry")])
def test_unknown_endings_are_found_by_the_stem(word: str, like: str) -> None:
    assert stem(word) == stem(like) or senses((word,))
    assert {s.name for s in senses((word,))} & {s.name for s in senses((like,))}


def test_the_longest_term_wins() -> None:
    assert [(hit.start, hit.end) for hit in hits_in(["free", "of", "noise"])] == [(0, 2), (2, 3)]


def test_words_of_the_world_are_not_words_of_quality() -> None:
    assert list(hits_in(["yesterday", "my", "aunt", "bought", "potatoes"])) == []
