"""Planted copiers are found, independent entrants are not flagged, and what is one team is left out."""

from dataclasses import replace

import numpy as np

from app.scoring.integrity.fingerprints import Entry, fingerprints
from tests.scoring.integrity.simulated import own_words, people, right_or_wrong


def found(correct: np.ndarray, entries: list[Entry] | None = None, texts: list[list[str]] | None = None) -> list:
    n, items = correct.shape
    return fingerprints(entries or people(n), correct, np.ones(correct.shape, bool), texts or own_words(n, items))


def test_a_copier_of_nine_answers_in_ten_is_found_first() -> None:
    first, flagged = 0, 0
    for seed in range(20):
        correct = right_or_wrong(seed)
        source = int(np.argsort(-correct.mean(axis=1))[15])
        copier = (source + 1) % 30
        copied = np.random.default_rng(seed).random(60) < 0.9
        correct[copier, copied] = correct[source, copied]
        pair = found(correct)[0]
        first += {pair.a, pair.b} == {f"e{source:02d}", f"e{copier:02d}"}
        flagged += pair.flagged
    assert first >= 19  # of 20
    assert flagged >= 10


def test_independent_entrants_are_not_flagged() -> None:
    alarms = sum(any(pair.flagged for pair in found(right_or_wrong(seed))) for seed in range(100))
    assert alarms <= 5


def test_texts_files_and_answers_that_are_the_same() -> None:
    correct, entries, texts = right_or_wrong(1), people(30), own_words(30, 60)
    entries[3] = replace(entries[3], answers_sha256=entries[2].answers_sha256)
    entries[5] = replace(entries[5], file_sha256=entries[4].file_sha256)
    texts[7] = [text.upper() + " !" for text in texts[6]]
    flagged = {(pair.a, pair.b): pair for pair in found(correct, entries, texts) if pair.flagged}
    assert flagged.keys() == {("e02", "e03"), ("e04", "e05"), ("e06", "e07")}
    assert flagged["e02", "e03"].why == "They have the same answers and explanations."
    assert flagged["e04", "e05"].why == "They have the same file."
    assert flagged["e06", "e07"].alike_texts == 1.0
    assert "100% of the explanations near-identical" in flagged["e06", "e07"].why


def test_a_team_may_share() -> None:
    correct = right_or_wrong(1)
    correct[1] = correct[0]
    entries = people(30)
    entries[:2] = [replace(one, team=7, answers_sha256="same") for one in entries[:2]]
    assert not any({pair.a, pair.b} == {"e00", "e01"} for pair in found(correct, entries))


def test_of_few_entries_only_what_is_identical() -> None:
    entries = people(3)
    entries[1] = replace(entries[1], file_sha256=entries[0].file_sha256)
    [pair] = found(right_or_wrong(1, entries=3), entries)
    assert (pair.a, pair.b, pair.p_value, pair.flagged) == ("e00", "e01", None, True)
    assert found(right_or_wrong(1, entries=1)) == []
