"""The family side of a user's bundle: the head, the temperature of its probabilities, and from which confidence on a family is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aicodelint.training.head_training import TrainedHead, softmax, train_head
from aicodelint.training.heads import HeadRecipe, HeadShape, TrainingState, Windows
from aicodelint.training.out_of_fold import head_out_of_fold

PRECISION = 0.8
TEMPERATURES = np.geomspace(0.25, 8.0, 61)


@dataclass(frozen=True, slots=True)
class FamilySide:
    """``probabilities`` are those of each AI text by heads that had not seen it, shape (n, families); NaN where none could be trained."""

    trained: TrainedHead
    temperature: float
    threshold: float
    probabilities: npt.NDArray[np.float64]


def fit_family_side(
    windows: Windows,
    family: npt.NDArray[np.int64],
    families: int,
    folds: npt.NDArray[np.int64],
    groups: list[str] | None,
    *,
    shape: HeadShape,
    recipe: HeadRecipe,
    validation_fraction: float,
    device: str = "cpu",
    state: TrainingState | None = None,
    after_epoch: Callable[[TrainingState], None] | None = None,
) -> FamilySide:
    """Train the family head on all AI texts, and calibrate it on what heads that had not seen them say of the folds."""
    trained = train_head(
        windows,
        family,
        families,
        shape=shape,
        recipe=recipe,
        groups=groups,
        validation_fraction=validation_fraction,
        device=device,
        state=state,
        after_epoch=after_epoch,
    )
    logits = head_out_of_fold(
        windows, family, families, folds, shape=shape, recipe=recipe, groups=groups, validation_fraction=validation_fraction, device=device
    )
    judged = ~np.isnan(logits).any(1)
    if not judged.any():
        return FamilySide(trained, 1.0, 0.5, np.full(logits.shape, np.nan))
    temperature = _temperature(logits[judged], family[judged])
    probabilities = np.full(logits.shape, np.nan)
    probabilities[judged] = softmax(logits[judged] / temperature)
    return FamilySide(trained, temperature, _threshold(probabilities[judged], family[judged]), probabilities)


def _temperature(logits: npt.NDArray[np.float64], family: npt.NDArray[np.int64]) -> float:
    """Return the temperature at which the truth is likeliest, granted that of each class one text more was wrong (few rows prove little)."""
    classes = logits.shape[1]
    doubt = 1 / (len(family) / classes + 2)
    truth = np.full(logits.shape, doubt / (classes - 1))
    truth[np.arange(len(family)), family] = 1 - doubt
    losses = [-(truth * np.log(softmax(logits / value) + 1e-12)).sum(1).mean() for value in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 4)


def _threshold(probabilities: npt.NDArray[np.float64], family: npt.NDArray[np.int64]) -> float:
    """Return the lowest confidence from which on the named family is right as often as promised; 1 where there is none.

    Never above the promise itself: that is what a calibrated probability means, and few rows cannot show where the line is.
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == family
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    if not len(enough):
        return 1.0
    return min(PRECISION, float(np.floor(confidence[order[enough[-1]]] * 1e4) / 1e4))
