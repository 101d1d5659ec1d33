from __future__ import annotations

import numpy as np
import pytest

from aicodelint.training.trees_onnx import float32_floor, to_onnx

lightgbm = pytest.importorskip("lightgbm")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def trained(features: np.ndarray, column: int, **parameters: float):
    data = lightgbm.Dataset(features, (features[:, column] > 0).astype(int))
    chosen = {"objective": "binary", "verbose": -1, "num_leaves": 6, "num_threads": 1, "min_data_in_leaf": 5, **parameters}
    return lightgbm.train(chosen, data, 15)


def test_the_graph_gives_the_raw_scores_of_every_booster():
    features = np.random.default_rng(1).normal(size=(400, 5)).astype(np.float32)
    boosters = [trained(features, 0), trained(features, 3, num_leaves=3)]
    session = onnxruntime.InferenceSession(to_onnx(boosters, 5))
    found = session.run(None, {"features": features})[0]
    assert found.shape == (400, 2)
    for column, booster in enumerate(boosters):
        assert found[:, column] == pytest.approx(booster.predict(features, raw_score=True), abs=1e-4)


def test_a_booster_that_had_too_few_rows_to_split_gives_its_constant():
    data = lightgbm.Dataset(np.zeros((4, 5)), np.array([0, 0, 1, 1]))
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, data, 5)  # of both classes alike: its leaf is the integer 0
    session = onnxruntime.InferenceSession(to_onnx([booster], 5))
    assert session.run(None, {"features": np.zeros((2, 5), np.float32)})[0].tolist() == [[0.0], [0.0]]


def test_thresholds_between_two_floats_go_down():
    assert float32_floor(0.1) <= 0.1
    assert float(np.nextafter(np.float32(float32_floor(0.1)), np.float32(1))) > 0.1
    assert float32_floor(0.5) == 0.5
