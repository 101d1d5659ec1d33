"""``create_family_classifier``: the family classifiers of the research system by name; all of them read raw code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.validation import check_is_fitted

from aicodelint.detection.hub_torch import DEFAULT_HUB_ENCODER
from aicodelint.training.classifier import FamilyClassifier
from aicodelint.training.estimator_input import checked_code, checked_labels
from aicodelint.training.labels import is_human
from aicodelint.training.research_features import research_features

NAMES = ("codet5", "random-forest", "ensemble")


def create_family_classifier(name: str, **parameters: Any) -> Any:
    """Return an unfitted classifier of families: ``codet5`` (a head on Salesforce/codet5p-220m unless ``encoder`` says otherwise),
    ``random-forest`` (on the 36 features), or ``ensemble`` (the mean of both). ``parameters`` are those of the classifier, of an ensemble those
    of its ``codet5``; raise ``ValueError`` for another name and for parameters that it does not take.
    """
    if name not in NAMES:
        raise ValueError(f"unknown family classifier {name!r}: choose one of {', '.join(NAMES)}")
    kind = ForestFamilyClassifier if name == "random-forest" else FamilyClassifier
    taken = sorted(kind().get_params())
    if unknown := sorted(set(parameters) - set(taken)):
        raise ValueError(f"the family classifier {name!r} takes no {', '.join(unknown)}; its parameters are {', '.join(taken)}")
    if kind is ForestFamilyClassifier:
        return ForestFamilyClassifier(**parameters)
    codet5 = FamilyClassifier(**{"encoder": DEFAULT_HUB_ENCODER, **parameters})
    return codet5 if name == "codet5" else EnsembleFamilyClassifier([codet5, ForestFamilyClassifier()])


class ForestFamilyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A random forest on the 36 engineered features of a text. Human rows are left out, as everywhere in the family stage."""

    def __init__(
        self, *, n_estimators: int = 300, class_weight: str | None = "balanced_subsample", random_state: int | None = 0, n_jobs: int | None = 1
    ) -> None:
        self.n_estimators = n_estimators
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, code: Sequence[str], y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> ForestFamilyClassifier:
        """Train on texts and their labels; ``groups`` has no bearing on a forest."""
        texts = checked_code(code)
        labels = checked_labels(y, len(texts))
        kept = np.flatnonzero(~is_human(labels))
        if len(np.unique(labels[kept])) < 2:
            raise ValueError("at least two families are needed besides human rows")
        self.forest_ = RandomForestClassifier(
            self.n_estimators, class_weight=self.class_weight, random_state=self.random_state, n_jobs=self.n_jobs, min_samples_leaf=2
        ).fit(research_features([texts[place] for place in kept]), labels[kept])
        self.classes_ = self.forest_.classes_
        return self

    def predict_proba(self, code: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each family of ``classes_`` for each text, shape (n, classes)."""
        check_is_fitted(self, "forest_")
        return np.asarray(self.forest_.predict_proba(research_features(checked_code(code))))

    def predict(self, code: Sequence[str]) -> npt.NDArray[Any]:
        """Return the likeliest family of each text, shape (n,)."""
        likeliest = self.predict_proba(code).argmax(1)
        return np.asarray(self.classes_[likeliest])


class EnsembleFamilyClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The mean of the probabilities of several family classifiers, or with ``weights`` their weighted mean."""

    def __init__(self, members: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        self.members = members
        self.weights = weights

    def fit(self, code: Sequence[str], y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> EnsembleFamilyClassifier:
        """Train a copy of each member on the same texts and labels."""
        self.members_ = [clone(member).fit(code, y, groups) for member in self.members]
        self.classes_ = self.members_[0].classes_
        return self

    def predict_proba(self, code: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the mean probability of each family of ``classes_`` for each text, shape (n, classes)."""
        check_is_fitted(self, "members_")
        return np.asarray(np.average([member.predict_proba(code) for member in self.members_], axis=0, weights=self.weights))

    def predict(self, code: Sequence[str]) -> npt.NDArray[Any]:
        """Return the likeliest family of each text, shape (n,)."""
        likeliest = self.predict_proba(code).argmax(1)
        return np.asarray(self.classes_[likeliest])
