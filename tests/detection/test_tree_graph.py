from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from aicodelint.detection.features import FEATURE_NAMES  # noqa: E402
from aicodelint.detection.tree_graph import TreeGraph  # noqa: E402
from aicodelint.errors import BundleError  # noqa: E402


def _graph(leaf: float) -> bytes:
    """A graph of the shape that trees have, which gives ``leaf`` for any text."""
    features = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, [1, len(FEATURE_NAMES)])
    logits = onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 1])
    weight = onnx.numpy_helper.from_array(np.zeros((len(FEATURE_NAMES), 1), np.float32), "weight")
    bias = onnx.numpy_helper.from_array(np.full(1, leaf, np.float32), "bias")
    node = onnx.helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"])
    graph = onnx.helper.make_graph([node], "trees", [features], [logits], [weight, bias])
    return bytes(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def test_leaves_that_are_not_finite_are_refused_when_a_text_meets_them() -> None:
    features = np.zeros(len(FEATURE_NAMES), np.float32)
    assert TreeGraph(_graph(0.5), 1).run(features).tolist() == [0.5]
    for leaf in (np.nan, np.inf):
        with pytest.raises(BundleError, match="numbers in the trees that are not finite"):
            TreeGraph(_graph(leaf), 1).run(features)
