"""Writes LightGBM's trees as an ONNX tree ensemble, exactly: the same leaf for every float32 input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def to_onnx(boosters: Sequence[Any], features: int) -> bytes:
    """Return a graph ``features (n, f) -> logits (n, k)`` of k boosters of two classes each: a column holds a booster's raw scores."""
    import onnx
    from onnx import TensorProto, helper

    nodes = _Nodes()
    tree_id = 0
    for column, booster in enumerate(boosters):
        for tree in booster.dump_model()["tree_info"]:
            nodes.add(tree["tree_structure"], tree_id, column)
            tree_id += 1
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["logits"],
        domain="ai.onnx.ml",
        n_targets=len(boosters),
        aggregate_function="SUM",
        **nodes.attributes(),
    )
    graph = helper.make_graph(
        [ensemble],
        "trees",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, len(boosters)])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def float32_floor(threshold: float) -> float:
    """Return the largest float32 that is not above ``threshold``: ``x <= threshold`` then means the same for every float32 ``x``."""
    value = np.float32(threshold)
    return float(value if float(value) <= threshold else np.nextafter(value, np.float32(-np.inf)))


class _Nodes:
    """The flat lists that a tree ensemble is made of in ONNX."""

    def __init__(self) -> None:
        self._node: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}
        self._leaf: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def add(self, root: dict[str, Any], tree_id: int, target: int) -> None:
        """Add one tree of LightGBM's dump; numeric splits alone are known."""
        queue = [root]
        following = 1
        for number, node in enumerate(queue):
            leaf = "leaf_value" in node
            if leaf:
                # A leaf of 0 is an integer in the dump, and weights of that type are none to ONNX.
                of_leaf: tuple[Any, ...] = (tree_id, number, target, float(node["leaf_value"]))
                for key, value in zip(self._leaf, of_leaf, strict=True):
                    self._leaf[key].append(value)
                row = (tree_id, number, 0, 0.0, "LEAF", 0, 0)
            else:
                if node["decision_type"] != "<=":
                    raise ValueError(f"a split of the kind {node['decision_type']!r} has no ONNX form here")
                queue += [node["left_child"], node["right_child"]]
                row = (tree_id, number, node["split_feature"], float32_floor(node["threshold"]), "BRANCH_LEQ", following, following + 1)
                following += 2
            for key, value in zip(self._node, row, strict=True):
                self._node[key].append(value)

    def attributes(self) -> dict[str, list[Any]]:
        """Return the attributes of the ONNX node."""
        return {f"nodes_{key}": values for key, values in self._node.items()} | {f"target_{key}": values for key, values in self._leaf.items()}
