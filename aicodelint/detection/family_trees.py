"""The boosted trees that tell the families apart over the cheap features: asked only of texts that the gate lets through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.tree_graph import TreeGraph
from aicodelint.rules import FAMILIES

FAMILY_TREES_FILE = "families.onnx"
FAMILY_EXPERTS = ("wild", "snippet")
"""A block of the graph's columns holds the logits by what was learnt from wild files, one those by what was learnt from snippets."""
CLASSES = len(FAMILIES) + 1
ABSENT = -12.0
"""The logit of a family that an expert has never seen."""


class FamilyTrees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, experts * ``CLASSES``)."""

    def __init__(self, graph: bytes) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, or was made for other features."""
        self._graph = TreeGraph(graph, len(FAMILY_EXPERTS) * CLASSES)

    def logits(self, features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
        """Return the family logits of one text's features, shape (f,), by expert: each of shape (families + 1,), others last."""
        blocks = self._graph.run(features).astype(np.float64).reshape(len(FAMILY_EXPERTS), CLASSES)
        return dict(zip(FAMILY_EXPERTS, blocks, strict=True))
