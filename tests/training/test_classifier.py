from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("transformers")

from sklearn.base import clone  # noqa: E402
from sklearn.model_selection import GroupKFold, cross_val_score  # noqa: E402

from aicodelint import FamilyClassifier  # noqa: E402
from aicodelint.errors import BundleError  # noqa: E402


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path / "user-cache"))


@pytest.fixture
def data(three_authors: list[tuple[str, str]]) -> tuple[list[str], list[str]]:
    return [code for code, _ in three_authors], [label for _, label in three_authors]


def _classifier(encoder: Path, cache: Path, **options: object) -> FamilyClassifier:
    return FamilyClassifier(encoder, cache_dir=cache, **{"max_epochs": 20, "learning_rate": 3e-3, **options})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embeddings")


def test_it_learns_families_and_leaves_human_rows_out(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    classifier = _classifier(tiny_encoder, cache).fit(code[:240], labels[:240])
    assert classifier.classes_.tolist() == ["alpha", "beta"]
    assert classifier.score(code[240:], labels[240:]) > 0.95
    assert set(classifier.predict(code[240:])) == {"alpha", "beta"}
    probabilities = classifier.predict_proba(code[240:])
    assert probabilities.shape == (60, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1)


def test_ids_of_the_research_task(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    ids = np.array([{"Human": 0, "alpha": 3, "beta": 10}[label] for label in labels])
    classifier = _classifier(tiny_encoder, cache).fit(code, ids)
    assert classifier.classes_.tolist() == [3, 10]
    assert classifier.predict(code[:3]).dtype.kind == "i"


def test_clone_and_cross_validation_with_groups(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    classifier = _classifier(tiny_encoder, cache, random_state=7)
    assert clone(classifier).get_params() == classifier.get_params()
    groups = np.arange(len(code)) // 30
    scores = cross_val_score(classifier, code, labels, groups=groups, cv=GroupKFold(3), params={"groups": groups})
    assert scores.shape == (3,)
    assert scores.min() > 0.9


def test_an_opened_encoder_is_shared_by_clones(tiny_encoder: Path) -> None:
    from aicodelint.training.text_encoder import open_text_encoder

    encoder = open_text_encoder(tiny_encoder)
    assert clone(FamilyClassifier(encoder)).encoder is encoder


def test_two_fits_give_the_same_bits(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    first = _classifier(tiny_encoder, cache, random_state=3).fit(code, labels).predict_proba(code)
    torch.rand(5)
    second = _classifier(tiny_encoder, cache, random_state=3).fit(code, labels).predict_proba(code)
    np.testing.assert_array_equal(first, second)
    other = _classifier(tiny_encoder, cache, random_state=4).fit(code, labels).predict_proba(code)
    assert not np.array_equal(first, other)


def test_the_global_random_state_is_left_alone(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    _classifier(tiny_encoder, cache, max_epochs=2).fit(*data)
    assert torch.equal(torch.rand(3), expected)


def test_early_stopping_stops_and_keeps_the_best_epoch(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]]) -> None:
    classifier = _classifier(tiny_encoder, cache, max_epochs=200, patience=2, validation_fraction=0.2).fit(*data)
    assert classifier.n_iter_ < 200
    assert classifier.n_iter_ == classifier.best_epoch_ + 2
    best = max(range(classifier.n_iter_), key=lambda epoch: classifier.history_[epoch]["score"])
    assert classifier.best_epoch_ == best + 1


@pytest.mark.parametrize(
    "options",
    [{"loss": "ldam"}, {"label_smoothing": 0.1}, {"layer_norm": True, "hidden_layers": 2}, {"class_weight": "sqrt"}, {"early_stopping": False}],
)
def test_options_train_too(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]], options: dict[str, object]) -> None:
    code, labels = data
    assert _classifier(tiny_encoder, cache, **options).fit(code, labels).score(code, labels) > 0.9


@pytest.mark.parametrize("suffix", ["head.safetensors", "deep/head"])
def test_saved_and_loaded_it_predicts_exactly_the_same(
    tiny_encoder: Path, cache: Path, tmp_path: Path, data: tuple[list[str], list[str]], suffix: str
) -> None:
    code, labels = data
    classifier = _classifier(tiny_encoder, cache).fit(code, labels)
    classifier.save(tmp_path / suffix)
    loaded = FamilyClassifier.load(tmp_path / suffix)
    np.testing.assert_array_equal(loaded.predict_proba(code), classifier.predict_proba(code))
    assert loaded.predict(code).tolist() == classifier.predict(code).tolist()
    assert loaded.get_params()["learning_rate"] == 3e-3


def test_labels_of_an_object_array_and_a_generator_as_random_state_are_saved(
    tiny_encoder: Path, cache: Path, tmp_path: Path, data: tuple[list[str], list[str]]
) -> None:
    code, labels = data
    options = {"max_epochs": np.int64(2), "hidden_size": np.int64(16), "random_state": np.random.RandomState(5)}
    classifier = _classifier(tiny_encoder, cache, **options).fit(code, np.array(labels, object))
    classifier.save(tmp_path / "head.safetensors")
    loaded = FamilyClassifier.load(tmp_path / "head.safetensors")
    assert loaded.predict(code).tolist() == classifier.predict(code).tolist()
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "head.safetensors").read_bytes()


@pytest.mark.parametrize("dtype", ["fp32", "int8"])
def test_a_fitted_classifier_survives_pickling(tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]], dtype: str) -> None:
    from aicodelint.training.text_encoder import open_text_encoder

    code, labels = data
    for encoder in (tiny_encoder, open_text_encoder(tiny_encoder, dtype=dtype)):
        classifier = FamilyClassifier(encoder, cache_dir=False, max_epochs=1, dtype=dtype).fit(code[:60], labels[:60])
        again = pickle.loads(pickle.dumps(classifier))  # noqa: S301
        np.testing.assert_array_equal(again.predict_proba(code[60:90]), classifier.predict_proba(code[60:90]))


def test_a_pickled_head_is_not_put_on_another_encoder(tiny_encoder: Path, tmp_path: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    mine = Path(shutil.copytree(tiny_encoder, tmp_path / "mine"))
    pickled = pickle.dumps(FamilyClassifier(mine, cache_dir=False, max_epochs=1).fit(code[:60], labels[:60]))
    _change_weights(mine)
    with pytest.raises(BundleError, match="trained on another encoder"):
        pickle.loads(pickled).predict(code[:3])  # noqa: S301


def test_a_loaded_classifier_can_be_fitted_on_another_encoder(tiny_encoder: Path, tmp_path: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    FamilyClassifier(tiny_encoder, cache_dir=False, max_epochs=1).fit(code[:60], labels[:60]).save(tmp_path / "head.safetensors")
    other = Path(shutil.copytree(tiny_encoder, tmp_path / "other"))
    _change_weights(other)
    loaded = FamilyClassifier.load(tmp_path / "head.safetensors", encoder=other).set_params(cache_dir=False)
    assert loaded.fit(code[:60], labels[:60]).predict(code[:3]).shape == (3,)


def _change_weights(directory: Path) -> None:
    weights = torch.load(directory / "pytorch_model.bin", weights_only=True)
    torch.save({name: tensor * 1.01 for name, tensor in weights.items()}, directory / "pytorch_model.bin")


@pytest.mark.parametrize(
    "options",
    [
        {"max_epochs": 0},
        {"batch_size": 0},
        {"hidden_size": 0},
        {"validation_fraction": 1.5},
        {"patience": -1},
        {"dtype": "fp8"},
        {"device": "tpu"},
        {"class_weight": None},
        {"loss": "hinge"},
        {"learning_rate": float("nan")},
        {"learning_rate": 1e30},
        {"random_state": 2**70},
        {"random_state": "today"},
    ],
)
def test_impossible_parameters_are_a_value_error(
    tiny_encoder: Path, cache: Path, data: tuple[list[str], list[str]], options: dict[str, object]
) -> None:
    with pytest.raises(ValueError) as caught:
        _classifier(tiny_encoder, cache, **options).fit(*data)
    assert "\n" not in str(caught.value)


def test_a_head_for_another_encoder_is_refused(tiny_encoder: Path, cache: Path, tmp_path: Path, data: tuple[list[str], list[str]]) -> None:
    code, labels = data
    _classifier(tiny_encoder, cache).fit(code, labels).save(tmp_path / "head.safetensors")
    other = Path(shutil.copytree(tiny_encoder, tmp_path / "other"))
    _change_weights(other)
    with pytest.raises(BundleError, match="trained on another encoder"):
        FamilyClassifier.load(tmp_path / "head.safetensors", encoder=other).predict(code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (None, "code strings are missing"),
        ([], "code is empty"),
        ("x = 1", "not one string"),
        (["x = 1", "  \n"], r"code\[1\] is empty"),
        (np.zeros((2, 36)), r"code\[0\] is ndarray, not a string: the encoder reads the source text itself, not features"),
        (["x = 1", None], r"code\[1\] is NoneType"),
    ],
)
def test_missing_or_empty_code_raises_value_error(tiny_encoder: Path, code: Sequence[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FamilyClassifier(tiny_encoder).fit(code, [1, 2])


def test_bad_labels_and_groups(tiny_encoder: Path) -> None:
    with pytest.raises(ValueError, match="one label each"):
        FamilyClassifier(tiny_encoder).fit(["a", "b"], [1])
    with pytest.raises(ValueError, match="at least two families"):
        FamilyClassifier(tiny_encoder).fit(["a", "b"], [0, 1])
    with pytest.raises(ValueError, match="one group each"):
        FamilyClassifier(tiny_encoder).fit(["a", "b"], [1, 2], groups=[1])


def test_unfitted(tiny_encoder: Path) -> None:
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        FamilyClassifier(tiny_encoder).predict(["x"])


def _research_checkpoint(classes: int = 10) -> dict[str, object]:
    head = torch.nn.Sequential(torch.nn.Linear(32, 256), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(256, classes))
    return {"classifier_state_dict": head.state_dict(), "hyperparameters": {"model_name": "Salesforce/codet5p-220m", "max_epochs": 10, "patience": 3}}


def test_a_research_checkpoint_loads(tiny_encoder: Path, tmp_path: Path) -> None:
    checkpoint = _research_checkpoint()
    torch.save(checkpoint, tmp_path / "old.pth")
    loaded = FamilyClassifier.load(tmp_path / "old.pth", encoder=tiny_encoder)
    assert loaded.classes_.tolist() == list(range(1, 11))
    assert FamilyClassifier.load(tmp_path / "old.pth").encoder == "Salesforce/codet5p-220m"
    loaded.cache_dir = False
    embedded = loaded._embed(["x = 1\n"])
    head = torch.nn.Sequential(torch.nn.Linear(32, 256), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(256, 10)).eval()
    head.load_state_dict(checkpoint["classifier_state_dict"])
    with torch.inference_mode():
        np.testing.assert_allclose(loaded.decision_function(["x = 1\n"]), head(torch.from_numpy(embedded.rows)).numpy(), rtol=1e-5)


class _Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('code ran')",))


@pytest.mark.parametrize("what", ["malicious", "truncated", "shape", "no head"])
def test_bad_research_checkpoints_are_refused_in_one_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / "old.pth"
    checkpoint = _research_checkpoint()
    if what == "malicious":
        checkpoint["more"] = _Malicious()
    elif what == "shape":
        checkpoint["classifier_state_dict"]["3.weight"] = torch.zeros(10, 100)  # type: ignore[index]
    elif what == "no head":
        checkpoint = {"epoch": 3}
    torch.save(checkpoint, path)
    if what == "truncated":
        path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(BundleError) as caught:
        FamilyClassifier.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("what", ["truncated", "shape", "classes", "foreign", "absent"])
def test_bad_heads_are_refused_in_one_line(tiny_encoder: Path, cache: Path, tmp_path: Path, data: tuple[list[str], list[str]], what: str) -> None:
    from safetensors.torch import load_file, save_file

    path = tmp_path / "head.safetensors"
    classifier = _classifier(tiny_encoder, cache, max_epochs=1).fit(*data)
    classifier.save(path)
    tensors = load_file(str(path))
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])["__metadata__"]
    if what == "truncated":
        path.write_bytes(path.read_bytes()[:-5])
    elif what == "shape":
        save_file(tensors | {"3.weight": torch.zeros(2, 77)}, str(path), header)
    elif what == "classes":
        description = json.loads(header["aicodelint"]) | {"classes": ["a", "b", "c"]}
        save_file(tensors, str(path), {"aicodelint": json.dumps(description)})
    elif what == "foreign":
        save_file(tensors, str(path))
    else:
        path.unlink()
    with pytest.raises(BundleError) as caught:
        FamilyClassifier.load(path)
    assert "\n" not in str(caught.value)
