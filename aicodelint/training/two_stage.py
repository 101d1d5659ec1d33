"""``TwoStageDetector``: a gate that says human or AI, and a family classifier for what is AI; together they predict 0 to 10 from raw code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from aicodelint.rules import HUMAN
from aicodelint.training.estimator_input import checked_code, checked_groups, checked_labels
from aicodelint.training.gate_classifier import Gate
from aicodelint.training.labels import is_human
from aicodelint.training.research_features import text_features

Features = Callable[[Sequence[str]], npt.NDArray[np.float32]]


class TwoStageDetector(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """``gate`` judges the features of a text, ``family`` reads the text itself. What the gate lets go is given the label that human rows had in
    ``fit``; where fitted parts are put together that is ``human``.

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
        labels = checked_labels(y, len(texts))
        grouped = checked_groups(groups, len(texts))
        human = self._human_rows(labels)
        self.gate_ = clone(Gate() if self.gate is None else self.gate)
        self.family_ = clone(self._family())
        self.gate_.fit(self.features(texts), (~human).astype(np.int64), **_groups(grouped))
        ai = np.flatnonzero(~human)
        self.family_.fit([texts[place] for place in ai], labels[ai], **_groups(None if grouped is None else [grouped[place] for place in ai]))
        self.classes_ = np.concatenate([labels[human][:1], self.family_.classes_])
        return self

    def predict(self, code: Sequence[str]) -> npt.NDArray[Any]:
        """Return the human label or the family of each text, shape (n,). Only texts that pass the gate reach the family classifier."""
        gate, family = self._stages()
        texts = checked_code(code)
        passed = np.flatnonzero(gate.predict(self.features(texts)) == 1)
        classes = self.classes_ if hasattr(self, "gate_") else np.concatenate([_like(self.human, family.classes_), family.classes_])
        labels = np.repeat(classes[:1], len(texts))
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


def _like(human: Any, families: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the human label, shape (1,), as ``families`` are labelled: the default, 0, is ``Human`` among names."""
    named = isinstance(families[0], str)
    if named and not isinstance(human, str):
        human = HUMAN if is_human([human])[0] and not all(family.isdecimal() for family in families) else str(human)
    return np.asarray([human], object if families.dtype.kind == "O" else None)


def _groups(groups: Sequence[Any] | None) -> dict[str, Any]:
    return {} if groups is None else {"groups": groups}
