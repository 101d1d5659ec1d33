from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
torch = pytest.importorskip("torch")

from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import cross_val_score  # noqa: E402

from aicodelint import FamilyClassifier  # noqa: E402
from aicodelint.training.factory import EnsembleFamilyClassifier, ForestFamilyClassifier, create_family_classifier  # noqa: E402
from aicodelint.training.gate_classifier import Gate  # noqa: E402
from aicodelint.training.research_features import RESEARCH_FEATURES, research_features, text_features  # noqa: E402
from aicodelint.training.two_stage import TwoStageDetector  # noqa: E402

IDS = {"Human": 0, "alpha": 2, "beta": 9}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def code(three_authors: list[tuple[str, str]]) -> list[str]:
    return [text for text, _ in three_authors]


@pytest.fixture
def ids(three_authors: list[tuple[str, str]]) -> np.ndarray:
    return np.array([IDS[label] for _, label in three_authors])


def _family(encoder: Path) -> FamilyClassifier:
    return FamilyClassifier(encoder, cache_dir=False, learning_rate=3e-3, max_epochs=15)


def test_there_are_36_features() -> None:
    assert len(set(RESEARCH_FEATURES)) == 36
    assert research_features(["x = 1\n", "y\n"]).shape == (2, 36)


def test_the_gate_learns_and_lets_the_asked_share_of_ai_rows_pass(code: list[str], ids: np.ndarray) -> None:
    gate = Gate(recall=0.95, max_iter=30).fit(text_features(code), ids)
    assert gate.classes_.tolist() == [0, 1]
    assert gate.predict(text_features(code))[ids > 0].mean() >= 0.95
    assert gate.score(text_features(code), ids) > 0.95
    np.testing.assert_allclose(gate.predict_proba(text_features(code[:5])).sum(1), 1)


def test_the_gate_takes_groups_and_clones(code: list[str], ids: np.ndarray) -> None:
    gate = clone(Gate(max_iter=10)).fit(text_features(code), ids, groups=np.arange(300) // 30)
    assert 0 <= gate.threshold_ <= 1


def test_the_gate_refuses_code_and_a_single_kind(code: list[str], ids: np.ndarray) -> None:
    with pytest.raises(ValueError, match="reads features, a table of numbers, not code"):
        Gate().fit(code, ids)
    with pytest.raises(ValueError, match="there are 4 rows of features and 3 groups"):
        Gate().fit(np.zeros((4, 3)), [0, 1, 0, 1], groups=[1, 2, 3])
    with pytest.raises(ValueError, match="row 3 is missing"):
        Gate().fit(np.zeros((4, 3)), [0, 1, 0, np.nan])
    with pytest.raises(ValueError, match="all of one kind"):
        Gate().fit(np.zeros((4, 3)), [1, 2, 3, 4])


def test_two_stages_predict_ids_from_raw_code(tiny_encoder: Path, code: list[str], ids: np.ndarray) -> None:
    detector = TwoStageDetector(Gate(max_iter=30), _family(tiny_encoder)).fit(code[:240], ids[:240])
    assert detector.classes_.tolist() == [0, 2, 9]
    assert (detector.predict(code[240:]) == ids[240:]).mean() > 0.9
    probabilities = detector.predict_proba(code[240:])
    assert probabilities.shape == (60, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1)


def test_two_stages_with_names(tiny_encoder: Path, three_authors: list[tuple[str, str]], code: list[str]) -> None:
    labels = [label for _, label in three_authors]
    detector = TwoStageDetector(Gate(max_iter=30), ForestFamilyClassifier(n_estimators=20), human="Human").fit(code, labels)
    assert set(detector.predict(code)) == {"Human", "alpha", "beta"}


@pytest.mark.parametrize("kind", [object, str])
def test_human_is_predicted_as_the_rows_call_it(three_authors: list[tuple[str, str]], code: list[str], kind: type) -> None:
    labels = np.array([label for _, label in three_authors], kind)
    detector = TwoStageDetector(Gate(max_iter=30), ForestFamilyClassifier(n_estimators=20))
    assert set(detector.fit(code, labels).predict(code)) == {"Human", "alpha", "beta"} == set(detector.classes_)
    assert cross_val_score(detector, code, labels, cv=2).min() > 0.9


def test_fitted_stages_name_human_as_the_families_are_named(three_authors: list[tuple[str, str]], code: list[str]) -> None:
    labels = [label for _, label in three_authors]
    gate = Gate(max_iter=30).fit(text_features(code), labels)
    detector = TwoStageDetector(gate, ForestFamilyClassifier(n_estimators=20).fit(code, labels))
    assert set(detector.predict(code)) == {"Human", "alpha", "beta"}


def test_fitted_stages_can_be_put_together(tiny_encoder: Path, code: list[str], ids: np.ndarray) -> None:
    gate = Gate(max_iter=30).fit(text_features(code), ids)
    family = ForestFamilyClassifier(n_estimators=20).fit(code, ids)
    assert (TwoStageDetector(gate, family).predict(code) == ids).mean() > 0.9


def test_unfitted_stages_say_so(tiny_encoder: Path, code: list[str]) -> None:
    with pytest.raises(NotFittedError):
        TwoStageDetector(Gate(), _family(tiny_encoder)).predict(code)


def test_the_factory(tiny_encoder: Path, code: list[str], ids: np.ndarray) -> None:
    codet5 = create_family_classifier("codet5", batch_size=16, max_epochs=10, learning_rate=2e-4)
    assert isinstance(codet5, FamilyClassifier)
    assert (codet5.encoder, codet5.batch_size, codet5.max_epochs) == ("Salesforce/codet5p-220m", 16, 10)
    assert isinstance(create_family_classifier("random-forest"), ForestFamilyClassifier)
    with pytest.raises(ValueError, match="unknown family classifier 'svm': choose one of codet5, random-forest, ensemble"):
        create_family_classifier("svm")
    for name in ("ensemble", "codet5"):
        with pytest.raises(ValueError, match=f"{name}' takes no n_estimators; its parameters are batch_size, "):
            create_family_classifier(name, n_estimators=5)
    with pytest.raises(ValueError, match="takes no max_epochs; its parameters are class_weight, n_estimators"):
        create_family_classifier("random-forest", n_estimators=5, max_epochs=3)
    ensemble = create_family_classifier("ensemble", encoder=tiny_encoder, cache_dir=False, learning_rate=3e-3)
    assert isinstance(ensemble, EnsembleFamilyClassifier)
    fitted = clone(ensemble).fit(code, ids)
    assert fitted.classes_.tolist() == [2, 9]
    members = [member.predict_proba(code[:9]) for member in fitted.members_]
    np.testing.assert_allclose(fitted.predict_proba(code[:9]), np.mean(members, axis=0))
    assert fitted.score([code[1]], [2]) in {0.0, 1.0}
