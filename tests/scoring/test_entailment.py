"""The NLI model through the real CrossEncoder: labels by name, the same bits in any company, only allowed folders."""

import random
from pathlib import Path

import numpy as np
import pytest

from app.scoring.embedding import ModelUnavailable
from app.scoring.entailment import JudgeNotConfigured, NliModel, inside
from tests.scoring.nli import make_nli

PAIRS = [
    ("the face is sharper in a", "the face is blurry in a"),
    ("background noise", "the background texture is finer in b than in a , and the hair is more sharper"),
    ("hair", "hair"),
    ("image a is sharper", "image b is sharper"),
    ("noise : left", "the right image is finer"),
] * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nli(tmp_path_factory.mktemp("nli") / "tiny")


@pytest.fixture(scope="module")
def model(folder: Path) -> NliModel:
    return NliModel.load(folder, "cpu")


def test_rows_are_probabilities_that_depend_on_the_pair(model: NliModel) -> None:
    rows = model(PAIRS)
    assert rows.shape == (10, 2)
    assert rows.dtype == np.float64
    assert ((rows > 0) & (rows.sum(axis=1, keepdims=True) < 1)).all()
    assert np.ptp(rows[:, 0]) > 1e-3
    assert model([]).shape == (0, 2)


def test_the_same_alone_batched_and_shuffled(model: NliModel) -> None:
    together = model(PAIRS)
    alone = np.concatenate([model([pair]) for pair in PAIRS])
    order = random.Random(3).sample(range(len(PAIRS)), len(PAIRS))
    shuffled = model([PAIRS[i] for i in order])
    assert np.abs(together - alone).max() < 1e-12
    assert np.abs(together[order] - shuffled).max() < 1e-12


def test_the_labels_are_read_and_not_guessed(tmp_path: Path, model: NliModel) -> None:
    # given the same weights under other names: what was neutral is now the contradiction
    other = NliModel.load(make_nli(tmp_path / "other", ("NEUTRAL", "Entailment", "Contradiction")), "cpu")

    # then
    here, there = model(PAIRS), other(PAIRS)
    assert other.model_hash == model.model_hash
    assert np.allclose(here[:, 0], there[:, 0], atol=1e-12)
    assert np.allclose(there[:, 1], 1 - here.sum(axis=1), atol=1e-12)


@pytest.mark.parametrize(
    "labels",
    [("LABEL_0", "LABEL_1", "LABEL_2"), ("entailment", "not_entailment"), ("entailment", "entail", "contradiction")],
)
def test_a_model_without_the_labels_is_refused(tmp_path: Path, labels: tuple[str, ...]) -> None:
    with pytest.raises(ModelUnavailable, match="is not an NLI model") as caught:
        NliModel.load(make_nli(tmp_path / "m", labels), "cpu")
    assert "id2label" in caught.value.fix


def test_pickled_weights_are_never_read(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="holds no weights"):
        NliModel.load(make_nli(tmp_path / "m", safe=False), "cpu")


def test_a_hubs_name_is_not_taken() -> None:
    with pytest.raises(ModelUnavailable, match="no model folder"):
        NliModel.load(Path("cross-encoder/nli-deberta-v3-base"), "cpu")


def test_a_broken_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        NliModel.load(tmp_path, "cpu")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret",
        "good/../../secret",
        "/etc",
        ".hidden",
        "good/..",
        "link",
        "bad",
        "missing",
        "a\\b",
        "a\0b",
    ],
)
def test_a_bundle_names_only_folders_inside_the_operators(tmp_path: Path, name: str) -> None:
    # given
    root, secret = tmp_path / "models", tmp_path / "secret"
    for place in (root / "good", root / "bad", root / ".hidden", secret):
        place.mkdir(parents=True)
    (secret / "config.json").write_text("{}")
    (root / "link").symlink_to(secret)
    (root / "bad" / "config.json").symlink_to(secret / "config.json")

    # then
    with pytest.raises(JudgeNotConfigured) as caught:
        inside(root, name)
    assert "PALMARES_JUDGE_MODELS_PATH" in caught.value.fix
    assert inside(root, "good") == (root / "good").resolve()


def test_without_the_operators_folder_nothing_is_allowed() -> None:
    with pytest.raises(JudgeNotConfigured, match="no judge models are allowed here"):
        inside(None, "good")
