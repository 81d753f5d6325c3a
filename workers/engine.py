"""Holds the model of a scoring worker: loaded once per process, kept with its cache of embeddings."""

import os
from functools import lru_cache

from app.log import log
from app.scoring.embedding import Embedder, ModelUnavailable
from app.settings import settings


@lru_cache
def embedder() -> Embedder:
    """The process's model. Raises ModelUnavailable."""
    device = os.environ.get("PALMARES_DEVICE") or settings().device
    loaded = Embedder.load(settings().model_path, device)  # type: ignore[arg-type]
    log.info("model_loaded", model=loaded.model_hash[:8], device=loaded.device)
    return loaded


def warm() -> None:
    """Load the model before the first task; a missing model is told, and then again by each task that needs it."""
    try:
        embedder()(["warm"])
    except ModelUnavailable as error:
        log.error("model_unavailable", error=str(error))
