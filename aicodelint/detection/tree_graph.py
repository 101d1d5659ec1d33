"""An ONNX graph of boosted trees over the cheap features: loaded for one thread, run on one text at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aicodelint.detection.features import FEATURE_NAMES
from aicodelint.detection.finite import require_finite
from aicodelint.errors import BundleError


class TreeGraph:
    """Takes ``features`` (1, f) float32 and gives ``logits`` (1, k)."""

    def __init__(self, graph: bytes, width: int) -> None:
        """Load the graph; raise ``BundleError`` where it is not one, gives other than ``width`` logits, or was made for other features."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            wanted, given = (ends[0].shape[1] for ends in (self._session.get_inputs(), self._session.get_outputs()))
        except Exception as error:  # onnxruntime raises a class for each status code
            raise BundleError(f"the trees of the bundle cannot be loaded: {type(error).__name__}") from None
        if (wanted, given) != (len(FEATURE_NAMES), width):
            raise BundleError(
                f"the trees of the bundle turn {wanted} features into {given} logits; this version measures {len(FEATURE_NAMES)} features "
                f"and reads {width} logits: train it again"
            )

    def run(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, shape (k,), of one text's features, shape (f,). The sum over trees has one order, whatever else is scanned.

        Raise ``BundleError`` where one is not finite.
        """
        found: NDArray[np.float32] = self._session.run(None, {"features": features[None]})[0][0]
        require_finite("the trees", (found,))
        return found
