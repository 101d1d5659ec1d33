"""The six checks of the research system, at the true shape of codet5p-220m with the real tokenizer and random weights."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("sklearn")

from aicodelint import FamilyClassifier  # noqa: E402
from aicodelint.detection.bundle import Bundle  # noqa: E402
from aicodelint.detection.open_detector import open_detector  # noqa: E402
from aicodelint.finding import Snippet  # noqa: E402
from aicodelint.rules import TEN_FAMILIES as FAMILIES  # noqa: E402
from aicodelint.training.heads import HeadRecipe  # noqa: E402
from aicodelint.training.int8_encoder import cosines  # noqa: E402
from aicodelint.training.tables import Sample  # noqa: E402
from aicodelint.training.text_encoder import OnnxTextEncoder, TorchTextEncoder, open_text_encoder  # noqa: E402
from aicodelint.training.train_run import run_training  # noqa: E402
from aicodelint.training.user_bundle import TrainingPlan, labelled_rows  # noqa: E402

ROWS = 24


@pytest.fixture(scope="module")
def encoder(codet5p_220m: Path) -> TorchTextEncoder:
    opened = open_text_encoder(codet5p_220m, device="cpu", dtype="fp32")
    assert isinstance(opened, TorchTextEncoder)
    return opened


@pytest.fixture(scope="module")
def code(three_authors: list[tuple[str, str]]) -> list[str]:
    return [text for text, label in three_authors if label != "Human"][:ROWS]


@pytest.fixture(scope="module")
def classifier(encoder: TorchTextEncoder, code: list[str], tmp_path_factory: pytest.TempPathFactory) -> FamilyClassifier:
    """Trained on rows of all ten families, so that the head is the published one; ids 1 and 2 tell the two kinds of text apart."""
    y = [1 + number % 2 for number in range(ROWS)]
    y[-8:] = [3, 4, 5, 6, 7, 8, 9, 10]
    return FamilyClassifier(encoder, max_epochs=40, cache_dir=tmp_path_factory.mktemp("cache"), early_stopping=False).fit(code, y)


def test_1_it_loads_from_the_hub_s_file_layout_in_seconds(codet5p_220m: Path) -> None:
    started = time.monotonic()
    opened = open_text_encoder(codet5p_220m, device="cpu", dtype="fp32")
    assert opened.dimension == 768
    assert time.monotonic() - started < 60


def test_2_the_encoder_is_frozen_and_has_109_607_040_parameters(encoder: TorchTextEncoder) -> None:
    parameters = list(encoder.encoder.model.parameters())
    assert sum(parameter.numel() for parameter in parameters) == 109_607_040
    assert not any(parameter.requires_grad for parameter in parameters)


def test_3_the_head_is_trainable_and_has_199_434_parameters(classifier: FamilyClassifier) -> None:
    parameters = list(classifier.head_.parameters())
    assert sum(parameter.numel() for parameter in parameters) == 199_434
    assert all(parameter.requires_grad for parameter in parameters)


def test_4_it_trains(classifier: FamilyClassifier, encoder: TorchTextEncoder) -> None:
    assert classifier.history_[-1]["loss"] < 0.7 * classifier.history_[0]["loss"]
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in encoder.encoder.model.parameters())


def test_5_it_predicts(classifier: FamilyClassifier, code: list[str]) -> None:
    probabilities = classifier.predict_proba(code)
    assert probabilities.shape == (ROWS, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    assert (classifier.predict(code[:16]) == [1 + number % 2 for number in range(16)]).mean() > 0.8


def test_6_the_checkpoint_is_under_a_megabyte_and_restores_the_same_predictions(
    classifier: FamilyClassifier, encoder: TorchTextEncoder, code: list[str], tmp_path: Path
) -> None:
    classifier.save(tmp_path / "head.safetensors")
    assert 0.7e6 < (tmp_path / "head.safetensors").stat().st_size < 1e6
    loaded = FamilyClassifier.load(tmp_path / "head.safetensors", encoder=encoder)
    loaded.cache_dir = classifier.cache_dir
    np.testing.assert_array_equal(loaded.predict_proba(code), classifier.predict_proba(code))


def test_a_bundle_on_it_stays_under_a_megabyte_and_judges(encoder: TorchTextEncoder, three_authors: list[tuple[str, str]], tmp_path: Path) -> None:
    rows = [(code, label if label == "Human" else FAMILIES[number % 10]) for number, (code, label) in enumerate(three_authors[:45])]
    data = labelled_rows([Sample(str(number), code, label) for number, (code, label) in enumerate(rows)], None, None)
    plan = TrainingPlan(recipe=HeadRecipe(max_epochs=2))
    run_training(data, encoder, plan, tmp_path / "mine", cache=tmp_path / "cache")
    bundle = Bundle.open(tmp_path / "mine")
    assert len(bundle.model.families) == 10
    assert sum((bundle.path / name).stat().st_size for name in [*bundle.files, "bundle.json"]) < 1_000_000
    verdicts = open_detector(bundle).judge([Snippet(code, None) for code, _ in rows[:3]])
    assert all(len(verdict.families) == 10 for verdict in verdicts if verdict.families is not None)


def test_on_a_cpu_it_is_made_int8_once_and_stays_the_same_encoder(
    codet5p_220m: Path, encoder: TorchTextEncoder, code: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AICODELINT_CACHE_DIR", str(tmp_path))
    said: list[str] = []
    opened = open_text_encoder(codet5p_220m, device="cpu", say=said.append)
    assert isinstance(opened, OnnxTextEncoder)
    assert "making the encoder int8, once" in said[0]
    assert "cosine of 0.99" in said[1]
    assert opened.identity == encoder.identity
    windows = [window for found in encoder.windows(code[:6]) for window in found]
    assert np.median(cosines(opened.encode(windows), encoder.encode(windows))) > 0.999
    said.clear()
    again = open_text_encoder(codet5p_220m, device="cpu", say=said.append)
    assert again.fingerprint == opened.fingerprint
    assert len(said) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_it_runs_on_the_gpu_and_agrees_with_the_cpu(codet5p_220m: Path, encoder: TorchTextEncoder, code: list[str]) -> None:
    on_gpu = open_text_encoder(codet5p_220m, device="cuda")
    assert isinstance(on_gpu, TorchTextEncoder)
    assert all(parameter.is_cuda for parameter in on_gpu.encoder.model.parameters())
    windows = [window for found in encoder.windows(code) for window in found]
    np.testing.assert_allclose(on_gpu.encode(windows), encoder.encode(windows), atol=0.05)


def test_windows_are_those_of_the_real_tokenizer(encoder: TorchTextEncoder) -> None:
    text = "def f(x):\n    return x  \n\n\n<s> \u00e9\n\ty\n" * 60
    windows = encoder.windows([text])[0]
    assert len(windows) > 1
    assert max(len(window) for window in windows) <= 510
    flat = [int(token) for window in windows for token in window]
    assert not {0, 1, 2, 3, 4} & set(flat)
    assert encoder.encoder.tokenizer.tokenizer.decode(flat).strip() == text.strip()
