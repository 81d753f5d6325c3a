"""Entail: pairs of sentences -> probabilities of entailment and contradiction, by an NLI cross-encoder on this machine.

Decision: sentence-transformers' CrossEncoder over a local folder, never a hub's name; safetensors only, no code of the
model's own; always in double precision. Which output means what is read from the model's id2label and must be
said there: a guessed order would turn every score round. A bundle names a folder only inside the one that the operator
allows, since organizers are not operators.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from .embedding import INSTALL, Device, ModelUnavailable, device_of, hash_of_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCHES = {"cpu": 16, "cuda": 64}
ENTAILMENT = ("entailment", "entail")
CONTRADICTION = ("contradiction", "contradict")
SETTING = "PALMARES_JUDGE_MODELS_PATH"


class Entail(Protocol):
    """What the metric needs of an NLI model; tests use one of their own."""

    @property
    def model_hash(self) -> str:
        """SHA-256 (hex) of the model's weights, for the signature."""

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Rows (P(entailment), P(contradiction)) of (premise, hypothesis) pairs; row i depends on pairs[i] only."""


class JudgeNotConfigured(Exception):
    """A plan asks for an optional judge that is not set up, or not allowed, where it should be scored."""

    code = "judge_not_configured"

    def __init__(self, detail: str, fix: str) -> None:
        self.fix = fix
        super().__init__(detail)


class NliModel:
    """A loaded cross-encoder; made by `NliModel.load`. Safe to share between threads."""

    def __init__(self, model: Any, model_hash: str, device: str, labels: tuple[int, int]) -> None:
        self._model = model
        self._labels = labels
        self._lock = threading.Lock()
        self.model_hash = model_hash
        self.device = device

    @classmethod
    def load(cls, folder: Path, device: Device = "auto") -> NliModel:
        """The NLI model in a local folder. Raises ModelUnavailable with a sentence how to mend it."""
        model_hash = hash_of_weights(folder)
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        chosen = device_of(device)
        model = _open(folder, chosen)
        return cls(model, model_hash, chosen, _labels(folder, model.model.config.id2label))

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Rows (P(entailment), P(contradiction)), shape (len(pairs), 2). Raises ModelUnavailable."""
        import numpy as np
        import torch

        distinct = list(dict.fromkeys(pairs))
        if not distinct:
            return np.empty((0, 2), dtype=np.float64)
        try:
            with self._lock:
                found = self._model.predict(
                    distinct,
                    batch_size=BATCHES[self.device],
                    activation_fn=torch.nn.Softmax(dim=-1),
                    show_progress_bar=False,
                )
        except RuntimeError as error:
            raise ModelUnavailable(
                f"The NLI model failed on {self.device}: {str(error).splitlines()[0]}",
                "Free memory on the device, or run with the device cpu.",
            ) from error
        rows = dict(zip(distinct, np.asarray(found, dtype=np.float64)[:, self._labels], strict=True))
        return np.stack([rows[pair] for pair in pairs])


def inside(root: Path | None, name: str) -> Path:
    """The folder `name` inside the operator's folder of judge models. Raises JudgeNotConfigured for anything else.

    Absolute names, `..`, hidden folders, and links that lead out of the operator's folder are refused.
    """
    fix = f"Name a folder inside the one that the operator has set as {SETTING}."
    if root is None:
        raise JudgeNotConfigured(
            "The plan asks for a `cross_encoder`, and no judge models are allowed here.",
            f"Operators: set {SETTING} to a folder of NLI models. Organizers: leave `cross_encoder` out.",
        )
    steps = PurePosixPath(name).parts
    if not steps or "\\" in name or "\0" in name or any(step.startswith((".", "/")) for step in steps):
        raise JudgeNotConfigured(f"`cross_encoder: {name!r}` is not the name of a folder of judge models.", fix)
    ground = root.resolve()
    folder = root.joinpath(*steps).resolve()
    if not folder.is_relative_to(ground) or not folder.is_dir():
        raise JudgeNotConfigured(f"There is no folder {name!r} among the judge models.", fix)
    if not all(file.resolve().is_relative_to(ground) for file in folder.rglob("*")):
        raise JudgeNotConfigured(f"The judge model {name!r} holds links that lead out of its place.", fix)
    return folder


def _labels(folder: Path, id2label: dict[int, str]) -> tuple[int, int]:
    """Columns of entailment and contradiction in the model's output."""
    names = {int(number): str(label).strip().lower() for number, label in id2label.items()}
    entailing = [number for number, label in names.items() if label in ENTAILMENT]
    contradicting = [number for number, label in names.items() if label in CONTRADICTION]
    if len(entailing) != 1 or len(contradicting) != 1:
        said = ", ".join(repr(id2label[number]) for number in sorted(id2label))
        raise ModelUnavailable(
            f"The model in {folder} is not an NLI model: its labels are {said}.",
            "Give a model whose config.json names `entailment` and `contradiction` in id2label.",
        )
    return entailing[0], contradicting[0]


def _open(folder: Path, device: str) -> Any:
    try:
        from sentence_transformers import CrossEncoder
        from transformers.utils import logging
    except (ImportError, OSError) as error:
        raise ModelUnavailable(f"sentence-transformers cannot be used here: {error}.", f"{INSTALL}.") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        opened = CrossEncoder(
            str(folder.absolute()),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
        return opened.double().eval()
    except Exception as error:
        # As in embedding.py: the loaders raise whatever their parsers do.
        reason = (str(error).splitlines() or [""])[0]
        raise ModelUnavailable(
            f"The NLI model in {folder} cannot be loaded: {type(error).__name__}: {reason}",
            "Restore the folder from its source: config.json, tokenizer and model.safetensors are needed.",
        ) from error
