"""A competition of entrants with realistic skill: a Rasch model with the floor of a two-way choice."""

import numpy as np

from app.scoring.integrity.fingerprints import Entry, sampled

ITEMS = [f"p_{number:03d}" for number in range(60)]


def right_or_wrong(seed: int, entries: int = 30, items: int = 60) -> np.ndarray:
    """Who has what right, shape (entries, items): between a coin and certainty, by skill and hardness."""
    rng = np.random.default_rng(seed)
    skill, hardness = rng.normal(1.0, 1.0, (entries, 1)), rng.normal(0.0, 1.2, items)
    return rng.random((entries, items)) < 0.5 + 0.5 / (1 + np.exp(-(skill - hardness)))


def people(entries: int) -> list[Entry]:
    """Entrants without teams, with different files."""
    return [Entry(f"e{number:02d}", None, f"f{number}", f"a{number}") for number in range(entries)]


def own_words(entries: int, items: int) -> list[list[str]]:
    """Explanations that nobody shares."""
    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return [["".join(rng.choice(letters, 60)) for _ in sampled(entries, items)] for _ in range(entries)]
