"""`make judgement`: how well the explanation score, and the customary metrics beside it, know faithful from false.

Decision: everything goes through the public judge(): a kind's texts become answers with the right choice and are judged
in one call against all references of their truth, so that what corrects for chance sees the whole truth. Pairs without
a probe of the kind are left out of its mean. Nothing is asserted: docs/judgement.md says what is met and what is not.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from app.scoring.embedding import Embed, Embedder
from app.scoring.judging import judge
from app.scoring.metrics import CATALOGUE
from app.scoring.plan import OPTIONAL, Plan
from app.scoring.reading import read_references
from app.scoring.records import Answer, Reference
from bench import probes
from bench.probes.sides import turned

ROOT = Path(__file__).resolve().parents[1]
RAIM = ROOT.parent / "shared" / "data" / "raim-piqa"
EXAMPLE = ROOT / "examples" / "photo-pairs" / "truth" / "development.jsonl"
PAGE, PICTURE = ROOT / "docs" / "judgement.md", ROOT / "docs" / "judgement.png"
PARTS = ("explanation.claims", "explanation.direction")  # of the explanation score; no rivals of it
COLUMNS = tuple(key for key in CATALOGUE if key.startswith("explanation") and key not in (*OPTIONAL, *PARTS))

Values = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Truth:
    """One ground truth and the probes made for it."""

    name: str
    title: str
    references: Sequence[Reference]
    probes: probes.Probes


@dataclass(frozen=True, slots=True)
class Measured:
    """A truth's scores: `values[metric][kind][pair id]`, and for each pair the scores with 0, 1, … claims turned."""

    truth: Truth
    signature: str
    values: Values
    steps: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def mean(self, metric: str, kind: str) -> float | None:
        """Mean over the pairs that have a probe of the kind; None where there is none."""
        values = self.values[metric].get(kind)
        return float(np.mean(list(values.values()))) if values else None

    def best(self, metric: str, kinds: Sequence[str]) -> float | None:
        """The highest mean of several kinds."""
        means = [mean for kind in kinds if (mean := self.mean(metric, kind)) is not None]
        return max(means) if means else None

    def margins(self, metric: str, better: str, worse: str) -> dict[str, float]:
        """By how much the better kind scores more, for each pair that has both."""
        one, other = self.values[metric].get(better, {}), self.values[metric].get(worse, {})
        return {pair: one[pair] - other[pair] for pair in one if pair in other}

    def ordered(self, metric: str, better: str, worse: str) -> float | None:
        """Share of pairs in which the better kind scores strictly more."""
        margins = self.margins(metric, better, worse)
        return sum(margin > 0 for margin in margins.values()) / len(margins) if margins else None

    def monotone(self, metric: str) -> float | None:
        """Share of pairs whose score falls strictly with every further claim turned round."""
        steps = self.steps.get(metric, {}).values()
        falls = [all(one > next_ for one, next_ in pairwise(scores)) for scores in steps]
        return sum(falls) / len(falls) if falls else None


class Remembering:
    """An embedder that remembers the word pieces of the texts it is asked for in every call: the references."""

    def __init__(self, embed: Embed, kept: Sequence[str]) -> None:
        self._embed, self._kept = embed, frozenset(kept)
        self._pieces: dict[str, NDArray[np.float64]] = {}
        self.model_hash = embed.model_hash

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        """As the embedder."""
        return self._embed(texts, exact=exact)

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """As the embedder; each distinct text once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._pieces]
        pieces = self._pieces | dict(zip(new, self._embed.tokens(new), strict=True))
        self._pieces |= {text: pieces[text] for text in new if text in self._kept}
        return [pieces[text] for text in texts]


def truths(quick: bool) -> list[Truth]:
    """The public RAIM-PIQA rows, where they are, and the example; `quick`: only pairs with written probes."""
    found = []
    if (RAIM / "probes_dev.jsonl").is_file():
        rows = RAIM / "train_grpo_1536.jsonl"
        found.append(_truth("raim", "RAIM-PIQA, 100 public pairs", rows, RAIM / "probes_dev.jsonl", quick))
        found.append(
            _truth("unseen", "RAIM-PIQA, 24 pairs out of sample", rows, probes.UNSEEN, quick, mechanical=False)
        )
    found.append(_truth("example", "The example competition, 40 pairs", EXAMPLE, probes.OWN, quick))
    return found


def _truth(name: str, title: str, rows: Path, written: Path, quick: bool, *, mechanical: bool = True) -> Truth:
    references = read_references(rows.read_bytes(), rows.name)
    texts = probes.written(written) if written.is_file() else {}
    probed = frozenset(pair for kind in texts.values() for pair in kind)
    if not mechanical:
        return Truth(name, title, references, texts)
    made = probes.mechanical(references, probed if quick and probed else None)
    kinds = {"reference": made.pop("reference")} | texts | made
    return Truth(name, title, references, kinds)


def measure(truth: Truth, embed: Embed, columns: Sequence[str] = COLUMNS) -> Measured:
    """Judge every kind of the truth, and its references with one, two, … claims turned round."""
    plan = Plan(weights={"accuracy": 1.0}, columns=tuple(columns), resamples=100)
    kept = Remembering(embed, [reference.explanation for reference in truth.references])
    columns = [key for key in plan.metrics() if key in columns]
    values: Values = {key: {} for key in columns}
    signature = ""
    for kind, texts in truth.probes.items():
        items, signature = _judged(truth.references, texts, plan, kept)
        for key in columns:
            values[key][kind] = {pair: items[pair][key] for pair in texts}
    return Measured(truth, signature, values, _turned(truth, plan, kept, columns))


def _judged(
    references: Sequence[Reference], texts: Mapping[str, str], plan: Plan, embed: Embed
) -> tuple[dict[str, dict[str, float]], str]:
    answers = [Answer(r.item_id, r.answer, texts[r.item_id]) for r in references if r.item_id in texts]
    report = judge(references, answers, plan, embed)
    return {item["item_id"]: item for item in report.items}, report.signature


def _turned(truth: Truth, plan: Plan, embed: Embed, columns: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """The scores by metric and pair with 0, 1, … claims turned round; pairs without a claim to turn are left out."""
    pairs = truth.probes.get("reference", {})
    steps: dict[str, dict[str, list[float]]] = {key: {} for key in columns}
    count = 0
    while texts := {pair: new for pair, text in pairs.items() if (new := turned(text, count)) is not None}:
        items, _ = _judged(truth.references, texts, plan, embed)
        for key in columns:
            for pair in texts:
                steps[key].setdefault(pair, []).append(items[pair][key])
        count += 1
    return {key: {pair: scores for pair, scores in by.items() if len(scores) > 1} for key, by in steps.items()}


def main() -> int:
    """Measure, print the goals, and write the page and the picture where everything was measured."""
    from bench import judgement_page, judgement_picture

    parser = argparse.ArgumentParser("python -m bench.judgement", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only pairs with hand-written probes; writes nothing")
    parser.add_argument("--columns", help="only these metrics, with commas; writes nothing")
    parser.add_argument("--truth", choices=("raim", "unseen", "example"), help="only this truth; writes nothing")
    parser.add_argument("--values", type=Path, help="write every single score to this JSON file")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    asked = parser.parse_args()
    columns = tuple(asked.columns.split(",")) if asked.columns else COLUMNS
    embed, console = Embedder.load(None, asked.device), Console(width=150)
    measured = []
    for truth in truths(asked.quick):
        if asked.truth in (None, truth.name):
            measured.append(measure(truth, embed, columns))
            judgement_page.show(measured[-1], console)
    if asked.values:
        dumped = {m.truth.name: {"values": m.values, "turned": m.steps} for m in measured}
        asked.values.write_text(json.dumps(dumped, indent=1, ensure_ascii=False))
    if asked.quick or asked.columns or asked.truth or not RAIM.is_dir():
        print("Nothing is written: only a run of everything writes docs/judgement.md and docs/judgement.png.")
        return 0
    PAGE.write_text(judgement_page.page(measured), encoding="utf-8")
    judgement_picture.draw(measured[0], PICTURE)
    print("Written: docs/judgement.md, docs/judgement.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
