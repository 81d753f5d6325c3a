"""What the core's tests share: the public RAIM-PIQA rows, where they are, and the real model, loaded once."""

import json
import os
from pathlib import Path

import pytest

from app.scoring.embedding import Embedder
from app.scoring.reading import read_references
from app.scoring.records import Reference

DATA = Path(os.environ.get("PALMARES_RAIM_PIQA", Path(__file__).parents[3] / "shared" / "data" / "raim-piqa"))


@pytest.fixture(scope="session")
def raim() -> list[Reference]:
    """The 100 expert-explained pairs."""
    path = DATA / "train_grpo_1536.jsonl"
    if not path.is_file():
        pytest.skip(f"the RAIM-PIQA rows are not at {path} (PALMARES_RAIM_PIQA names their folder)")
    return read_references(path.read_bytes(), path.name)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The real all-MiniLM-L6-v2 on the CPU."""
    return Embedder.load(device="cpu")


@pytest.fixture(scope="session")
def probes(raim: list[Reference]) -> list[dict[str, str]]:
    """The development probes: pair_id, answer, kind, text."""
    return [json.loads(line) for line in (DATA / "probes_dev.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def directions(raim: list[Reference]) -> dict[str, str]:
    """One reader's directions of the claims of 45 pairs, a letter per line."""
    labels: dict[str, str] = json.loads((DATA / "directions_dev.json").read_text(encoding="utf-8"))
    return labels
