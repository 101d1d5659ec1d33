"""What models say of texts that they have not seen: every text is judged by models trained on the other folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aicodelint.training.head_training import head_logits, train_head
from aicodelint.training.heads import HeadRecipe, HeadShape, Windows

FOLDS = 5


def assign_folds(y: npt.NDArray[np.int64], groups: Sequence[str] | None, seed: int, folds: int = FOLDS) -> npt.NDArray[np.int64]:
    """Return the fold of each text, shape (n,): whole groups where there are any, else each class spread evenly.

    There are fewer folds where there are fewer groups; a single fold means that nothing can be held out.
    """
    random = np.random.default_rng(seed)
    found = np.zeros(len(y), np.int64)
    if groups is None:
        for label in np.unique(y):
            places = random.permutation(np.flatnonzero(y == label))
            found[places] = (np.arange(len(places)) + random.integers(folds)) % folds
        return found
    _, number, sizes = np.unique(np.asarray(groups, dtype=str), return_inverse=True, return_counts=True)
    load = np.zeros(min(folds, len(sizes)), np.int64)
    order = random.permutation(len(sizes))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        lightest = int(load.argmin())
        found[number == group] = lightest
        load[lightest] += sizes[group]
    return found


def fold_parts(folds: npt.NDArray[np.int64], y: npt.NDArray[np.int64]) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return (places to train on, places to judge) for each fold that leaves at least two classes to train on."""
    parts = []
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if len(np.unique(y[train])) >= 2 and len(test):
            parts.append((train, test))
    return parts


def head_out_of_fold(
    windows: Windows,
    y: npt.NDArray[np.int64],
    classes: int,
    folds: npt.NDArray[np.int64],
    *,
    shape: HeadShape,
    recipe: HeadRecipe,
    groups: Sequence[str] | None,
    validation_fraction: float,
    device: str = "cpu",
) -> npt.NDArray[np.float64]:
    """Return the logits of each text by a head that has not seen its fold, shape (texts, classes); NaN where no head could be trained."""
    found = np.full((windows.texts, classes), np.nan)
    for train, test in fold_parts(folds, y):
        kept = None if groups is None else [groups[place] for place in train]
        trained = train_head(
            windows.of_texts(train),
            y[train],
            classes,
            shape=shape,
            recipe=recipe,
            groups=kept,
            validation_fraction=validation_fraction,
            device=device,
        )
        found[test] = head_logits(trained.head, windows.of_texts(test))
    return found
