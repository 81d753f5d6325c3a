"""The signature: everything that could change the number, as a short string (the habit of sacreBLEU).

Two scores with the same signature were made by the same rules, code, model and truth. Not in it: the device, because
scores are computed so that processors agree (embedding.py), and what a plan merely shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version

from .. import __version__
from .llm_prompt import prompt_digest
from .metrics import CATALOGUE
from .plan import Plan
from .reading import write_references
from .records import Reference

SHORT = 8


def digest_of_truth(references: Sequence[Reference]) -> str:
    """SHA-256 (hex) of the references in canonical form; their order does not matter."""
    return hashlib.sha256(write_references(references)).hexdigest()


def signature(
    plan: Plan,
    *,
    model_hash: str,
    truth: str,
    n_items: int,
    seed: int,
    nli_hash: str = "",
) -> str:
    """The parts joined by `|`; hashes are cut to eight digits. `truth` and the model hashes are hex digests.

    One line: `palmares:0.1.0|plan:pairwise-explained#1a2b3c4d|accuracy.1|explanation.3(claims.2,direction.2)|
    rouge-score:0.1.2|model:53aa5117|truth:9f8e7d6c|n:100|seed:0|boot:2000`. Optional judges follow the model where the
    plan names them: `nli:HASH`, `llm:NAME#PROMPT.rROUNDS`.
    """
    used = [CATALOGUE[key] for key in plan.metrics()]
    inner = {part for metric in used for part in metric.parts}
    libraries = sorted({library for metric in used for library in metric.libraries})
    parts = [f"palmares:{__version__}", f"plan:{plan.name}#{plan.digest()[:SHORT]}"]
    parts += [_versioned(metric.key) for metric in used if metric.key not in inner]
    parts += [f"{library}:{version(library)}" for library in libraries]
    if any(metric.uses_model for metric in used):
        parts.append(f"model:{model_hash[:SHORT]}")
    if plan.cross_encoder is not None:
        parts.append(f"nli:{nli_hash[:SHORT]}")
    if (llm := plan.llm_judge) is not None:
        parts.append(f"llm:{llm.model}#{prompt_digest(llm)[:SHORT]}.r{llm.rounds}")
    parts += [f"truth:{truth[:SHORT]}", f"n:{n_items}", f"seed:{seed}", f"boot:{plan.resamples}"]
    return "|".join(parts)


def _versioned(key: str) -> str:
    metric = CATALOGUE[key]
    inner = ",".join(_versioned(part).removeprefix(f"{key}.") for part in metric.parts)
    return f"{key}.{metric.version}({inner})" if inner else f"{key}.{metric.version}"
