"""From embedded texts and classes to a trained head: the validation split, the standardised start, early stopping, the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import f1_score
from torch import nn

from aicodelint.training.heads import HeadRecipe, HeadShape, TrainingState, Windows, build_head, diverged, fit_head, text_logits
from aicodelint.training.parameter_ranges import check_share
from aicodelint.training.threads import one_thread

TIE_BREAK = 1e-4
"""Of two epochs with the same macro-F1 the one with the lower loss is better."""
PREDICT_TEXTS = 4096


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """A head in evaluation mode on the CPU, what each epoch gave, and which texts it was validated on (their places, increasing)."""

    head: nn.Sequential
    history: list[dict[str, float]]
    best_epoch: int
    validation: npt.NDArray[np.int64]


def train_head(
    windows: Windows,
    y: npt.NDArray[np.int64],
    classes: int,
    *,
    shape: HeadShape,
    recipe: HeadRecipe,
    groups: Sequence[object] | None = None,
    validation_fraction: float = 0.1,
    device: str = "cpu",
    state: TrainingState | None = None,
    after_epoch: Callable[[TrainingState], None] | None = None,
) -> TrainedHead:
    """Train a head on embedded texts with classes ``y`` (shape (texts,), each from 0 to ``classes`` - 1).

    ``validation_fraction`` of the texts, by whole group where ``groups`` are given, decides which epoch is kept; 0 keeps the last. Raise
    ``ParameterError`` for a fraction that is none, and where the head's numbers leave the range of floats.
    """
    check_share("the validation fraction", validation_fraction)
    held = validation_split(y, groups, validation_fraction, recipe.seed)
    kept = np.setdiff1d(np.arange(windows.texts), held)
    train, validation = windows.of_texts(kept), windows.of_texts(held)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        head = build_head(windows.rows.shape[1], classes, shape)
    mean, spread = train.rows.mean(0), train.rows.std(0) + 1e-6
    head.to(device)
    train, validation = (replace(part, rows=_standardised(part.rows, mean, spread)) for part in (train, validation))

    def validate(candidate: nn.Module) -> dict[str, float]:
        return _validation_figures(text_logits(candidate, validation).cpu(), y[held])

    judge = validate if len(held) else None
    with one_thread():
        state = fit_head(head, train, y[kept], recipe, validate=judge, state=state, after_epoch=after_epoch, classes=classes)
    head.cpu()
    _fold_in(head, mean, spread)
    if not all(bool(torch.isfinite(tensor).all()) for tensor in head.state_dict().values()):
        raise diverged(recipe)
    return TrainedHead(head, state.history, state.best_epoch, held)


def validation_split(y: npt.NDArray[np.int64], groups: Sequence[object] | None, fraction: float, seed: int) -> npt.NDArray[np.int64]:
    """Return the places, increasing, of about ``fraction`` of the texts, by whole groups; every class keeps texts outside.

    Without groups the classes keep their shares. Empty where there is too little to hold out.
    """
    random = np.random.default_rng(seed)
    if fraction <= 0:
        return np.zeros(0, np.int64)
    if groups is None:
        parts = [random.permutation(np.flatnonzero(y == label)) for label in np.unique(y)]
        return np.sort(np.concatenate([part[: min(max(1, round(fraction * len(part))), len(part) - 1)] for part in parts])).astype(np.int64)
    _, number = np.unique(np.asarray([str(group) for group in groups]), return_inverse=True)
    left = np.bincount(y)
    held: list[npt.NDArray[np.int64]] = []
    wanted = fraction * len(y)
    for group in random.permutation(number.max() + 1):
        places = np.flatnonzero(number == group)
        remaining = left - np.bincount(y[places], minlength=len(left))
        if wanted > 0 and len(places) < 2 * wanted and bool((remaining[left > 0] > 0).all()):
            held.append(places)
            left = remaining
            wanted -= len(places)
    return np.sort(np.concatenate(held)) if held else np.zeros(0, np.int64)


def head_logits(head: nn.Module, windows: Windows) -> npt.NDArray[np.float32]:
    """Return the logits of each text, shape (texts, classes), some thousand texts at a time."""
    parts = []
    starts = np.searchsorted(windows.owner, np.arange(windows.texts + 1))
    with torch.inference_mode():
        for begin in range(0, windows.texts, PREDICT_TEXTS):
            end = min(begin + PREDICT_TEXTS, windows.texts)
            rows = slice(starts[begin], starts[end])
            part = Windows(np.array(windows.rows[rows], np.float32), np.array(windows.tokens[rows]), windows.owner[rows] - begin, end - begin)
            parts.append(text_logits(head, part).numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def softmax(logits: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the probabilities of logits, shape (n, classes), each row summing to 1."""
    exponents = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    return np.asarray(exponents / exponents.sum(1, keepdims=True))


def _validation_figures(logits: torch.Tensor, y: npt.NDArray[np.int64]) -> dict[str, float]:
    loss = float(nn.functional.cross_entropy(logits, torch.from_numpy(y)))
    macro_f1 = float(f1_score(y, logits.argmax(1).numpy(), average="macro", labels=np.unique(y), zero_division=0))
    return {"validation_loss": loss, "macro_f1": macro_f1, "score": macro_f1 - TIE_BREAK * min(loss, 100.0)}


def _standardised(rows: npt.NDArray[np.float32], mean: npt.NDArray[np.float32], spread: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray((rows - mean) / spread, np.float32)


def _fold_in(head: nn.Sequential, mean: npt.NDArray[np.float32], spread: npt.NDArray[np.float32]) -> None:
    """Make the head's first layer do the standardising, so that the head as it stands takes raw embeddings."""
    first = head[0]
    with torch.no_grad():
        weight = first.weight.double() / torch.from_numpy(spread).double()
        first.bias.copy_((first.bias.double() - weight @ torch.from_numpy(mean).double()).float())
        first.weight.copy_(weight.float())
