"""The boosted trees over the cheap features: the gate of stage 1 and a witness of its own. ONNX Runtime, one text at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.errors import BundleError


class Trees:
    """Boosted trees in an ONNX graph that takes ``features`` (1, f) float32 and gives ``logits`` (1, k)."""

    def __init__(self, graph: bytes) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, or was made for other features."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            wanted = self._session.get_inputs()[0].shape[1]
        except Exception as error:
            raise BundleError(f"the trees of the bundle cannot be loaded: {type(error).__name__}") from None
        if wanted != len(FEATURE_NAMES):
            raise BundleError(f"the trees of the bundle read {wanted} features; this version measures {len(FEATURE_NAMES)}")

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the logits, shape (k,), of one text's features, shape (f,). The sum over trees has one order, whatever else is scanned."""
        found: NDArray[np.float32] = self._session.run(None, {"features": features[None]})[0]
        return np.asarray(found[0], dtype=np.float64)
