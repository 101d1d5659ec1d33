"""What stands out against human code is told of the stacked bundles alone; tests/cli/test_explain.py has what is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from aicodelint.detection.bundle import Bundle, default_path
from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.features_that_stand_out import standing_out
from aicodelint.finding import Snippet

CODE = "def plain(value):\n    return value * 2\n" * 20


def test_the_trees_of_a_users_bundle_give_one_logit_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["features", "weights"], ["logits"])],
        "one logit",
        [onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, [1, len(FEATURE_NAMES)])],
        [onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 1])],
        [onnx.numpy_helper.from_array(np.ones((len(FEATURE_NAMES), 1), np.float32), "weights")],
    )
    data = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    manifest = {
        "format_version": 1,
        "kind": "head",
        "name": "mine",
        "labels": ["Human", "A"],
        "thresholds": {"ai": 0.9, "human": 0.5, "family": 0.4, "gate": 0.1},
        "window_tokens": 512,
        "minimum_tokens": 8,
        "files": {"gate.onnx": {"sha256": hashlib.sha256(data).hexdigest()}},
    }
    (tmp_path / "gate.onnx").write_bytes(data)
    (tmp_path / "bundle.json").write_text(json.dumps(manifest))
    assert standing_out(Bundle.open(tmp_path), Snippet(CODE, "Python")) is None


def test_the_trees_of_the_default_bundle_are_asked() -> None:
    assert standing_out(Bundle.open(default_path()), Snippet(CODE, "Python")) is not None
