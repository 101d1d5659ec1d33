from __future__ import annotations

import numpy as np
import pytest

from aicodelint.training.trees_onnx import float32_floor, to_onnx

lightgbm = pytest.importorskip("lightgbm")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def trained(objective: dict, targets: np.ndarray, features: np.ndarray):
    data = lightgbm.Dataset(features, targets)
    return lightgbm.train({"verbose": -1, "num_leaves": 6, "num_threads": 1, "min_data_in_leaf": 5, **objective}, data, 15)


def test_the_graph_gives_the_raw_scores_of_every_booster():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 5)).astype(np.float32)
    one = trained({"objective": "binary"}, (features[:, 0] > 0).astype(int), features)
    many = trained({"objective": "multiclass", "num_class": 3}, rng.integers(0, 3, 400), features)
    session = onnxruntime.InferenceSession(to_onnx([(one, (0,)), (many, (2, 3, 4))], 5, [0, -12, 0, 0, 0]))
    found = session.run(None, {"features": features})[0]
    assert found[:, 0] == pytest.approx(one.predict(features, raw_score=True), abs=1e-4)
    assert (found[:, 1] == -12).all()
    assert found[:, 2:] == pytest.approx(many.predict(features, raw_score=True), abs=1e-4)


def test_thresholds_between_two_floats_go_down():
    assert float32_floor(0.1) <= 0.1
    assert float(np.nextafter(np.float32(float32_floor(0.1)), np.float32(1))) > 0.1
    assert float32_floor(0.5) == 0.5
