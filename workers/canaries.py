"""Canaries: golden submissions with known scores, judged again whenever a scoring worker starts.

`python -m workers.canaries [FILE]` judges them here and writes what is expected from now on, which is what to do after
a metric's version changed. They are a good explanation, a contradiction, a paraphrase, nothing, odd characters, a wrong
choice, a text longer than the model reads, both ways at once, and a missing pair (`workers/golden`).

Decision: real judgements and not a check of embeddings, because whatever moves a score (another library, a broken
build, a faulty device) moves these too, item by item and metric by metric. Expected scores hold for one model; another
needs a file of its own (`PALMARES_CANARIES`) and goes untried without. Cost: about a second for each start.
"""

import json
import sys
from pathlib import Path
from typing import Any

from app.log import log
from app.scoring.embedding import Embed, Embedder
from app.scoring.limits import Limits
from app.scoring.metrics import CATALOGUE
from app.scoring.plan import Plan
from app.scoring.reading import read_answers, read_references
from app.scoring.report import Report
from app.settings import settings

GOLDEN = Path(__file__).with_name("golden")
EXPECTED = GOLDEN / "expected.json"
# Scores are rounded to six digits: one of them may fall to the other side.
TOLERANCE = 1e-6
DIGITS = 9
TOLD = 3
REMAKE = "python -m workers.canaries"


def judged(embed: Embed) -> Report:
    """The golden submission's report by the default plan."""
    from app.scoring.judging import judge

    references = read_references((GOLDEN / "truth.jsonl").read_bytes(), "truth.jsonl")
    answers, _ = read_answers((GOLDEN / "answers.jsonl").read_bytes(), "answers.jsonl", Limits())
    return judge(references, answers, Plan(resamples=100), embed)


def values(report: Report) -> dict[str, dict[str, float]]:
    """Every number of the report by item and metric, and the means as the item `mean`."""
    items = {str(item["item_id"]): _numbers(item) for item in report.items}
    return {**items, "mean": {key: score.value for key, score in report.scores.items()}}


def _numbers(item: dict[str, Any]) -> dict[str, float]:
    return {key: float(value) for key, value in item.items() if isinstance(value, bool | int | float)}


def versions() -> dict[str, int]:
    """The metrics of the default plan with their versions: expected scores hold for these only."""
    return {key: CATALOGUE[key].version for key in sorted(Plan().metrics())}


def expected() -> dict[str, Any]:
    """What was written by `python -m workers.canaries`: `model`, `metrics` and `values`."""
    found: dict[str, Any] = json.loads((settings().canaries or EXPECTED).read_text())
    return found


def differences(embed: Embed) -> list[str]:
    """What this process scores otherwise than expected, in a few sentences; empty where all is well."""
    known = expected()
    if known["model"] != embed.model_hash:
        log.warning("canaries_untried", reason="no expected scores for this model", model=embed.model_hash[:8])
        return []
    if known["metrics"] != versions():
        return [f"The canaries' expected scores are stale, made by other versions of the metrics: run {REMAKE}."]
    return compare(known["values"], values(judged(embed)))


def compare(known: dict[str, dict[str, float]], found: dict[str, dict[str, float]]) -> list[str]:
    """The first few values that differ by more than the tolerance, and how many do."""
    pairs = {
        (item, key): (value, found.get(item, {}).get(key)) for item, row in known.items() for key, value in row.items()
    }
    wrong = [
        f"{item} {key} is {value} instead of {wanted}."
        for (item, key), (wanted, value) in pairs.items()
        if value is None or not round(abs(value - wanted), DIGITS) <= TOLERANCE
    ]
    return [f"{len(wrong)} of {len(pairs)} canary values differ:", *wrong[:TOLD]] if wrong else []


def main(file: Path = EXPECTED) -> None:
    """Judge with the model of the settings and write what is expected from now on."""
    model = Embedder.load(settings().model_path, settings().device)
    made = {"model": model.model_hash, "metrics": versions(), "values": values(judged(model))}
    file.write_text(json.dumps(made, indent=1) + "\n")
    print(f"Written: {file}")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:2]))
