from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from aicodelint.errors import ParameterError  # noqa: E402
from aicodelint.training.head_training import head_logits, train_head, validation_split  # noqa: E402
from aicodelint.training.heads import HeadRecipe, HeadShape, TrainingState, Windows, build_head, class_weights, fit_head, loss_function  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _windows(texts: int = 90, dimension: int = 8, seed: int = 0) -> tuple[Windows, np.ndarray]:
    """Texts of one to three windows of three classes that a head can tell apart, far from zero mean."""
    random = np.random.default_rng(seed)
    y = np.arange(texts) % 3
    owner = np.repeat(np.arange(texts), random.integers(1, 4, texts))
    rows = random.standard_normal((len(owner), dimension)) + 50
    rows[:, :3] += 2 * np.eye(3)[y[owner]]
    return Windows(rows.astype(np.float32), random.integers(1, 500, len(owner)).astype(np.float32), owner, texts), y.astype(np.int64)


def test_the_published_head_has_199434_parameters() -> None:
    head = build_head(768, 10)
    assert [type(layer).__name__ for layer in head] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert sum(parameter.numel() for parameter in head.parameters()) == 199_434
    assert head[2].p == 0.3


def test_options_of_the_shape() -> None:
    head = build_head(16, 3, HeadShape(width=5, depth=2, dropout=0.1, layer_norm=True))
    assert [type(layer).__name__ for layer in head] == ["Linear", "LayerNorm", "ReLU", "Dropout"] * 2 + ["Linear"]


def test_logits_of_a_text_are_the_mean_over_its_windows_weighted_by_tokens() -> None:
    windows, _ = _windows()
    head = build_head(8, 3).eval()
    found = head_logits(head, windows)
    with torch.inference_mode():
        each = head(torch.from_numpy(windows.rows)).numpy()
    expected = np.stack([np.average(each[windows.owner == text], 0, windows.tokens[windows.owner == text]) for text in range(windows.texts)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_subset_of_texts() -> None:
    windows, _ = _windows(5)
    some = windows.of_texts(np.array([1, 4]))
    assert some.texts == 2
    np.testing.assert_array_equal(some.rows[some.owner == 1], windows.rows[windows.owner == 4])


@pytest.mark.parametrize(("kind", "ratio"), [("balanced", 4.0), ("sqrt", 2.0), ("none", 1.0)])
def test_class_weights(kind: str, ratio: float) -> None:
    y = np.array([0] * 80 + [1] * 20)
    weights = class_weights(y, 3, kind)
    assert weights[1] / weights[0] == pytest.approx(ratio)
    assert weights[y].mean() == pytest.approx(1)
    assert weights[2] == (1 if kind == "none" else 0) or kind == "none"


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        (HeadRecipe, {"class_weight": "odd"}, "unknown class weight 'odd': choose one of balanced, sqrt, none"),
        (HeadRecipe, {"class_weight": None}, "unknown class weight None"),
        (HeadRecipe, {"loss": "hinge"}, "unknown loss 'hinge'"),
        *((HeadRecipe, {"learning_rate": value}, "the learning rate must be finite and above 0") for value in (math.nan, math.inf, 0.0, "fast")),
        *((HeadRecipe, {"weight_decay": value}, "weight decay must be finite") for value in (math.nan, math.inf, -1.0)),
        *((HeadRecipe, {"seed": value}, "the seed must be a whole number") for value in (-1, 2**64, 1.5)),
        *((HeadRecipe, {"max_epochs": value}, "max_epochs must be a whole number") for value in (0, 10**400)),
        (HeadRecipe, {"batch_size": 0}, "the batch size must be"),
        (HeadRecipe, {"patience": -1}, "patience must be"),
        (HeadRecipe, {"warmup": math.nan}, "warmup must be from 0 to 1"),
        (HeadRecipe, {"label_smoothing": 1.1}, "label smoothing must be from 0 to 1"),
        (HeadShape, {"width": 0}, "the width of hidden layers must be"),
        (HeadShape, {"depth": 10**9}, "the number of hidden layers must be"),
        *((HeadShape, {"dropout": value}, "dropout must be at least 0 and below 1") for value in (math.nan, 1.0, -0.1, True)),
    ],
)
def test_impossible_parameters_are_refused(kind: Callable[..., object], values: dict[str, object], says: str) -> None:
    with pytest.raises(ParameterError, match=says) as caught:
        kind(**values)
    assert isinstance(caught.value, ValueError)


def test_numbers_of_numpy_are_numbers() -> None:
    assert HeadRecipe(max_epochs=np.int64(3), learning_rate=np.float32(0.1), seed=np.uint32(2**32 - 1)).max_epochs == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("fraction", [1.5, -0.1, math.nan])
def test_a_validation_fraction_is_a_share(fraction: float) -> None:
    windows, y = _windows(30)
    with pytest.raises(ParameterError, match="the validation fraction must be"):
        train_head(windows, y, 3, shape=HeadShape(8), recipe=HeadRecipe(), validation_fraction=fraction)


@pytest.mark.parametrize("fraction", [0.0, 0.2])
@pytest.mark.parametrize("change", [{"learning_rate": 1e30}, {"weight_decay": 1e30}])
def test_a_head_that_leaves_the_range_of_floats_is_told_in_a_line(change: dict[str, float], fraction: float) -> None:
    windows, y = _windows(60)
    with pytest.raises(ParameterError, match="training diverged at learning rate"):
        train_head(windows, y, 3, shape=HeadShape(8), recipe=HeadRecipe(**change), validation_fraction=fraction)  # type: ignore[arg-type]


def test_ldam_asks_more_of_the_rare_class() -> None:
    y = np.array([0] * 90 + [1] * 10)
    loss = loss_function(y, 2, HeadRecipe(loss="ldam", class_weight="none"), torch.device("cpu"))
    of_common, of_rare = loss(torch.tensor([[0.2, 0.0], [0.0, 0.2]]), torch.tensor([0, 1]))
    assert of_rare > of_common


def test_training_learns_and_the_folded_head_takes_raw_embeddings() -> None:
    windows, y = _windows(300)
    trained = train_head(windows, y, 3, shape=HeadShape(32), recipe=HeadRecipe(max_epochs=20, learning_rate=3e-3))
    held = trained.validation
    assert 0 < len(held) < 60
    assert (head_logits(trained.head, windows).argmax(1) == y)[held].mean() > 0.8
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]


def test_training_resumed_after_an_epoch_ends_with_the_same_bits() -> None:
    windows, y = _windows()
    recipe = HeadRecipe(max_epochs=6, learning_rate=1e-3, patience=0, seed=5)

    def new_head() -> torch.nn.Sequential:
        torch.manual_seed(0)
        return build_head(8, 3)

    whole = new_head()
    fit_head(whole, windows, y, recipe)
    broken, kept = new_head(), TrainingState()

    def stop(state: TrainingState) -> None:
        if state.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_head(broken, windows, y, recipe, state=kept, after_epoch=stop)
    resumed = new_head()
    state = fit_head(resumed, windows, y, recipe, state=kept)
    assert state.epoch == 6
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_validation_keeps_groups_whole() -> None:
    y = np.arange(200) % 4
    groups = np.arange(200) // 10
    held = validation_split(y, groups, 0.2, 0)
    assert 20 <= len(held) <= 60
    assert not set(groups[held]) & set(np.delete(groups, held))


def test_validation_never_takes_all_of_a_class() -> None:
    y = np.array([0] * 10 + [1] * 10)
    assert set(y[validation_split(y, ["a"] * 10 + ["b"] * 10, 0.5, 0)]) == set()
    held = validation_split(np.array([0, 1, 1, 1]), None, 0.9, 0)
    assert 0 not in held.tolist()
    assert len(validation_split(y, None, 0.0, 0)) == 0


def test_validation_without_groups_keeps_the_shares() -> None:
    y = np.array([0] * 100 + [1] * 20)
    assert np.bincount(y[validation_split(y, None, 0.1, 0)]).tolist() == [10, 2]
