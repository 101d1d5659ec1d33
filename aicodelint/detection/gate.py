"""The boosted trees over the cheap features that tell AI from human: the gate of stage 1, and a witness of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.tree_graph import TreeGraph

GATE_FILE = "gate.onnx"
KIND = "kind"
AI_COLUMNS = ("wild", "all", "snippet", KIND)
"""The graph's columns: AI by what was learnt from wild files, everything, snippets; and whether the text is like a wild file."""


class Trees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, k), the columns ``AI_COLUMNS``."""

    def __init__(self, graph: bytes) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, or was made for other features."""
        self._graph = TreeGraph(graph, len(AI_COLUMNS))

    def logits(self, features: NDArray[np.float32]) -> dict[str, float]:
        """Return the logits of one text's features, shape (f,), by column."""
        return dict(zip(AI_COLUMNS, self._graph.run(features).tolist(), strict=True))
