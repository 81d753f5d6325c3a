"""The optional judges of a plan, made from the operator's settings: the NLI model in memory, the LLM's endpoint."""

import os
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from app.llm.endpoint import ChatJudge, Endpoint
from app.log import log
from app.scoring.entailment import Entail, NliModel, inside
from app.scoring.llm_prompt import Rate
from app.scoring.plan import Plan
from app.settings import settings


class Judges(TypedDict):
    """The arguments of `judge` for the optional judges; None where the plan asks for none."""

    entail: Entail | None
    rate: Rate | None


def judges_of(plan: Plan) -> Judges:
    """What the plan asks for. Raises JudgeNotConfigured and ModelUnavailable; asks no endpoint anything yet."""
    given = settings()
    entail: Entail | None = None
    rate: Rate | None = None
    if plan.cross_encoder is not None:
        entail = nli_model(inside(given.judge_models_path, plan.cross_encoder))
    if plan.llm_judge is not None:
        endpoint = Endpoint.of(given.llm_url, given.llm_api_key, given.llm_model_allow)
        rate = ChatJudge(endpoint, plan.llm_judge, given.data_dir / "llm-cache")
    return Judges(entail=entail, rate=rate)


@lru_cache(maxsize=1)
def nli_model(folder: Path) -> NliModel:
    """The NLI model of a folder; the process keeps the last one. Raises ModelUnavailable."""
    device = os.environ.get("PALMARES_DEVICE") or settings().device
    loaded = NliModel.load(folder, device)  # type: ignore[arg-type]
    log.info("nli_model_loaded", model=loaded.model_hash[:8], device=loaded.device)
    return loaded
