"""The boosted trees over the cheap features: the gate of stage 1 and a witness of its own. ONNX Runtime, one text at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.tree_graph import TreeGraph
from aicodelint.rules import FAMILIES

KIND = "kind"
AI_COLUMNS = ("wild", "all", "snippet", KIND)
"""The graph's first columns: AI by what was learnt from wild files, everything, snippets; and whether the text is like a wild file."""
FAMILY_EXPERTS = ("wild", "snippet")
"""Then a block of family logits by what was learnt from wild files, and one from snippets."""
CLASSES = len(FAMILIES) + 1
ABSENT = -12.0
"""The logit of a family that an expert has never seen."""


@dataclass(frozen=True, slots=True)
class TreeLogits:
    """What the trees say of one text: AI logits by column name, family logits by expert, each of shape (families + 1,), others last."""

    ai: dict[str, float]
    families: dict[str, NDArray[np.float64]]


class Trees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, k).

    The columns are ``AI_COLUMNS``, then a block of families an expert.
    """

    def __init__(self, graph: bytes) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, or was made for other features."""
        self._graph = TreeGraph(graph, len(AI_COLUMNS) + len(FAMILY_EXPERTS) * CLASSES)

    def logits(self, features: NDArray[np.float32]) -> TreeLogits:
        """Return the logits of one text's features, shape (f,)."""
        found = self._graph.run(features)
        ai = {name: float(logit) for name, logit in zip(AI_COLUMNS, found, strict=False)}
        blocks = found[len(AI_COLUMNS) :].astype(np.float64).reshape(len(FAMILY_EXPERTS), CLASSES)
        return TreeLogits(ai, dict(zip(FAMILY_EXPERTS, blocks, strict=True)))
