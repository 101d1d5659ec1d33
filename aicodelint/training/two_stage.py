"""``TwoStageDetector``: a gate that says human or AI, and a family classifier for what is AI; together they predict 0 to 10 from raw code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from aicodelint.training.classifier import checked_code
from aicodelint.training.gate_classifier import Gate
from aicodelint.training.labels import is_human
from aicodelint.training.research_features import text_features

Features = Callable[[Sequence[str]], npt.NDArray[np.float32]]


class TwoStageDetector(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """``gate`` judges the features of a text, ``family`` reads the text itself. ``human`` is the label of what the gate lets go.

    ``features`` turns texts into the table that the gate was trained on. Unfitted parts are fitted by ``fit``; parts that are fitted already
    can be put together and predict at once.
    """

    def __init__(self, gate: Any = None, family: Any = None, *, human: Any = 0, features: Features = text_features) -> None:
        self.gate = gate
        self.family = family
        self.human = human
        self.features = features

    def fit(self, code: Sequence[str], y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> TwoStageDetector:
        """Train copies of both stages on texts and their labels, of which ``human`` (or 0, or ``Human``) means human."""
        texts = checked_code(code)
        labels = np.asarray(y)
        self.gate_ = clone(Gate() if self.gate is None else self.gate)
        self.family_ = clone(self._family())
        self.gate_.fit(self.features(texts), (~self._human_rows(labels)).astype(np.int64), **_groups(groups))
        ai = np.flatnonzero(~self._human_rows(labels))
        kept = None if groups is None else np.asarray(groups, object)[ai].tolist()
        self.family_.fit([texts[place] for place in ai], labels[ai], **_groups(kept))
        self.classes_ = np.concatenate([np.asarray([self.human], labels.dtype), self.family_.classes_])
        return self

    def predict(self, code: Sequence[str]) -> npt.NDArray[Any]:
        """Return ``human`` or the family of each text, shape (n,). Only texts that pass the gate reach the family classifier."""
        gate, family = self._stages()
        texts = checked_code(code)
        passed = np.flatnonzero(gate.predict(self.features(texts)) == 1)
        labels = np.full(len(texts), self.human, dtype=np.result_type(np.asarray([self.human]), family.classes_))
        if len(passed):
            labels[passed] = family.predict([texts[place] for place in passed])
        return labels

    def predict_proba(self, code: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return P(human) and P(AI) times P(family) of each text, shape (n, 1 + families); every text is read by both stages."""
        gate, family = self._stages()
        texts = checked_code(code)
        p_ai = gate.predict_proba(self.features(texts))[:, 1:]
        return np.hstack([1 - p_ai, p_ai * family.predict_proba(texts)])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "gate_") or (hasattr(self.gate, "classes_") and hasattr(self.family, "classes_"))

    def _stages(self) -> tuple[Any, Any]:
        if hasattr(self, "gate_"):
            return self.gate_, self.family_
        if not self.__sklearn_is_fitted__():
            from sklearn.exceptions import NotFittedError

            raise NotFittedError("this TwoStageDetector is not fitted, and neither are both of its stages")
        return self.gate, self.family

    def _family(self) -> Any:
        from aicodelint.training.classifier import FamilyClassifier

        return FamilyClassifier() if self.family is None else self.family

    def _human_rows(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return is_human(labels) | is_human(labels, str(self.human))


def _groups(groups: Sequence[Any] | None) -> dict[str, Any]:
    return {} if groups is None else {"groups": groups}
