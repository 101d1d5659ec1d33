"""``Gate``: whether a text is AI-generated, from cheap features of it, with the habits of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.utils.validation import check_is_fitted

from aicodelint.training.estimator_input import checked_groups, checked_labels
from aicodelint.training.labels import is_human
from aicodelint.training.trees_onnx import to_onnx

FOLDS = 5


class Gate(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosted trees on the features of a text: 0 = human, 1 = AI.

    The threshold is set out of fold, so that ``recall`` of the AI texts pass; the gate lets go what it is sure of and leaves the rest to the family
    head. Labels may be ids 0 to 10, family names, or 0 and 1: what is not human is AI.
    """

    def __init__(
        self,
        *,
        recall: float = 0.99,
        max_iter: int = 200,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 31,
        class_weight: str | None = "balanced",
        random_state: int | None = 0,
    ) -> None:
        self.recall = recall
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, features: npt.ArrayLike, y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> Gate:
        """Train on features of shape (n, features) and labels; ``groups`` are kept whole when the threshold is set."""
        table = _checked(features)
        labels = checked_labels(y, len(table), "rows of features")
        grouped = checked_groups(groups, len(table), "rows of features")
        target = (~is_human(labels)).astype(np.int64)
        if len(np.unique(target)) < 2:
            raise ValueError("a gate needs human rows and AI rows; these are all of one kind")
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = table.shape[1]
        self.threshold_ = self._threshold(table, target, grouped)
        self.trees_ = self._trees().fit(table, target)
        return self

    def predict_proba(self, features: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return P(human), P(AI) of each row, shape (n, 2)."""
        check_is_fitted(self, "trees_")
        return np.asarray(self.trees_.predict_proba(_checked(features), validate_features=False))

    def predict(self, features: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return 1 for each row that passes the gate, 0 for each that it lets go as human, shape (n,)."""
        return (self.predict_proba(features)[:, 1] >= self.threshold_).astype(np.int64)

    def score(self, features: npt.ArrayLike, y: Sequence[Any] | npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None) -> float:
        """Return the accuracy against labels of any of the kinds that ``fit`` takes."""
        return float(super().score(features, (~is_human(np.asarray(y))).astype(np.int64), sample_weight))

    def to_onnx(self) -> bytes:
        """Return the trees as the graph that a bundle holds: features (n, f) -> logits (n, 1)."""
        check_is_fitted(self, "trees_")
        return to_onnx([self.trees_.booster_], self.n_features_in_)

    def decision_function(self, features: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the logit of P(AI) of each row, shape (n,)."""
        check_is_fitted(self, "trees_")
        return np.asarray(self.trees_.booster_.predict(_checked(features), raw_score=True))

    def _trees(self) -> LGBMClassifier:
        return LGBMClassifier(
            n_estimators=self.max_iter,
            learning_rate=self.learning_rate,
            num_leaves=self.max_leaf_nodes,
            class_weight=self.class_weight,
            random_state=self.random_state,
            n_jobs=1,
            deterministic=True,
            force_col_wise=True,
            verbose=-1,
        )

    def _threshold(self, table: npt.NDArray[np.float32], target: npt.NDArray[np.int64], groups: Sequence[Any] | None) -> float:
        """Return the highest probability that lets ``recall`` of the AI rows pass when each is judged by trees that have not seen it."""
        folds = min(FOLDS, int(np.bincount(target).min()), len(set(groups)) if groups is not None else FOLDS)
        if folds < 2:
            return 0.5
        splitter = GroupKFold(folds) if groups is not None else StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        try:
            passed = cross_val_predict(self._trees(), table, target, groups=groups, cv=splitter, method="predict_proba")[:, 1]
        except ValueError:  # a fold of whole groups may hold all rows of one kind
            return 0.5
        return float(np.quantile(passed[target == 1], 1 - self.recall))


def _checked(features: npt.ArrayLike) -> npt.NDArray[np.float32]:
    try:
        table = np.asarray(features, np.float32)
    except (TypeError, ValueError):
        raise ValueError("the gate reads features, a table of numbers, not code: see aicodelint.training.research_features") from None
    if table.ndim != 2 or not len(table):
        raise ValueError(f"features must be a table of at least one row, not of shape {table.shape}")
    return table
