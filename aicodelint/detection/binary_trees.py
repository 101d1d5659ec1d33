"""The gate of a user's own bundle: boosted trees over the cheap features, one logit. ONNX Runtime, one text at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.tree_graph import TreeGraph


class BinaryTrees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, 1): the logit of P(AI)."""

    def __init__(self, graph: bytes) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, or was made for other features."""
        self._graph = TreeGraph(graph, 1)

    def logit(self, features: NDArray[np.float32]) -> float:
        """Return the logit of P(AI) of one text's features, shape (f,)."""
        return float(self._graph.run(features)[0])
