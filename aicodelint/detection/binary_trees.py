"""The gate of a user's own bundle: boosted trees over the cheap features, one logit. ONNX Runtime, one text at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.errors import BundleError


class BinaryTrees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, 1): the logit of P(AI)."""

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
        except Exception as error:  # onnxruntime raises a class for each status code
            raise BundleError(f"the trees of the bundle cannot be loaded: {type(error).__name__}") from None
        if (wanted, width) != (len(FEATURE_NAMES), 1):
            raise BundleError(
                f"the trees of the bundle turn {wanted} features into {width} logits; this version measures {len(FEATURE_NAMES)}: train it again"
            )

    def logit(self, features: NDArray[np.float32]) -> float:
        """Return the logit of P(AI) of one text's features, shape (f,)."""
        return float(self._session.run(None, {"features": features[None]})[0][0, 0])
