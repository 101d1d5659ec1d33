from __future__ import annotations

import numpy as np
import pytest

from aicodelint.training.calibration import ai_threshold, calibration_error, family_threshold, gate_threshold, threshold_at
from aicodelint.training.evaluation import area, found_at


def test_a_threshold_keeps_false_positives_within_the_rate():
    human = np.round(np.linspace(0, 1, 1001), 4)
    limit = threshold_at(human, 0.01)
    assert (human >= limit).mean() <= 0.01
    assert (human >= limit - 0.002).mean() > 0.01


def test_the_worst_group_decides_the_threshold():
    scores = np.concatenate([np.linspace(0, 0.5, 100), np.linspace(0, 0.9, 100)])
    groups = [np.arange(200) < 100, np.arange(200) >= 100]
    assert ai_threshold(scores, groups) > 0.88


def test_the_gate_lets_the_wanted_share_pass():
    scores = np.linspace(0, 1, 1000)
    everyone = np.ones(1000, dtype=bool)
    assert (scores >= gate_threshold(scores, [everyone])).mean() >= 0.99


def test_named_families_are_right_as_often_as_asked():
    confidence = np.linspace(0.3, 1, 1000)
    right = np.random.default_rng(0).random(1000) < confidence
    limit = family_threshold(confidence, right, 0.8)
    assert right[confidence >= limit].mean() >= 0.8
    assert family_threshold(confidence, np.zeros(1000, dtype=bool), 0.8) == 1.0
    assert family_threshold(confidence, np.ones(1000, dtype=bool), 0.8) == 0.5


def test_calibration_error_of_honest_and_boastful_scores():
    labels = np.arange(1000) % 2 == 0
    assert calibration_error(np.full(1000, 0.5), labels) == pytest.approx(0)
    assert calibration_error(np.full(1000, 0.95), labels) == pytest.approx(0.45)


def test_area_and_share_found():
    assert area(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert area(np.array([1.0]), np.array([1.0])) == 0.5
    assert found_at(np.array([0.5, 2.0]), np.linspace(0, 1, 101)) == 0.5
