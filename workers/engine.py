"""Holds the model of a scoring worker: loaded once per process, tried by the canaries, kept with its embeddings.

Decision: a process whose model is missing or whose canaries differ is drained: it claims nothing, so that what waits
stays `ready`, with all its tries, for a healthy worker. The canaries are judged before the shared embeddings are
attached: they try this process and not what others kept.
"""

import os
from dataclasses import dataclass
from functools import lru_cache

from app.log import log
from app.scoring.embedding import Embedder, ModelUnavailable
from app.settings import settings
from workers import canaries
from workers.embeddings import SharedEmbeddings


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether this process may score, with which model (SHA-256 of its weights), and why not."""

    state: str
    model: str = ""
    detail: str = ""


@lru_cache
def embedder() -> Embedder:
    """The process's model. Raises ModelUnavailable."""
    device = os.environ.get("PALMARES_DEVICE") or settings().device
    loaded = Embedder.load(settings().model_path, device)  # type: ignore[arg-type]
    log.info("model_loaded", model=loaded.model_hash[:8], device=loaded.device)
    return loaded


@lru_cache
def condition() -> Condition:
    """Load the model and try it by the canaries, once per process. Never raises."""
    try:
        model = embedder()
        differences = canaries.differences(model)
        if settings().embeddings_kept:
            model.store = SharedEmbeddings()
    except ModelUnavailable as error:
        return _drained("", f"{error} {error.fix}")
    except Exception as error:  # whatever keeps a golden submission from being scored would fail every other
        log.error("canaries_failed", exc_info=error)
        return _drained("", f"The canaries could not be scored: {type(error).__name__}.")
    if differences:
        return _drained(model.model_hash, " ".join(differences))
    return Condition("ready", model.model_hash)


def _drained(model: str, detail: str) -> Condition:
    log.error("worker_drained", model=model[:8], detail=detail)
    return Condition("drained", model, detail)
