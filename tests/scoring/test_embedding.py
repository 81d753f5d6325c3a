"""The embedder with the real model: the published weights, whole texts, the same rows in any company; faults."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from app.scoring import embedding
from app.scoring.embedding import COSINE_ERROR, MODEL_HASH, Device, Embedder, ModelUnavailable
from app.scoring.records import Reference

PACKAGED = embedding._packaged()
# Each is one word piece.
WORDS = ["image", "left", "right", "face", "hair", "noise", "sharp", "soft", "clear", "dark", "light", "edge", "skin"]


def words(n: int, start: int = 0) -> str:
    """n different-looking words of one piece each."""
    return " ".join(WORDS[(i * i + start) % len(WORDS)] for i in range(n))


def folder_with(tmp_path: Path, replaced: dict[str, bytes | None]) -> Path:
    """A copy of the packaged model (by links) with some files replaced, or left out."""
    folder = tmp_path / "model"
    for source in (path for path in PACKAGED.rglob("*") if path.is_file()):
        name = source.relative_to(PACKAGED).as_posix()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = replaced.get(name, b"link")
        if name not in replaced:
            target.symlink_to(source)
        elif content is not None:
            target.write_bytes(content)
    return folder


@contextmanager
def threads(n: int) -> Iterator[None]:
    """PyTorch with so many threads."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(n)
    yield
    torch.set_num_threads(usual)


def fresh(embedder: Embedder) -> Embedder:
    """The same model without memory."""
    return Embedder(embedder._model, embedder.model_hash, embedder.device)


def test_the_weights_are_the_published_ones(embedder: Embedder) -> None:
    assert embedder.model_hash == MODEL_HASH
    assert MODEL_HASH.startswith("53aa5117")
    assert MODEL_HASH.endswith("28d9db")
    assert embedder.device == "cpu"


def test_rows_are_unit_vectors(embedder: Embedder) -> None:
    rows = embedder([words(5), words(90), "清晰", "!"])
    assert rows.shape == (4, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-6)


def test_rows_of_a_model_that_does_not_normalise_are_unit_vectors(tmp_path: Path) -> None:
    modules = json.loads((PACKAGED / "modules.json").read_text())[:2]
    folder = folder_with(tmp_path, {"modules.json": json.dumps(modules).encode()})
    assert np.linalg.norm(Embedder.load(folder, device="cpu")(["hair"])) == pytest.approx(1, abs=1e-6)


def test_nothing_asked_is_no_rows(embedder: Embedder) -> None:
    assert embedder([]).shape == (0, 384)


def test_rows_are_those_of_the_published_model(embedder: Embedder) -> None:
    """Plain sentence-transformers calls in float32, as anyone would make them."""
    from sentence_transformers import SentenceTransformer

    texts = ["Image A is sharper.", "Image B is sharper.", words(200)]
    plain = SentenceTransformer(str(PACKAGED), device="cpu", local_files_only=True)
    for exact in (False, True):
        assert embedder(texts, exact=exact) == pytest.approx(plain.encode(texts, normalize_embeddings=True), abs=1e-6)


def test_texts_are_read_to_256_pieces_not_128(embedder: Embedder) -> None:
    assert embedder.max_seq_length == 256
    whole, prefix, same_start = embedder([words(248), words(126), f"{words(126)} {words(122, start=3)}"])
    assert whole @ prefix < 0.999
    assert whole @ same_start < 0.999
    beyond = embedder([words(254), words(400)])
    assert np.array_equal(beyond[0], beyond[1])


def test_every_public_explanation_is_read_whole(embedder: Embedder, raim: list[Reference]) -> None:
    pieces = [len(embedder._model.tokenizer.tokenize(one.explanation)) + 2 for one in raim]
    assert sum(n > 128 for n in pieces) == 39
    assert max(pieces) <= embedder.max_seq_length


COMPANY = [words(7 + 13 * i, start=i) for i in range(10)]
OTHERS = [words(i + 1, start=5) for i in range(7)]


@pytest.mark.parametrize(
    ("count", "ask"),
    [
        (1, lambda embed: np.vstack([embed([text]) for text in COMPANY])),
        (3, lambda embed: embed(COMPANY[::-1])[::-1]),
        (2, lambda embed: embed([*OTHERS, *COMPANY])[len(OTHERS) :]),
    ],
    ids=["alone", "reversed", "among others"],
)
def test_exact_cosines_do_not_depend_on_company_order_or_threads(
    embedder: Embedder, count: int, ask: Callable[[Callable[[list[str]], np.ndarray]], np.ndarray]
) -> None:
    """Noise of 1e-8 would already move the sixth digit of some cosine; single precision has 1e-7."""
    usual = embedder(COMPANY, exact=True)
    with threads(count):
        rows = ask(partial(fresh(embedder), exact=True))
    assert np.abs(rows - usual).max() < 1e-8
    assert np.array_equal(cosines(rows), cosines(usual))


@pytest.mark.parametrize(("pieces", "count"), [(1, 1), (1024, 2), (100_000, 2)])
def test_usual_cosines_are_as_near_to_exact_ones_as_is_promised(
    embedder: Embedder, raim: list[Reference], monkeypatch: pytest.MonkeyPatch, pieces: int, count: int
) -> None:
    """Twice as near, that another processor has room; with some odd texts among the experts'."""
    texts = [*(one.explanation for one in raim), "", "!", "清晰", "a" * 5_000, words(400), "sharp " * 400]
    wide = embedder(texts, exact=True).astype(np.float64)
    monkeypatch.setitem(embedding.BATCH_PIECES, "cpu", pieces)
    with threads(count):
        rows = fresh(embedder)(texts).astype(np.float64)
    assert np.abs(rows @ rows.T - wide @ wide.T).max() < COSINE_ERROR / 2


def cosines(rows: np.ndarray) -> np.ndarray:
    """All cosines, rounded."""
    wide = rows.astype(np.float64)
    return np.round(wide @ wide.T, 6)


def test_each_distinct_text_is_computed_once(embedder: Embedder) -> None:
    mine = fresh(embedder)
    first = mine(["a", "b", "a"])
    assert (mine.texts_embedded, mine.cache_hits) == (2, 0)
    spent = mine.forward_seconds
    assert spent > 0
    again = mine(["b", "a"])
    assert (mine.texts_embedded, mine.cache_hits, mine.forward_seconds) == (2, 2, spent)
    assert np.array_equal(again, first[[1, 0]])
    assert np.array_equal(first[0], first[2])
    assert mine._exact is None
    mine(["a", "a"], exact=True)
    mine(["a"])
    mine(["a"], exact=True)
    assert (mine.texts_embedded, mine.cache_hits) == (3, 4)


def test_memory_is_bounded_and_forgets_the_longest_unused(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "CACHED_TEXTS", 2)
    mine = fresh(embedder)
    for text in ("a", "b", "a", "c", "a"):
        mine([text])
    assert mine.texts_embedded == 3
    mine(["b"])
    assert mine.texts_embedded == 4
    assert mine(["d", "e", "f"]).shape == (3, 384)


def test_threads_may_share_it(embedder: Embedder) -> None:
    mine = fresh(embedder)
    texts = [words(4, start=i) for i in range(13)]
    got: list[np.ndarray] = []
    running = [Thread(target=lambda: got.append(mine(texts))) for _ in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(got) == 4
    assert all(np.array_equal(rows, got[0]) for rows in got)
    assert (mine.texts_embedded, mine.cache_hits) == (13, 39)


def test_auto_is_cpu_where_there_is_no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert embedding.device_of("auto") == "cpu"
    with pytest.raises(ModelUnavailable, match="PyTorch sees no CUDA device") as caught:
        Embedder.load(device="cuda")
    assert "cpu" in caught.value.fix


@pytest.mark.parametrize(("wanted", "got"), [("auto", "cuda"), ("cuda", "cuda"), ("cpu", "cpu")])
def test_auto_is_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch, wanted: Device, got: str) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert embedding.device_of(wanted) == got


def test_a_copy_of_the_model_by_path_is_the_same_model(tmp_path: Path, embedder: Embedder) -> None:
    copy = Embedder.load(folder_with(tmp_path, {}), device="cpu")
    assert copy.model_hash == MODEL_HASH
    assert copy(["Image A is sharper."], exact=True) == pytest.approx(
        embedder(["Image A is sharper."], exact=True), abs=1e-8
    )


@pytest.mark.parametrize(
    ("replaced", "says"),
    [
        ({"model.safetensors": b"not weights"}, "cannot be loaded"),
        ({"model.safetensors": None}, "holds no weights"),
        ({"config.json": b"{"}, "cannot be loaded"),
        ({"modules.json": b'[{"idx": 0, "name": "0", "path": "", "type": "os.system"}]'}, "cannot be loaded"),
        ({"sentence_bert_config.json": b'{"max_seq_length": 128}'}, "reads 128 word pieces instead of 256"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_broken_model_by_path_is_told(tmp_path: Path, replaced: dict[str, bytes | None], says: str) -> None:
    with pytest.raises(ModelUnavailable, match=says) as caught:
        Embedder.load(folder_with(tmp_path, replaced), device="cpu")
    assert caught.value.fix


def test_packaged_weights_other_than_published_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray((PACKAGED / "model.safetensors").read_bytes())
    content[-1] ^= 1
    folder = folder_with(tmp_path, {"model.safetensors": bytes(content)})
    monkeypatch.setattr(embedding, "_packaged", lambda: folder)
    with pytest.raises(ModelUnavailable, match=r"are not those of all-MiniLM-L6-v2: SHA-256 .* instead of 53aa5117"):
        Embedder.load(device="cpu")


def test_several_weight_files_have_one_hash(tmp_path: Path) -> None:
    for name, content in (("1_Dense/model.safetensors", b"a"), ("model.safetensors", b"b")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    both = embedding.hash_of_weights(tmp_path)
    (tmp_path / "1_Dense/model.safetensors").write_bytes(b"c")
    assert len(both) == 64
    assert embedding.hash_of_weights(tmp_path) != both


def test_a_name_of_a_hub_is_not_a_path() -> None:
    with pytest.raises(ModelUnavailable, match="no model folder sentence-transformers/all-MiniLM-L6-v2") as caught:
        Embedder.load(Path("sentence-transformers/all-MiniLM-L6-v2"))
    assert "names of a hub are not taken" in caught.value.fix


@pytest.mark.parametrize("absent", ["torch", "sentence_transformers"])
def test_without_the_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ModelUnavailable) as caught:
        Embedder.load(device="cpu")
    assert "pip install 'palmares[models]'" in caught.value.fix


def test_without_the_models_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="all-MiniLM-L6-v2 is not installed") as caught:
        Embedder.load()
    assert "pip install 'palmares[models]'" in caught.value.fix


def test_a_device_that_gives_up_is_told(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(embedder._model, "encode", full)
    with pytest.raises(ModelUnavailable, match=r"failed on cpu: CUDA out of memory\.$"):
        fresh(embedder)(["a"])


def test_loading_prints_nothing_and_needs_no_network(tmp_path: Path) -> None:
    script = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from app.scoring.embedding import Embedder\n"
        "assert Embedder.load(device='cpu')(['Image A']).shape == (1, 384)\n"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


MANY = [*COMPANY, *OTHERS, *[words(3 + i % 9, start=i) for i in range(60)], "清晰", "", "é", "e\u0301"]


@pytest.mark.parametrize("pieces", [1, 100, 700, 100_000])
def test_exact_rows_are_the_same_bits_in_any_batch(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    usual = embedder(MANY, exact=True)
    monkeypatch.setitem(embedding.BATCH_PIECES, "cpu", pieces)
    assert fresh(embedder)(MANY[::-1], exact=True)[::-1].tobytes() == usual.tobytes()


def test_a_batch_holds_no_more_pieces_than_it_may_and_every_text_once(embedder: Embedder) -> None:
    texts = [*MANY, words(300)]
    batches = embedder._batches(texts)
    assert sorted(i for batch in batches for i in batch) == list(range(len(texts)))
    sizes = [[len(embedder._model.tokenizer(texts[i])["input_ids"]) for i in batch] for batch in batches]
    for batch in sizes:
        assert len(batch) == 1 or min(max(batch), 256) * len(batch) <= embedding.BATCH_PIECES["cpu"]
    assert len(batches) < len(texts) / 8


def test_rows_may_be_written_to(embedder: Embedder) -> None:
    rows = embedder(["a"])
    rows *= 0
    assert np.linalg.norm(embedder(["a"])) == pytest.approx(1, abs=1e-6)
