"""Trains the boosted trees over the cheap features: the gate (AI experts for three kinds of code, and the kind) and the families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from aicodelint.detection.family_trees import ABSENT, CLASSES, FAMILY_EXPERTS
from aicodelint.detection.gate import AI_COLUMNS, KIND
from aicodelint.rules import FAMILIES
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
FEWEST_ROWS = 15
"""A family with fewer rows than this is not learnt."""
_COMMON = {
    "min_data_in_leaf": 40,
    "bagging_freq": 1,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "seed": 0,
}
_BINARY = {
    **_COMMON,
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 15,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "lambda_l2": 10.0,
    "max_bin": 63,
}
_KIND = {**_BINARY, "learning_rate": 0.08, "bagging_fraction": 0.6, "lambda_l2": 20.0}
_FAMILY = {
    **_COMMON,
    "objective": "multiclass",
    "learning_rate": 0.08,
    "num_leaves": 8,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.15,
    "bagging_fraction": 0.7,
    "lambda_l2": 10.0,
    "max_bin": 31,
}


@dataclass(frozen=True, slots=True)
class _Ensemble:
    """One call of LightGBM: its targets and weights, the columns of the graph it fills, and how it is trained."""

    name: str
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]
    columns: tuple[int, ...]
    parameters: dict[str, Any]
    rounds: int


def train_gate(rows: pd.DataFrame, features: NDArray[np.float32], work: Path) -> tuple[bytes, NDArray[np.float64]]:
    """Return the gate's ONNX graph trained on all rows, and the out-of-fold logits of every row, shape (n, ``AI_COLUMNS``)."""
    return _train(_ai_ensembles(rows), rows, features, work, len(AI_COLUMNS))


def train_family_trees(rows: pd.DataFrame, features: NDArray[np.float32], work: Path) -> tuple[bytes, NDArray[np.float64]]:
    """Return the families' ONNX graph trained on all AI rows, and the out-of-fold logits of every row, shape (n, experts * ``CLASSES``)."""
    return _train(_family_ensembles(rows), rows, features, work, len(FAMILY_EXPERTS) * CLASSES)


def _train(
    ensembles: list[_Ensemble], rows: pd.DataFrame, features: NDArray[np.float32], work: Path, width: int
) -> tuple[bytes, NDArray[np.float64]]:
    """Train ensembles that fill the columns of one graph. Boosters are kept in ``work``, and those found there are not trained again."""
    work.mkdir(parents=True, exist_ok=True)
    held_out = np.full((len(rows), width), ABSENT)
    split = rows["split"].to_numpy()
    boosters: list[tuple[Any, tuple[int, ...]]] = []
    for ensemble in ensembles:
        fit = _fitter(ensemble, features, work)
        for fold in range(FOLDS):
            mine = np.flatnonzero(split == fold)
            found = fit(training_rows(rows, split, fold), str(fold)).predict(features[mine], raw_score=True, num_threads=1)
            held_out[mine[:, None], list(ensemble.columns)] = found.reshape(len(mine), -1)
        boosters.append((fit(np.ones(len(rows), dtype=np.bool_), "final"), ensemble.columns))
    filled = {column for _, columns in boosters for column in columns}
    return to_onnx(boosters, features.shape[1], [0.0 if column in filled else ABSENT for column in range(width)]), held_out


def family_ids(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return each row's place in ``FAMILIES``; ``len(FAMILIES)`` for every other author."""
    places = {name: number for number, name in enumerate(FAMILIES)}
    return np.array([places.get(str(name), len(FAMILIES)) for name in rows["family"]], dtype=np.int64)


def _ai_ensembles(rows: pd.DataFrame) -> list[_Ensemble]:
    labels = rows["ai"].to_numpy(dtype=np.int64)
    rounds = {"wild": 500, "all": 500, "snippet": 700}
    found = [_Ensemble(name, labels, row_weights(rows, shares), (AI_COLUMNS.index(name),), _BINARY, rounds[name]) for name, shares in EXPERTS.items()]
    wild = (rows["domain"] == "wild").to_numpy(dtype=np.int64)
    return [*found, _Ensemble(KIND, wild, row_weights(rows, KIND_SHARES), (AI_COLUMNS.index(KIND),), _KIND, 120)]


def _family_ensembles(rows: pd.DataFrame) -> list[_Ensemble]:
    """Return one ensemble for the families in the wild and one for those of snippets: their authors and their habits differ."""
    ids, wild, ai = family_ids(rows), (rows["domain"] == "wild").to_numpy(), rows["ai"].to_numpy()
    snippet = rows["domain"].isin(["semeval", "benchmark"]).to_numpy()
    source = rows.groupby(["source", "family"])["ai"].transform("size").to_numpy() ** -0.5
    domain = np.where(rows["domain"] == "benchmark", 0.1, 1.0)
    found = []
    for number, (name, mine) in enumerate(zip(FAMILY_EXPERTS, (ai & wild, ai & snippet), strict=True)):
        sizes = np.bincount(ids[mine], minlength=CLASSES)
        known = [family for family in range(CLASSES) if sizes[family] >= FEWEST_ROWS]
        chosen = mine & np.isin(ids, known)
        weights = np.where(chosen, source * domain / np.sqrt(np.maximum(sizes[ids], 1)), 0.0)
        targets = np.array([known.index(family) if family in known else 0 for family in ids], dtype=np.int64)
        start = number * CLASSES
        columns = tuple(start + family for family in known)
        parameters = {**_FAMILY, "num_class": len(known)}
        found.append(_Ensemble(f"family-{name}", targets, weights / weights[chosen].mean(), columns, parameters, 120))
    return found


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
