"""Trains the gate, boosted trees over the cheap features: AI experts for three kinds of code, and the kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.gate import AI_COLUMNS, KIND
from aicodelint.training.dataset import row_weights
from aicodelint.training.splits import FOLDS, training_rows
from aicodelint.training.trees_onnx import to_onnx

EXPERTS = {
    "wild": {"wild": 1.0, "labelled": 0.5},
    "all": {"wild": 1.0, "labelled": 0.5, "package": 0.3, "semeval": 0.2, "benchmark": 0.25},
    "snippet": {"wild": 0.4, "package": 1.0, "semeval": 1.0, "benchmark": 0.6},
}
"""What each AI expert learns from, and how much each domain counts: the order is that of the graph's columns."""
KIND_SHARES = {"wild": 1.0, "semeval": 0.7, "benchmark": 0.5}
_TREES = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "seed": 0,
}
_KIND_TREES = {**_TREES, "learning_rate": 0.08, "bagging_fraction": 0.6, "lambda_l2": 20.0}


@dataclass(frozen=True, slots=True)
class _Ensemble:
    """One call of LightGBM: the column of the graph it fills, its targets and weights, and how it is trained."""

    name: str
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]
    parameters: dict[str, Any]
    rounds: int


def train_gate(rows: pd.DataFrame, features: NDArray[np.float32], work: Path) -> tuple[bytes, NDArray[np.float64]]:
    """Return the gate's ONNX graph trained on all rows, and the out-of-fold logits of every row, shape (n, ``AI_COLUMNS``).

    Boosters are kept in ``work``, and those found there are not trained again.
    """
    work.mkdir(parents=True, exist_ok=True)
    held_out = np.zeros((len(rows), len(AI_COLUMNS)))
    split = rows["split"].to_numpy()
    boosters = []
    for column, ensemble in enumerate(_ensembles(rows)):
        fit = _fitter(ensemble, features, work)
        for fold in range(FOLDS):
            mine = split == fold
            held_out[mine, column] = fit(training_rows(rows, split, fold), str(fold)).predict(features[mine], raw_score=True, num_threads=1)
        boosters.append(fit(np.ones(len(rows), dtype=np.bool_), "final"))
    return to_onnx(boosters, features.shape[1]), held_out


def _ensembles(rows: pd.DataFrame) -> list[_Ensemble]:
    """Return what fills the columns of the graph, in the order of ``AI_COLUMNS``."""
    labels, wild = rows["ai"].to_numpy(dtype=np.int64), (rows["domain"] == "wild").to_numpy(dtype=np.int64)
    rounds = {"wild": 500, "all": 500, "snippet": 700}
    found = {name: _Ensemble(name, labels, row_weights(rows, shares), _TREES, rounds[name]) for name, shares in EXPERTS.items()}
    found[KIND] = _Ensemble(KIND, wild, row_weights(rows, KIND_SHARES), _KIND_TREES, 120)
    return [found[name] for name in AI_COLUMNS]


def _fitter(ensemble: _Ensemble, features: NDArray[np.float32], work: Path) -> Callable[[NDArray[np.bool_], str], Any]:
    import lightgbm

    def fit(chosen: NDArray[np.bool_], what: str) -> Any:
        kept = work / f"trees-{ensemble.name}-{what}.txt"
        if kept.exists():
            return lightgbm.Booster(model_file=kept)
        chosen = chosen & (ensemble.weights > 0)
        bins = {"max_bin": ensemble.parameters["max_bin"]}
        data = lightgbm.Dataset(features[chosen], ensemble.targets[chosen], weight=ensemble.weights[chosen], params=bins)
        booster = lightgbm.train(ensemble.parameters, data, ensemble.rounds)
        booster.save_model(kept)
        return booster

    return fit
