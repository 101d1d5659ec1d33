"""A classification head on embeddings, on torch: as published Linear(d, 256), ReLU, Dropout(0.3), Linear(256, n)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from aicodelint.errors import ParameterError
from aicodelint.training.parameter_ranges import LARGEST_SEED, check_choice, check_finite, check_share, check_whole

CLASS_WEIGHTS = ("balanced", "sqrt", "none")
LOSSES = ("cross-entropy", "ldam")
LDAM_LARGEST_MARGIN = 0.5
LDAM_SCALE = 10.0
WIDEST, DEEPEST = 65536, 8


@dataclass(frozen=True, slots=True)
class HeadShape:
    """What a head looks like: ``depth`` hidden layers of ``width``, each Linear (LayerNorm) ReLU Dropout, and a Linear to the classes.

    Raise ``ParameterError`` for values that no head can have.
    """

    width: int = 256
    depth: int = 1
    dropout: float = 0.3
    layer_norm: bool = False

    def __post_init__(self) -> None:
        check_whole("the width of hidden layers", self.width, 1, WIDEST)
        check_whole("the number of hidden layers", self.depth, 0, DEEPEST)
        check_share("dropout", self.dropout)


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """How a head is trained. ``patience`` is in epochs without a better validation score; 0 never stops early. ``warmup`` is a share of the steps.

    Raise ``ParameterError`` for values that no training can have.
    """

    max_epochs: int = 10
    learning_rate: float = 2e-4
    batch_size: int = 16
    weight_decay: float = 0.01
    warmup: float = 0.1
    loss: str = "cross-entropy"
    label_smoothing: float = 0.0
    class_weight: str = "balanced"
    patience: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("max_epochs", self.max_epochs, 1)
        check_finite("the learning rate", self.learning_rate)
        check_whole("the batch size", self.batch_size, 1)
        check_finite("weight decay", self.weight_decay, with_zero=True)
        check_share("warmup", self.warmup, with_one=True)
        check_choice("loss", self.loss, LOSSES)
        check_share("label smoothing", self.label_smoothing, with_one=True)
        check_choice("class weight", self.class_weight, CLASS_WEIGHTS)
        check_whole("patience", self.patience, 0)
        check_whole("the seed", self.seed, 0, LARGEST_SEED)


@dataclass(frozen=True, slots=True)
class Windows:
    """Embedded texts as a head sees them: one row a window.

    ``rows`` has shape (windows, d); ``tokens`` is the length of each window and ``owner`` its text, shape (windows,), increasing from 0;
    ``texts`` is their number.
    """

    rows: npt.NDArray[np.float32]
    tokens: npt.NDArray[np.float32]
    owner: npt.NDArray[np.int64]
    texts: int

    def of_texts(self, places: npt.NDArray[np.int64]) -> Windows:
        """Return the windows of the texts at ``places`` (increasing), whose numbers become 0, 1, …"""
        number = np.full(self.texts, -1, np.int64)
        number[places] = np.arange(len(places))
        kept = number[self.owner] >= 0
        return Windows(np.asarray(self.rows[kept], np.float32), np.asarray(self.tokens[kept]), number[self.owner][kept], len(places))


@dataclass(slots=True)
class TrainingState:
    """Where a training stands after an epoch: all that is needed to go on from there as if it had never stopped."""

    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    history: list[dict[str, float]] = field(default_factory=list)
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    optimizer: dict[str, object] = field(default_factory=dict)
    random: dict[str, torch.Tensor] = field(default_factory=dict)


def build_head(dimension: int, classes: int, shape: HeadShape | None = None) -> nn.Sequential:
    """Return an untrained head from embeddings of width ``dimension`` to logits of ``classes`` classes."""
    shape = shape or HeadShape()
    layers: list[nn.Module] = []
    width = dimension
    for _ in range(shape.depth):
        layers.append(nn.Linear(width, shape.width))
        if shape.layer_norm:
            layers.append(nn.LayerNorm(shape.width))
        layers += [nn.ReLU(), nn.Dropout(shape.dropout)]
        width = shape.width
    return nn.Sequential(*layers, nn.Linear(width, classes))


def text_logits(head: nn.Module, windows: Windows) -> torch.Tensor:
    """Return the mean of the logits of each text's windows, weighted by their tokens as a scan does, shape (texts, classes)."""
    device = next(head.parameters()).device
    logits = head(torch.from_numpy(windows.rows).to(device))
    owner, tokens = torch.from_numpy(windows.owner).to(device), torch.from_numpy(windows.tokens).to(device)
    total = torch.zeros(windows.texts, logits.shape[1], device=device).index_add_(0, owner, logits * tokens[:, None])
    count = torch.zeros(windows.texts, device=device).index_add_(0, owner, tokens)
    return total / count.clamp(min=1)[:, None]


def class_weights(y: npt.NDArray[np.int64], classes: int, kind: str) -> npt.NDArray[np.float32]:
    """Return a weight a class, mean 1 over the samples: ∝ 1/n (``balanced``), ∝ 1/√n (``sqrt``), or all alike (``none``); shape (classes,)."""
    counts = np.bincount(y, minlength=classes).astype(np.float64)
    power = {"balanced": 1.0, "sqrt": 0.5, "none": 0.0}[kind]
    weights = np.where(counts > 0, np.maximum(counts, 1) ** -power, 0.0)
    return np.asarray(weights * counts.sum() / max(float((weights * counts).sum()), 1e-12), np.float32)


def loss_function(
    y: npt.NDArray[np.int64], classes: int, recipe: HeadRecipe, device: torch.device
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the loss a text, shape (texts,), of logits and classes: cross-entropy or LDAM (margins ∝ n^-1/4), smoothed and weighted."""
    weights = torch.from_numpy(class_weights(y, classes, recipe.class_weight)).to(device)
    cross_entropy = nn.CrossEntropyLoss(reduction="none", label_smoothing=recipe.label_smoothing)
    margins = torch.from_numpy(np.maximum(np.bincount(y, minlength=classes), 1).astype(np.float32) ** -0.25).to(device)
    margins = margins * (LDAM_LARGEST_MARGIN / margins.max())

    def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if recipe.loss == "ldam":
            taken = nn.functional.one_hot(target, classes).to(logits.dtype) * margins
            logits = LDAM_SCALE * (logits - taken)
        weighted: torch.Tensor = cross_entropy(logits, target) * weights[target]
        return weighted

    return loss


def fit_head(
    head: nn.Module,
    train: Windows,
    y: npt.NDArray[np.int64],
    recipe: HeadRecipe,
    *,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    state: TrainingState | None = None,
    after_epoch: Callable[[TrainingState], None] | None = None,
    classes: int | None = None,
) -> TrainingState:
    """Train ``head`` in place on the texts of ``train`` with classes ``y`` (shape (texts,)), AdamW with warm-up, and keep its best epoch.

    ``validate`` returns figures of the head, of which ``score`` decides what is best; without it the last epoch stands. ``state`` goes on from
    where an earlier call stopped: ``after_epoch`` is given it after each epoch. The result depends on the seed and the machine alone.
    Raise ``ParameterError`` where the loss is no longer a finite number.
    """
    state = state or TrainingState()
    device = next(head.parameters()).device
    classes = classes or int(y.max()) + 1
    loss_of = loss_function(y, classes, recipe, device)
    steps = -(-train.texts // recipe.batch_size) * recipe.max_epochs
    optimizer = torch.optim.AdamW(head.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(recipe.seed)
        if state.epoch:
            head.load_state_dict(state.weights)
            optimizer.load_state_dict(state.optimizer)
            torch.set_rng_state(state.random["cpu"])
        while state.epoch < recipe.max_epochs and not _is_stale(state, recipe):
            loss = _run_epoch(head, train, y, recipe, loss_of=loss_of, optimizer=optimizer, epoch=state.epoch, steps=steps)
            figures = {"epoch": float(state.epoch + 1), "loss": loss} | (_figures(head, validate) if validate else {})
            state.history.append(figures)
            state.epoch += 1
            score = figures.get("score", float(state.epoch))
            if not (math.isfinite(loss) and math.isfinite(score)):
                raise diverged(recipe)
            if score > state.best_score:
                state.best_score, state.best_epoch, state.best_weights = score, state.epoch, _copied(head)
            state.weights, state.optimizer, state.random = _copied(head), optimizer.state_dict(), {"cpu": torch.get_rng_state()}
            if after_epoch is not None:
                after_epoch(state)
    head.load_state_dict(state.best_weights)
    head.eval()
    return state


def diverged(recipe: HeadRecipe) -> ParameterError:
    """Return the error for a head whose numbers have left the range of floats."""
    return ParameterError(
        f"the head's training diverged at learning rate {recipe.learning_rate:g} and weight decay {recipe.weight_decay:g}: lower them"
    )


def _run_epoch(
    head: nn.Module,
    train: Windows,
    y: npt.NDArray[np.int64],
    recipe: HeadRecipe,
    *,
    loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epoch: int,
    steps: int,
) -> float:
    """Train one epoch and return the mean loss a text."""
    head.train()
    starts = np.searchsorted(train.owner, np.arange(train.texts + 1))
    order = np.random.default_rng((recipe.seed, epoch)).permutation(train.texts)
    device = next(head.parameters()).device
    total = 0.0
    for number, begin in enumerate(range(0, train.texts, recipe.batch_size)):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(epoch * -(-train.texts // recipe.batch_size) + number, steps, recipe.warmup)
        places = order[begin : begin + recipe.batch_size]
        windows = _gather(train, starts, places)
        target = torch.from_numpy(y[places]).to(device)
        loss = loss_of(text_logits(head, windows), target).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += float(loss.detach()) * len(places)
    return total / max(train.texts, 1)


def _gather(train: Windows, starts: npt.NDArray[np.int64], places: Sequence[int] | npt.NDArray[np.int64]) -> Windows:
    ranges = [np.arange(starts[place], starts[place + 1]) for place in places]
    owner = np.repeat(np.arange(len(ranges)), [len(found) for found in ranges])
    rows = np.concatenate(ranges)
    return Windows(np.asarray(train.rows[rows], np.float32), np.asarray(train.tokens[rows]), owner, len(ranges))


def _schedule(step: int, steps: int, warmup: float) -> float:
    """Return the share of the learning rate at ``step``: a linear rise over the warm-up, then a cosine to zero."""
    rise = max(1, int(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + float(np.cos(np.pi * (step - rise) / max(1, steps - rise))))


def _figures(head: nn.Module, validate: Callable[[nn.Module], dict[str, float]]) -> dict[str, float]:
    head.eval()
    with torch.inference_mode():
        return validate(head)


def _is_stale(state: TrainingState, recipe: HeadRecipe) -> bool:
    return recipe.patience > 0 and state.epoch - state.best_epoch >= recipe.patience


def _copied(head: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in head.state_dict().items()}
