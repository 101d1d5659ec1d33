"""The boosted trees over the cheap features: the gate of stage 1 and a witness of its own. ONNX Runtime, one text at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.errors import BundleError
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
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            wanted, width = (ends[0].shape[1] for ends in (self._session.get_inputs(), self._session.get_outputs()))
        except Exception as error:
            raise BundleError(f"the trees of the bundle cannot be loaded: {type(error).__name__}") from None
        if width != len(AI_COLUMNS) + len(FAMILY_EXPERTS) * CLASSES:
            raise BundleError(f"the trees of the bundle give {width} logits, which is not what this version reads")
        if wanted != len(FEATURE_NAMES):
            raise BundleError(f"the trees of the bundle read {wanted} features; this version measures {len(FEATURE_NAMES)}")

    def logits(self, features: NDArray[np.float32]) -> TreeLogits:
        """Return the logits of one text's features, shape (f,). The sum over trees has one order, whatever else is scanned."""
        found: NDArray[np.float32] = self._session.run(None, {"features": features[None]})[0][0]
        ai = {name: float(logit) for name, logit in zip(AI_COLUMNS, found, strict=False)}
        blocks = found[len(AI_COLUMNS) :].astype(np.float64).reshape(len(FAMILY_EXPERTS), CLASSES)
        return TreeLogits(ai, dict(zip(FAMILY_EXPERTS, blocks, strict=True)))
