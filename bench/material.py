"""What is judged in every scenario: the example competition's 40 development pairs and the strong example's answers."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from app.scoring.claims.matching import read
from app.scoring.embedding import Embedder
from app.scoring.judging import judge
from app.scoring.limits import Limits
from app.scoring.plan import Plan, load
from app.scoring.reading import read_answers, read_references, write_answers
from app.scoring.records import Answer, Reference

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = ROOT / "examples" / "photo-pairs"
STRONG = ROOT / "examples" / "submissions" / "strong" / "predictions.jsonl"
INVALID = ROOT / "examples" / "submissions" / "invalid" / "predictions.jsonl"


@dataclass(frozen=True, slots=True)
class Material:
    """References, answers and plan of one judgement."""

    references: list[Reference]
    answers: list[Answer]
    plan: Plan


@lru_cache
def material() -> Material:
    """The example's files, read by the core itself."""
    truth = BUNDLE / "truth" / "development.jsonl"
    answers, _ = read_answers(STRONG.read_bytes(), STRONG.name, Limits())
    return Material(read_references(truth.read_bytes(), truth.name), answers, load("pairwise-explained"))


@lru_cache
def embedder() -> Embedder:
    """The model as a scoring worker holds it, on the CPU like the rival, after one text."""
    loaded = Embedder.load(None, "cpu")
    loaded(["warm"])
    return loaded


def rehearse() -> None:
    """Judge two pairs: the first judgement of a process imports scipy and rouge-score, a worker's first task too."""
    given = material()
    judge(given.references[:2], given.answers[:2], given.plan, embedder())


def forget(known: bool) -> None:
    """Empty the model's memory of texts; `known` puts the experts' texts back, as a worker knows them."""
    embedder()._rows.clear()  # there is no public way, since nothing but a measurement wants one
    read.cache_clear()
    if known:
        embedder()([reference.explanation for reference in material().references])


def variant(number: int) -> bytes:
    """The strong submission with other words in every explanation, so that no cache knows them."""
    words = f" Seen for the {number}th time."
    return write_answers([replace(answer, explanation=answer.explanation + words) for answer in material().answers])
